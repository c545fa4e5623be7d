"""Pixels of arrays: how their numbers become those of image files."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = ["grid", "is_gray16", "to_bytes"]

_NEAR: Final = 0.5  # how far values of images within 0..1 and -1..1 may lie outside, as of filters
_ROW: Final = 8  # images of a batch beside one another
_GAP: Final = 2  # pixels around each


def is_gray16(pixels: Any) -> bool:
    """Whether it is gray with more than 8 bits, which PNG has a form for."""
    return bool(
        pixels.ndim == 2 and pixels.dtype == np.uint16 and pixels.size and pixels.max() > 255
    )


def to_bytes(pixels: Any, *, normalize: bool = True) -> Any:
    """Numbers as uint8 of the same shape, by what they range over; cast, without `normalize`."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * 255
    if normalize and pixels.size:
        is_float = np.issubdtype(pixels.dtype, np.floating)
        pixels = _scaled_floats(pixels) if is_float else _scaled_ints(pixels)
    return np.clip(np.nan_to_num(pixels), 0, 255).astype(np.uint8)


def _scaled_floats(pixels: Any) -> Any:
    finite = pixels[np.isfinite(pixels)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low >= 0 and high <= 1 + _NEAR:
        return pixels * 255.0
    if low >= -1 - _NEAR and high <= 1 + _NEAR:
        return (pixels + 1) * 127.5
    if low >= 0 and high <= 255:
        return pixels
    return _stretched(pixels.astype(np.float64), low, high)


def _scaled_ints(pixels: Any) -> Any:
    low, high = int(pixels.min()), int(pixels.max())
    if low >= 0 and high <= 255:
        return pixels
    if pixels.dtype == np.uint16:
        return pixels >> 8
    return _stretched(pixels.astype(np.float64), low, high)


def _stretched(pixels: Any, low: float, high: float) -> Any:
    return (pixels - low) * (255 / (high - low)) if high > low else np.zeros_like(pixels)


def grid(batch: Any) -> Any:
    """(n, height, width, channels) as one image, eight beside one another with a black gap."""
    n, height, width, channels = batch.shape
    columns = min(n, _ROW)
    rows = -(-n // columns)
    down, right = height + _GAP, width + _GAP
    whole = np.zeros((rows * down + _GAP, columns * right + _GAP, channels), batch.dtype)
    for place in range(n):
        top, left = (place // columns) * down + _GAP, (place % columns) * right + _GAP
        whole[top : top + height, left : left + width] = batch[place]
    return whole
