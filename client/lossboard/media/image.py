"""Images with captions, masks and boxes."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
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
from lossboard.media.classes import Classes
from lossboard.media.pixels import grid, is_gray16, to_bytes

__all__ = ["Image"]

FILE_TYPES = ("png", "jpg", "jpeg", "bmp", "gif", "webp", "tiff")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_MIME = {"jpg": "image/jpeg", "jpeg": "image/jpeg"}


class Image(Media):
    """One image.

    `data_or_path` is a path, a PIL image, a matplotlib figure, another Image, a numpy array of
    shape (height, width) or (height, width, channels), or a torch tensor of shape (height, width)
    or (channels, height, width), with 1, 3 or 4 channels; a batch of such, in a first axis, makes
    a grid. Floats about within 0..1 (or −1..1) are scaled to 0..255, values within 0..255 are
    bytes, others are scaled by their least and greatest; 16-bit gray stays so in a PNG.
    `normalize=False` casts to bytes in any case.

    `masks` is {name: {"mask_data": (height, width) of 0..255 or "path": ..., "class_labels":
    {int: str}}}, `boxes` {name: {"box_data": [{"position": ..., "class_id": ...}, ...],
    "class_labels": ...}}. Raises ValueError for other shapes and file types.
    """

    kind: ClassVar[str] = "image-file"
    batch_kind: ClassVar[str] = "images/separated"

    @forgiving
    def __init__(
        self,
        data_or_path: Any,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Any = None,
        boxes: Mapping[str, Any] | None = None,
        masks: Mapping[str, Any] | None = None,
        file_type: str | None = None,
        normalize: bool = True,
    ) -> None:
        self._caption = None if caption is None else str(caption)
        self._grouping = grouping
        self._labels = _class_labels(classes)
        self._boxes = dict(boxes or {})
        self._masks = dict(masks or {})
        self.format = _file_type(file_type)
        self.width = self.height = 0  # pixels
        self._content = self._read(data_or_path, mode, file_type, normalize)

    def _read(self, data: Any, mode: str | None, file_type: str | None, normalize: bool) -> bytes:
        if isinstance(data, Image):
            self.format, self.width, self.height = data.format, data.width, data.height
            return data._content
        path = as_path(data)
        if path is not None:
            return self._read_file(path, file_type)
        return self._encode(_to_pil(data, mode, normalize))

    def _read_file(self, path: Path, file_type: str | None) -> bytes:
        self.format = _file_type(file_type or path.suffix.lstrip(".").lower() or None)
        pil = optional_module("PIL.Image", package="pillow", purpose="Image")
        with pil.open(path) as image:
            self.width, self.height = image.size
        return path.read_bytes()

    def _encode(self, image: Any) -> bytes:
        self.width, self.height = image.size
        image = _storable(image, self.format)
        buffer = io.BytesIO()
        image.save(buffer, format="JPEG" if self.format == "jpg" else self.format.upper())
        return buffer.getvalue()

    @property
    def image(self) -> Any:
        """The PIL image."""
        pil = optional_module("PIL.Image", package="pillow", purpose="Image")
        return pil.open(io.BytesIO(self._content))

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="images",
            key=key,
            step=step,
            suffix=f".{self.format}",
            mime_type=_MIME.get(self.format, f"image/{self.format}"),
        )
        size = {"format": self.format, "width": self.width, "height": self.height}
        value = self._described({**stored, **size})
        if self._grouping is not None:
            value["grouping"] = self._grouping
        if self._masks:
            value["masks"] = _store_each(self._masks, _store_mask, home, key, step)
        if self._boxes:
            value["boxes"] = _store_each(self._boxes, _store_boxes, home, key, step)
        self._put_labels(home, key)
        return value

    def _put_labels(self, home: MediaHome, key: str) -> None:
        for section, layers in (("mask", self._masks), ("bounding_box", self._boxes)):
            for name, layer in layers.items():
                labels = _class_labels(layer.get("class_labels")) or self._labels
                if labels:
                    kind, entry = f"{section}/class_labels", f"{key}_wandb_delimeter_{name}"
                    home.put_config((kind, entry), {"type": kind, "key": entry, "value": labels})

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """W&B's `images/separated`; every image is kept."""
        each = [item.bind(home, key, step) for item in items]
        value: dict[str, Any] = {
            "_type": cls.batch_kind,
            "width": each[0]["width"],
            "height": each[0]["height"],
            "format": each[0]["format"],
            "count": len(each),
            "filenames": [one["path"] for one in each],
        }
        for field, name in (
            ("caption", "captions"),
            ("masks", "all_masks"),
            ("boxes", "all_boxes"),
        ):
            if any(field in one for one in each):
                value[name] = [one.get(field, "" if field == "caption" else None) for one in each]
        return value


def _file_type(name: str | None) -> str:
    name = name or "png"
    if name not in FILE_TYPES:
        raise ValueError(f"Image can't be stored as {name!r}; use one of {', '.join(FILE_TYPES)}")
    return name


def _class_labels(classes: Any) -> dict[str, str]:
    """Labels by class id (as text), from a mapping or W&B's list of {"id", "name"}."""
    if not classes:
        return {}
    if isinstance(classes, Mapping):
        return {str(key): str(name) for key, name in classes.items()}
    entries = classes.to_json()["class_set"] if isinstance(classes, Classes) else classes
    return {str(entry["id"]): str(entry["name"]) for entry in entries}


def _storable(image: Any, file_type: str) -> Any:
    """The image in a mode that files of this type have."""
    if image.mode == "I;16" and file_type == "png":
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        pil = optional_module("PIL.Image", package="pillow", purpose="Image")
        image = pil.fromarray(to_bytes(np.asarray(image)))
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.mode in ("PA", "La", "RGBa") else "RGB")
    if file_type in ("jpg", "jpeg") and image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return image


def _to_pil(data: Any, mode: str | None, normalize: bool) -> Any:
    pil = optional_module("PIL.Image", package="pillow", purpose="Image")
    if isinstance(data, pil.Image):
        return data if mode is None else data.convert(mode)
    if hasattr(data, "savefig") or hasattr(data, "gcf"):
        return _figure_to_pil(data, pil)
    pixels = _channels_last(data)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if not is_gray16(pixels):
        pixels = to_bytes(pixels, normalize=normalize)
    image = pil.fromarray(np.ascontiguousarray(pixels))
    return image if mode is None else image.convert(mode)


def _figure_to_pil(data: Any, pil: Any) -> Any:
    figure = data.gcf() if hasattr(data, "gcf") else data
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    return pil.open(buffer)


def _channels_last(data: Any) -> Any:
    """(height, width) or (height, width, channels) of an array or of a channels-first tensor; a
    batch as a grid."""
    is_tensor = hasattr(data, "detach")
    pixels = as_array(data)
    while pixels.ndim > 3 and pixels.shape[0] == 1:
        pixels = pixels[0]
    if pixels.ndim in (3, 4) and is_tensor:
        pixels = np.moveaxis(pixels, -3, -1)
    if pixels.ndim not in (2, 3, 4) or (pixels.ndim > 2 and pixels.shape[-1] not in _MODES):
        raise ValueError(
            f"Image takes shapes (height, width) and (height, width, 1, 3 or 4), for tensors"
            f" (1, 3 or 4, height, width), and batches of them; got {tuple(as_array(data).shape)}"
        )
    return grid(pixels) if pixels.ndim == 4 else pixels


def _store_each(
    layers: Mapping[str, Any], store_one: Any, home: MediaHome, key: str, step: int | str
) -> dict[str, Any]:
    return {name: store_one(layer, home, key, step) for name, layer in layers.items()}


def _store_mask(
    layer: Mapping[str, Any], home: MediaHome, key: str, step: int | str
) -> dict[str, Any]:
    if "path" in layer:
        content = Path(layer["path"]).read_bytes()
    else:
        content = _encode_mask(as_array(layer["mask_data"]))
    stored = store(
        home,
        content,
        folder="images/mask",
        key=key,
        step=step,
        suffix=".mask.png",
        mime_type="image/png",
    )
    return {"_type": "mask", **stored}


def _encode_mask(classes: Any) -> bytes:
    if classes.ndim != 2 or (classes.size and (classes.min() < 0 or classes.max() > 255)):
        raise ValueError(
            f"mask_data must have shape (height, width) and class ids from 0 to 255;"
            f" got shape {classes.shape}, ids {classes.min()} to {classes.max()}"
        )
    pil = optional_module("PIL.Image", package="pillow", purpose="Image masks")
    buffer = io.BytesIO()
    pil.fromarray(classes.astype(np.uint8), mode=None).save(buffer, format="PNG")
    return buffer.getvalue()


def _store_boxes(
    layer: Mapping[str, Any], home: MediaHome, key: str, step: int | str
) -> dict[str, Any]:
    boxes = {
        "box_data": [_checked_box(box) for box in layer["box_data"]],
        "class_labels": _class_labels(layer.get("class_labels")),
    }
    stored = store(
        home,
        json.dumps(boxes).encode(),
        folder="metadata/boxes2D",
        key=key,
        step=step,
        suffix=".boxes2D.json",
        mime_type="application/json",
    )
    return {"_type": "boxes2D", **stored}


def _checked_box(box: Mapping[str, Any]) -> dict[str, Any]:
    position = box.get("position", {})
    corners, centre = {"minX", "maxX", "minY", "maxY"}, {"middle", "width", "height"}
    if not (corners <= set(position) or centre <= set(position)):
        raise ValueError(
            f"a box needs a position with minX, maxX, minY, maxY or with middle, width, height;"
            f" got {position!r}"
        )
    return json.loads(json.dumps(dict(box), default=float))  # type: ignore[no-any-return]
