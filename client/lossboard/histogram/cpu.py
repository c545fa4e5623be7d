"""Histograms of CPU tensors: an index of one byte a value, then `torch.bincount`.

Measured on 22 million values (ResNet-18's parameters and gradients): 4 to 5 times less time than
`torch.histc`, 10 times less than what W&B does for a tensor. Values are taken in chunks that stay
in the cache; nothing of the tensor's size is allocated.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossboard.histogram import (
    DEFAULT_BINS,
    from_constant,
    from_parts,
    from_values,
    with_non_finite,
)
from lossboard.histogram.codes import codes_of, looked_at
from lossboard.histogram.magnitude import Counts, Keys, from_codes, magnitudes_of, scaled
from lossboard.wire import HistogramData, HistogramFlag

__all__ = ["CpuKernel"]

_CHUNK: Final = 1 << 18  # values at a time: 1 MB of float32 stays in the cache
_SLAB: Final = 1 << 20  # values whose indices are counted together
_PAIRED: Final = 1 << 16  # from here on pairs of indices are counted
_SMALL: Final = 1 << 11  # up to here numpy alone is faster
_LEAST_SQUARED: Final = 1e-15  # the squares of smaller or greater numbers, and their sum, may
_GREATEST_SQUARED: Final = 1e15  # leave the range of float32


class CpuKernel:
    """Counts one tensor at a time; not for two threads at once."""

    def __init__(self) -> None:
        self._indices = torch.empty(0, dtype=torch.uint8)
        self._places: dict[torch.dtype, NDArray[Any]] = {}

    def histogram(self, flat: Tensor) -> HistogramData:
        """The histogram of a contiguous, one-dimensional float32 or float64 tensor."""
        if flat.numel() <= _SMALL:
            return from_values(flat.numpy())
        least, greatest = torch.aminmax(flat)
        lo, hi = float(least), float(greatest)
        if not (math.isfinite(lo) and math.isfinite(hi)):
            return self._of_finite_part(flat)
        if lo == hi:
            return from_constant(lo, flat.numel())
        if not _computable(flat.dtype, lo, hi):
            return from_values(flat.numpy())
        return self._counted(flat, lo, hi)

    def _counted(self, flat: Tensor, lo: float, hi: float) -> HistogramData:
        counts = torch.zeros(DEFAULT_BINS + 1, dtype=torch.int64)
        total, squares, zeros = 0.0, 0.0, 0
        wide = not _LEAST_SQUARED <= max(-lo, hi) <= _GREATEST_SQUARED
        for slab in torch.split(flat, _SLAB):
            indices = self._room(slab.numel())
            for start in range(0, slab.numel(), _CHUNK):
                chunk = slab[start : start + _CHUNK]
                self._index(chunk, indices[start : start + _CHUNK], lo, (hi - lo) / DEFAULT_BINS)
                precise = chunk.double() if wide else chunk
                total += float(precise.sum())
                squares += float(precise.dot(precise))
                zeros += int(np.count_nonzero(chunk.numpy() == 0))
            counts += _occurrences(indices)
        counts[DEFAULT_BINS - 1] += counts[DEFAULT_BINS]  # the maximum itself
        keys, amounts, sampled = _magnitudes(flat, flat.numel() - zeros)
        return from_parts(
            lo,
            hi,
            counts[:DEFAULT_BINS].numpy(),
            zeros=zeros,
            total=total,
            squares=squares,
            magnitude_keys=keys,
            magnitude_counts=amounts,
            flags=HistogramFlag.MAGNITUDE_SAMPLED if sampled else 0,
        )

    def _room(self, size: int) -> Tensor:
        if self._indices.numel() < size:
            self._indices = torch.empty(size, dtype=torch.uint8)
        return self._indices[:size]

    def _index(self, chunk: Tensor, indices: Tensor, lo: float, width: float) -> None:
        places = self._places.get(chunk.dtype)
        if places is None:
            places = self._places[chunk.dtype] = torch.empty(_CHUNK, dtype=chunk.dtype).numpy()
        place = places[: chunk.numel()]  # [chunk], of the tensor's own type
        np.subtract(chunk.numpy(), places.dtype.type(lo), out=place)
        # A division and not a product: values that lie on an edge are then found exactly there
        # whenever they and the edges are exact, as with integers.
        np.divide(place, places.dtype.type(width), out=place)
        np.copyto(indices.numpy(), place, casting="unsafe")  # 4 times faster than torch's copy_

    def _of_finite_part(self, flat: Tensor) -> HistogramData:
        finite = flat[flat.isfinite()]
        nan = int(flat.isnan().sum())
        pos_inf = int((flat == math.inf).sum())
        counted = self.histogram(finite)
        return with_non_finite(counted, nan, pos_inf, flat.numel() - finite.numel() - nan - pos_inf)


def _occurrences(indices: Tensor) -> Tensor:
    """How often each index from 0 to DEFAULT_BINS occurs."""
    if indices.numel() < _PAIRED:
        return torch.bincount(indices, minlength=DEFAULT_BINS + 1)
    # Two neighbours as one number of 16 bits halve the increments, and where nearly all values lie
    # in few bins, where the processor waits for a counter just changed, it takes a third.
    even = indices.numel() // 2 * 2
    pairs = torch.bincount(indices[:even].view(torch.int16), minlength=(DEFAULT_BINS + 1) * 256)
    table = pairs.view(DEFAULT_BINS + 1, 256)[:, : DEFAULT_BINS + 1]  # [second, first index]
    return table.sum(0) + table.sum(1) + torch.bincount(indices[even:], minlength=DEFAULT_BINS + 1)


def _magnitudes(flat: Tensor, nonzero: int) -> tuple[Keys, Counts, bool]:
    values = looked_at(flat)
    code, codes = codes_of(values)
    keys, counts = from_codes(torch.bincount(code, minlength=codes).numpy())
    found = int(counts.sum())
    if found < values.numel() and found < int(torch.count_nonzero(values)):  # some are subnormal
        return magnitudes_of(flat.numpy(), nonzero)
    sampled = values.numel() < flat.numel()
    return keys, scaled(counts, nonzero) if sampled else counts, sampled


def _computable(dtype: torch.dtype, lo: float, hi: float) -> bool:
    # Whether hi - lo, a bin's width and sums can be computed in the tensor's own type.
    limits = torch.finfo(dtype)
    safe = limits.max**0.5 if dtype == torch.float64 else limits.max / 2
    return max(-lo, hi) <= safe and hi - lo >= limits.tiny * 4 * DEFAULT_BINS
