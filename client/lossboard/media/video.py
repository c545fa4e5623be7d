"""Moving pictures."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from lossboard.media.base import (
    Media,
    MediaHome,
    as_array,
    as_path,
    forgiving,
    optional_module,
    store,
)

__all__ = ["Video"]

FORMATS = ("gif", "mp4", "webm", "ogg")


class Video(Media):
    """One video.

    `data_or_path` is the path of a gif, mp4, webm or ogg file, a BytesIO with one (name its
    `format`), or frames of shape (time, channels, height, width) or (batch, time, channels,
    height, width), values 0..255, `fps` frames per second; a batch is laid out as a grid. Frames
    become a gif with Pillow, the other formats need moviepy. Raises ValueError for others.
    """

    kind: ClassVar[str] = "video-file"
    batch_kind: ClassVar[str] = "videos"

    @forgiving
    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: int | None = None,
        format: str | None = None,
    ) -> None:
        self._caption = caption
        self._size: dict[str, int] = {}
        path = as_path(data_or_path)
        self._format = _checked_format(
            format or (path.suffix.lstrip(".").lower() if path else None) or "gif"
        )
        self._content = self._read(data_or_path, path, fps or 4)

    def _read(self, data: Any, path: Path | None, fps: int) -> bytes:
        if path is not None:
            return path.read_bytes()
        if isinstance(data, io.BytesIO):
            return data.getvalue()
        frames = _frames(as_array(data))  # (time, height, width, channels)
        self._size = {"width": frames.shape[2], "height": frames.shape[1]}
        return _gif(frames, fps) if self._format == "gif" else _film(frames, fps, self._format)

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="videos",
            key=key,
            step=step,
            suffix=f".{self._format}",
            mime_type="image/gif" if self._format == "gif" else f"video/{self._format}",
        )
        return self._described({**stored, **self._size})

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """W&B's `videos`."""
        each = [item.bind(home, key, step) for item in items]
        value: dict[str, Any] = {"_type": cls.batch_kind, "count": len(each), "videos": each}
        if any("caption" in one for one in each):
            value["captions"] = [one.get("caption", "") for one in each]
        return value


def _checked_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"Video takes the formats {', '.join(FORMATS)}, not {name!r}")
    return name


def _frames(data: Any) -> Any:
    """uint8 frames (time, height, width, channels) of one video or of a batch in a grid."""
    if data.ndim == 5:
        data = _grid(data)
    if data.ndim != 4 or data.shape[1] not in (1, 3, 4):
        raise ValueError(
            "Video takes frames of shape (time, channels, height, width) or (batch, time,"
            f" channels, height, width) with 1, 3 or 4 channels, not {data.shape}"
        )
    frames = np.moveaxis(data, 1, -1)
    if np.issubdtype(frames.dtype, np.floating):
        scale = 255 if frames.size and frames.min() >= 0 and frames.max() <= 1 else 1
        frames = np.clip(np.nan_to_num(frames) * scale, 0, 255)
    frames = frames.astype(np.uint8)
    return np.repeat(frames, 3, axis=-1) if frames.shape[-1] == 1 else frames


def _grid(batch: Any) -> Any:
    """(time, channels, rows * height, columns * width) of (batch, time, channels, h, w)."""
    count, time, channels, height, width = batch.shape
    columns = int(np.ceil(np.sqrt(count)))
    rows = -(-count // columns)
    empty = np.zeros((rows * columns - count, time, channels, height, width), batch.dtype)
    cells = np.concatenate([batch, empty]).reshape(rows, columns, time, channels, height, width)
    return cells.transpose(2, 3, 0, 4, 1, 5).reshape(time, channels, rows * height, columns * width)


def _gif(frames: Any, fps: int) -> bytes:
    pil = optional_module("PIL.Image", package="pillow", purpose="Video from frames")
    images = [pil.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=images[1:],
        duration=round(1000 / fps),
        loop=0,
    )
    return buffer.getvalue()


def _film(frames: Any, fps: int, format: str) -> bytes:
    moviepy = optional_module(
        "moviepy", package="moviepy", purpose=f"Video from frames as {format} (gif needs it not)"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video.{format}"
        clip = moviepy.ImageSequenceClip(list(frames), fps=fps)
        clip.write_videofile(str(path), logger=None)
        return path.read_bytes()
