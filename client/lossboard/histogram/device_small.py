"""Small tensors of a device: their values go to the host together and are counted there.

Counting a tensor of a few hundred values on a device takes some forty launches and sends more bytes
than it has. So each is copied by one launch, all are joined by few and sent by one, and the thread
that reads them counts all at once.
"""

from __future__ import annotations

from itertools import accumulate, pairwise

import torch
from msgspec.structs import replace
from torch import Tensor

from lossboard.histogram.batch import from_many
from lossboard.histogram.host_copy import HostCopy
from lossboard.wire import HistogramData

__all__ = ["SmallBatch", "SmallHistogram"]


class SmallHistogram:
    """A `Deferred` histogram: one tensor of a batch."""

    def __init__(self, batch: SmallBatch, place: int) -> None:
        self._batch = batch
        self._place = place

    def ready(self) -> bool:
        """Whether the device has delivered."""
        return self._batch.ready()

    def resolve(self) -> HistogramData:
        """The histogram; waits for the device."""
        return self._batch.histograms()[self._place]


class SmallBatch:
    """The small tensors of one event on one device; read by one thread."""

    def __init__(self) -> None:
        self._flags = 0
        self._values: list[Tensor] = []
        self._sizes: list[int] = []
        self._copy: HostCopy | None = None
        self._counted: list[HistogramData] = []

    def add(self, flat: Tensor) -> SmallHistogram:
        """Copies a flat float32 tensor on its device."""
        self._values.append(flat.clone())
        self._sizes.append(flat.numel())
        return SmallHistogram(self, len(self._sizes) - 1)

    def send(self, flags: int) -> None:
        """Launches the copy to the host; nothing may be added after it.

        `flags` are added to those of every histogram.
        """
        self._flags = flags
        self._copy = HostCopy(torch.cat(self._values))
        self._values.clear()

    def ready(self) -> bool:
        """Whether the copy has arrived."""
        return self._copy is not None and self._copy.ready()

    def histograms(self) -> list[HistogramData]:
        """All histograms in the order in which they were added; waits for the device."""
        if not self._counted:
            self._counted = self._count()
        return self._counted

    def _count(self) -> list[HistogramData]:
        if self._copy is None:
            raise RuntimeError("the histograms of this event were not sent to the host yet")
        values = self._copy.numbers()
        spans = pairwise(accumulate(self._sizes, initial=0))
        found = from_many([values[start:end] for start, end in spans])
        if not self._flags:
            return found
        return [replace(data, flags=data.flags | self._flags) for data in found]
