"""Sound."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from lossboard.media.base import Media, MediaHome, as_array, as_path, forgiving, store

__all__ = ["Audio"]

_MIME = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac"}


_USUAL_CHANNELS = 8  # up to this the second of two axes is taken for the channels
_MOST_CHANNELS = 64


class Audio(Media):
    """One sound.

    `data_or_path` is the path of a sound file, or samples of shape (n,), (n, channels) or, where
    that is plainly meant, (channels, n): floats within −1..1, or integers of 8, 16 or 32 bits,
    which need `sample_rate` (samples per second) and are stored as 16-bit WAV. Raises ValueError
    for samples without a rate and for other shapes.
    """

    kind: ClassVar[str] = "audio-file"
    batch_kind: ClassVar[str] = "audio"

    @forgiving
    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        self._caption = caption
        self._sample_rate = sample_rate
        self._duration_secs: float | None = None
        path = as_path(data_or_path)
        self._suffix = ".wav" if path is None else path.suffix.lower()
        self._content = self._encode(data_or_path) if path is None else path.read_bytes()

    def _encode(self, data: Any) -> bytes:
        if self._sample_rate is None:
            raise ValueError("Audio from samples needs sample_rate=, the samples per second")
        samples = _frames_first(as_array(data))
        self._duration_secs = len(samples) / self._sample_rate
        return _wav_bytes(samples, int(self._sample_rate))

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="audio",
            key=key,
            step=step,
            suffix=self._suffix,
            mime_type=_MIME.get(self._suffix, "application/octet-stream"),
        )
        return self._described(stored)

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """W&B's `audio`: the JSON of each with rates and durations beside it."""
        sounds = [item for item in items if isinstance(item, Audio)]
        value: dict[str, Any] = {
            "_type": cls.batch_kind,
            "count": len(sounds),
            "audio": [sound.bind(home, key, step) for sound in sounds],
            "sampleRates": [sound._sample_rate for sound in sounds],
            "durations": [sound._duration_secs for sound in sounds],
        }
        if any(sound._caption is not None for sound in sounds):
            value["captions"] = [sound._caption or "" for sound in sounds]
        return value


def _frames_first(samples: Any) -> Any:
    """Samples of shape (n,) or (n, channels)."""
    given = samples.shape
    if samples.ndim == 2 and given[1] > _USUAL_CHANNELS and given[0] < given[1]:
        samples = samples.T  # as torchaudio and librosa have them
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] > _MOST_CHANNELS):
        raise ValueError(
            "Audio takes samples of shape (n,), (n, channels) or (channels, n), with at most"
            f" {_MOST_CHANNELS} channels, not {given}"
        )
    return samples


def _sixteen_bits(samples: Any) -> Any:
    """The samples as 16-bit integers; those of other integers by what they range over."""
    if np.issubdtype(samples.dtype, np.floating):
        return (np.clip(np.nan_to_num(samples), -1, 1) * 32767).astype("<i2")
    if samples.dtype == np.uint8:
        return ((samples.astype("<i4") - 128) * 256).astype("<i2")
    if samples.dtype == np.int32:
        return (samples >> 16).astype("<i2")
    if samples.size and (samples.min() < -32768 or samples.max() > 32767):
        raise ValueError(f"Audio takes 8, 16 and 32-bit integers, not values of {samples.dtype}")
    return samples.astype("<i2")


def _wav_bytes(samples: Any, sample_rate: int) -> bytes:
    frames = _sixteen_bits(samples)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1 if frames.ndim == 1 else frames.shape[1])
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(np.ascontiguousarray(frames).tobytes())
    return buffer.getvalue()
