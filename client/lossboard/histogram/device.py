"""Histograms of CUDA tensors, without waiting for the device.

The backward only launches kernels: a tensor becomes one row of numbers on its device. At the end
of the event all rows are copied to the host in one asynchronous copy, and the sender's thread
turns them into histograms when it has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lossboard.histogram import DEFAULT_BINS, from_parts, with_zeros
from lossboard.histogram.codes import codes_of, looked_at
from lossboard.histogram.host_copy import HostCopy
from lossboard.histogram.magnitude import MAGNITUDE_LIMIT, from_codes, scaled
from lossboard.histogram.tensors import flat_values
from lossboard.wire import HistogramData, HistogramFlag

__all__ = ["DeviceBatch", "DeviceHistogram", "deferred_histogram"]

# A row is float64: these, then the counts of bins, then the counts of magnitude codes.
_LO, _HI, _TOTAL, _SQUARES, _NAN, _POS_INF, _NEG_INF, _ZEROS = range(8)
_STATISTICS: Final = 8
_CHUNK: Final = 1 << 22  # values at a time: bounds temporary memory, and histc counts in float32


def deferred_histogram(tensor: Tensor, bins: int) -> DeviceHistogram:
    """The histogram of one tensor; what happens to the tensor after this call changes nothing."""
    batch = DeviceBatch(bins)
    histogram = batch.add(*flat_values(tensor))
    batch.send(0)
    return histogram


class DeviceHistogram:
    """A `Deferred` histogram: one row of a batch."""

    def __init__(self, batch: DeviceBatch, span: slice, size: int, missing_zeros: int) -> None:
        self._batch = batch
        self._span = span
        self._size = size
        self._missing_zeros = missing_zeros

    def ready(self) -> bool:
        """Whether the device has delivered."""
        return self._batch.ready()

    def resolve(self) -> HistogramData:
        """The histogram; waits for the device."""
        batch = self._batch
        data = _assembled(batch.numbers()[self._span], self._size, batch.bins, batch.flags)
        return with_zeros(data, self._missing_zeros) if self._missing_zeros else data


class DeviceBatch:
    """The histograms of one event on one device, each with so many bins."""

    def __init__(self, bins: int = DEFAULT_BINS) -> None:
        self.bins = bins
        self.flags = 0
        self._rows: list[Tensor] = []  # float64[8 + bins + codes] each
        self._length = 0
        self._copy: HostCopy | None = None

    def add(self, flat: Tensor, missing_zeros: int) -> DeviceHistogram:
        """Launches the counting of a flat float32 or float64 tensor."""
        with _any_order():
            row = _row(flat, self.bins)
        start, self._length = self._length, self._length + row.numel()
        self._rows.append(row)
        return DeviceHistogram(self, slice(start, self._length), flat.numel(), missing_zeros)

    def send(self, flags: int) -> None:
        """Launches the copy to the host; nothing may be added after it.

        `flags` are added to those of every histogram.
        """
        self.flags = flags
        self._copy = HostCopy(torch.cat(self._rows))  # float64[rows one after another]
        self._rows.clear()

    def ready(self) -> bool:
        """Whether the copy has arrived."""
        return self._copy is not None and self._copy.ready()

    def numbers(self) -> NDArray[np.float64]:
        """All rows one after another; waits for the device."""
        if self._copy is None:
            raise RuntimeError("the histograms of this event were not sent to the host yet")
        return self._copy.numbers()


def _row(flat: Tensor, bins: int) -> Tensor:
    lo, hi = _finite_range(flat)
    parts = [_chunk_counts(chunk, lo, hi, bins) for chunk in torch.split(flat, _CHUNK)]
    counted = parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)  # [6 + bins]
    return torch.cat((torch.stack((lo, hi)), counted, _code_counts(flat)))


def _finite_range(flat: Tensor) -> tuple[Tensor, Tensor]:
    finite = flat.isfinite()
    lo = torch.where(finite, flat, torch.inf).amin()
    hi = torch.where(finite, flat, -torch.inf).amax()
    return lo.double(), hi.double()


def _chunk_counts(chunk: Tensor, lo: Tensor, hi: Tensor, bins: int) -> Tensor:
    finite = chunk.isfinite()
    values = torch.where(finite, chunk, 0).double()
    sums = (
        values.sum(),
        values.square().sum(),
        chunk.isnan().sum(),
        (chunk == torch.inf).sum(),
        (chunk == -torch.inf).sum(),
        (chunk == 0).sum(),
    )
    # Quarters: hi - lo may be beyond the largest float64. A constant gives 0 / 0: bin 0.
    place = ((values / 4 - lo / 4) / (hi / 4 - lo / 4) * bins).nan_to_num(0.0)
    place = place.clamp(0, bins - 1).floor()
    place = torch.where(finite, place, bins)  # float64[chunk]; non-finite ones in bin `bins`
    counts = torch.histc(place.float() + 0.5, bins + 1, 0, bins + 1)
    return torch.cat((torch.stack([part.double() for part in sums]), counts[:-1].double()))


def _code_counts(flat: Tensor) -> Tensor:
    code, codes = codes_of(looked_at(flat))
    return torch.histc(code + 0.5, codes, 0, codes).double()


def _assembled(row: NDArray[np.float64], size: int, bins: int, flags: int) -> HistogramData:
    statistics = row[:_STATISTICS]  # float64[8]
    nan, pos_inf, neg_inf, zeros = (int(count) for count in statistics[_NAN:])
    counts = row[_STATISTICS : _STATISTICS + bins].astype(np.int64)  # int64[bins]
    n = int(counts.sum())
    if not n:
        return from_parts(0.0, 0.0, counts[:0], nan, pos_inf, neg_inf, flags=flags)
    lo, hi = float(statistics[_LO]), float(statistics[_HI])
    keys, amounts = from_codes(row[_STATISTICS + bins :].astype(np.int64))
    sampled = size > MAGNITUDE_LIMIT
    return from_parts(
        lo,
        hi,
        counts if hi > lo else np.array([n]),
        nan,
        pos_inf,
        neg_inf,
        zeros=zeros,
        total=float(statistics[_TOTAL]),
        squares=float(statistics[_SQUARES]),
        magnitude_keys=keys,
        magnitude_counts=scaled(amounts, n - zeros) if sampled else amounts,
        flags=flags | (HistogramFlag.MAGNITUDE_SAMPLED if sampled else 0),
    )


@contextmanager
def _any_order() -> Iterator[None]:
    # Counts don't depend on the order of additions, but `use_deterministic_algorithms` refuses
    # histc on CUDA because of it.
    if not torch.are_deterministic_algorithms_enabled():
        yield
        return
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True, warn_only=warn_only)
