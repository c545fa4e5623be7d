"""Histograms of many small arrays at once: most parameters of a model have a few hundred values.

Each numpy call costs as much as counting hundreds of values, so that one call for all arrays
together takes a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lossboard.histogram import DEFAULT_BINS, from_constant, from_parts, from_values
from lossboard.histogram.magnitude import Counts, Keys, from_code_table
from lossboard.wire import HistogramData

__all__ = ["from_many"]

Floats = NDArray[np.float64]


def from_many(arrays: Sequence[NDArray[np.float32]]) -> list[HistogramData]:
    """`[from_values(array) for array in arrays]` for one-dimensional, non-empty float32 arrays."""
    joined = np.concatenate(arrays)  # float32[all values]
    if not np.isfinite(joined).all():
        return [from_values(array) for array in arrays]
    sizes = np.array([array.size for array in arrays])  # int64[arrays]
    starts = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(sizes.size), sizes)  # int64[all values]: which array each is of
    values = joined.astype(np.float64)
    lo, hi = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return list(
        _assembled(
            arrays,
            lo,
            hi,
            counts=_linear_counts(values, owner, lo, hi),
            total=np.add.reduceat(values, starts),
            squares=np.add.reduceat(np.square(values), starts),
            zeros=np.add.reduceat(values == 0, starts, dtype=np.int64),
            magnitudes=from_code_table(joined, owner, sizes.size),
        )
    )


def _linear_counts(values: Floats, owner: NDArray[np.intp], lo: Floats, hi: Floats) -> Counts:
    width = (hi - lo) / DEFAULT_BINS  # float64[arrays]
    width[width == 0] = 1.0
    index = ((values - lo[owner]) / width[owner]).astype(np.intp)
    np.minimum(index, DEFAULT_BINS - 1, out=index)
    index += owner * DEFAULT_BINS  # intp[all values]
    return np.bincount(index, minlength=lo.size * DEFAULT_BINS).reshape(-1, DEFAULT_BINS)


def _assembled(
    arrays: Sequence[NDArray[np.float32]],
    lo: Floats,
    hi: Floats,
    *,
    counts: Counts,  # int64[arrays, DEFAULT_BINS]
    total: Floats,
    squares: Floats,
    zeros: NDArray[np.int64],
    magnitudes: list[tuple[Keys, Counts]],
) -> Iterator[HistogramData]:
    columns = (lo.tolist(), hi.tolist(), total.tolist(), squares.tolist(), zeros.tolist())
    for place, (least, greatest, sum_, square, zero) in enumerate(zip(*columns, strict=True)):
        keys, amounts = magnitudes[place]
        if least == greatest:
            yield from_constant(least, arrays[place].size)
        elif int(amounts.sum()) + zero < arrays[place].size:  # some are subnormal
            yield from_values(arrays[place])
        else:
            yield from_parts(
                least,
                greatest,
                counts[place],
                zeros=zero,
                total=sum_,
                squares=square,
                magnitude_keys=keys,
                magnitude_counts=amounts,
            )
