"""Magnitude histograms: how many values have which sign, binary exponent and two mantissa bits.

The keys are those of `wire.HistogramData`: for |x| = 2**e * (1 + f), f in [0, 1), the key is
sign(x) * (4 * (e + 1100) + floor(4 * f) + 1). The highest 16 bits of an IEEE 754 number start
with sign, exponent and these mantissa bits, so that counting one small integer a value, its code,
gives the whole histogram.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MAGNITUDE_LIMIT",
    "RUN_LENGTH",
    "Counts",
    "Keys",
    "bounds_of",
    "from_code_table",
    "from_codes",
    "keys_of",
    "magnitudes_of",
    "scaled",
    "stride_of",
]

MAGNITUDE_LIMIT: Final = 65_536  # values that are all looked at; of more, as many strided ones
RUN_LENGTH: Final = 16  # strided values are taken in runs of so many neighbours: a cache line

_FLOAT32_CODES: Final = 2048
_KEYED: Final = 4  # the least code that has a key: those of zero and subnormal values are below

Keys = NDArray[np.int16]
Counts = NDArray[np.int64]

_BIAS: Final = 1100
_SMALL_PRIMES: Final = 2 * 3 * 5 * 7


def magnitudes_of(finite: NDArray[Any], nonzero: int) -> tuple[Keys, Counts, bool]:
    """Keys and counts of the finite float64 or float32 values, of which `nonzero` are not 0.

    The flag says that they come from strided values and were scaled to sum up to `nonzero`.
    """
    sampled = finite.size > MAGNITUDE_LIMIT
    looked_at = _strided(finite) if sampled else finite
    keys, counts = from_codes(_code_counts(looked_at))
    if int(counts.sum()) < np.count_nonzero(looked_at):  # some are subnormal
        keys, counts = np.unique(keys_of(looked_at[looked_at != 0]), return_counts=True)
    return keys, scaled(counts, nonzero) if sampled else counts, sampled


def from_codes(code_counts: NDArray[Any]) -> tuple[Keys, Counts]:
    """Keys and counts from one count a code; zero, subnormal and non-finite codes are left out."""
    present = np.flatnonzero(code_counts)
    keys = _keys_by_code(code_counts.size)[present]
    order = np.argsort(keys)
    order = order[keys[order] != 0]
    return keys[order], code_counts[present[order]]


def from_code_table(
    values: NDArray[np.float32], owner: NDArray[np.intp], owners: int
) -> tuple[Keys, Counts, NDArray[np.intp]]:
    """Keys and counts of all owners' values, which are finite, one owner after another.

    `owner` is the number of each value's, in a form that fits `values`. The third array is
    intp[owners + 1]: those of owner i lie from its ith to its (i + 1)th number.
    Subnormal values are left out.
    """
    upper: NDArray[np.uint16] = values.view("<u2")[..., 1::2]
    code = upper >> np.uint16(5)
    keys, rank = _ranks_between(*_extent(code))
    cells = np.take(rank, code)
    cells += owner * (keys.size + 1)
    table = np.bincount(cells.ravel(), minlength=owners * (keys.size + 1))
    table = table.reshape(owners, -1)  # int64[owners, keys and one more]
    table[:, -1] = 0  # of values without a key
    ends = np.concatenate(([0], np.cumsum(np.count_nonzero(table, axis=1))))
    present = np.nonzero(table)
    return keys[present[1]], table[present], ends


def _extent(code: NDArray[np.uint16]) -> tuple[int, int]:
    """The least and the greatest size among codes that have a key, without their signs."""
    size = code & np.uint16(_FLOAT32_CODES // 2 - 1)
    greatest = int(size.max())
    size -= np.uint16(_KEYED)  # those without a key are the greatest now
    return int(size.min()) + _KEYED, greatest


@lru_cache(maxsize=64)
def _ranks_between(least: int, greatest: int) -> tuple[Keys, NDArray[np.intp]]:
    """The keys of codes of these sizes, ascending, and the rank of each code among them; codes
    without a key have the last rank."""
    keys = _keys_by_code(_FLOAT32_CODES)
    sizes = np.arange(least, greatest + 1)
    codes = np.concatenate((sizes[::-1] + _FLOAT32_CODES // 2, sizes))
    rank = np.full(_FLOAT32_CODES, codes.size)
    rank[codes] = np.arange(codes.size)
    return keys[codes], rank


def keys_of(nonzero: NDArray[Any]) -> Keys:
    """The key of each value, none of which may be zero or non-finite; slow, but any magnitude."""
    fraction, exponent = np.frexp(np.abs(nonzero.astype(np.float64)))
    eighths = (fraction * 8).astype(np.int64)  # 4 to 7, since fraction is in [0.5, 1)
    size = 4 * (exponent.astype(np.int64) - 1 + _BIAS) + eighths - 4 + 1
    return np.where(nonzero < 0, -size, size).astype(np.int16)


def scaled(counts: Counts, total: int) -> Counts:
    """Counts in the same proportions that sum up to `total`, which is not below their sum."""
    if not counts.size:
        return counts
    ends = np.cumsum(counts)
    stretched: Counts = np.rint(ends * (total / ends[-1])).astype(np.int64)
    return np.diff(stretched, prepend=0)


def stride_of(size: int) -> int:
    """Distance of the runs that are looked at in `size` values, so that they fill the limit.

    It shares no small factor with the shapes of layers: a stride of 36 would see the same corner
    of each 3 x 3 kernel, and nothing else.
    """
    stride = -(-size * RUN_LENGTH // MAGNITUDE_LIMIT)
    while gcd(stride, _SMALL_PRIMES) > 1 or stride < RUN_LENGTH:
        stride += 1
    return stride


def bounds_of(keys: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The least and the greatest value that each key stands for, as values ascend.

    For a negative key the greater bound is the one nearer to zero.
    """
    size = np.abs(keys.astype(np.int64)) - 1
    exponent = size // 4 - _BIAS
    with np.errstate(over="ignore"):  # the last bucket ends at infinity
        near = np.ldexp(1 + size % 4 / 4, exponent)
        far = np.ldexp(1 + (size % 4 + 1) / 4, exponent)
    return np.where(keys < 0, -far, near), np.where(keys < 0, -near, far)


@cache
def _keys_by_code(codes: int) -> Keys:
    # 0 for codes of zero, subnormal and non-finite values, which have the least exponent or the
    # greatest. There are 2048 codes (float32) or 16384 (float64); the upper half is negative.
    half = codes // 2
    keys = np.zeros(codes, np.int16)
    keys[_KEYED : half - 4] = np.arange(_KEYED, half - 4) + 4 * (_BIAS + 1 - half // 8) + 1
    keys[half:] = -keys[:half]
    return keys


def _code_counts(values: NDArray[Any]) -> Counts:
    words = values.dtype.itemsize // 2
    shift = 5 if words == 2 else 2
    high = np.ascontiguousarray(values).ravel().view("<u2")[words - 1 :: words]
    return np.bincount(high >> shift, minlength=65_536 >> shift)


def _strided(values: NDArray[Any]) -> NDArray[Any]:
    stride = stride_of(values.size)
    rows = values.size // stride
    return values[: rows * stride].reshape(rows, stride)[:, :RUN_LENGTH].ravel()
