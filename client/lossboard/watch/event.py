"""One watch event: the histograms of one backward of one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import torch
from msgspec.structs import replace
from torch import Tensor

from lossboard.histogram import with_zeros
from lossboard.terms import Deferred
from lossboard.watch.cpu import CpuKernel
from lossboard.watch.device import DeviceBatch
from lossboard.watch.tensors import flat_values, is_countable
from lossboard.wire import HistogramData, HistogramFlag

__all__ = ["ASYNCHRONOUS", "Event", "Value"]

Value: TypeAlias = HistogramData | Deferred

ASYNCHRONOUS = frozenset({"cuda"})  # tensors on other devices are copied to the CPU


class Event:
    """Collects the histograms of what is added; no tensor is kept.

    `batch` counts backwards, `step` and `time_us` are those at which the event began. Tensors on
    the device types in `asynchronous` are counted there without waiting for the device.
    """

    def __init__(
        self,
        kernel: CpuKernel,
        *,
        batch: int,
        step: int,
        time_us: int,
        asynchronous: Iterable[str] = ASYNCHRONOUS,
    ) -> None:
        self.batch = batch
        self.step = step
        self.time_us = time_us
        self.has_parameters = False
        self._kernel = kernel
        self._asynchronous = frozenset(asynchronous)
        self._batches: dict[torch.device, DeviceBatch] = {}
        self._gradients: dict[str, Value] = {}
        self._parameters: dict[str, Value] = {}

    def add_gradient(self, name: str, gradient: Tensor) -> None:
        """The raw gradient of one parameter."""
        self._add(self._gradients, name, gradient)

    def add_parameters(self, named: Mapping[str, Tensor]) -> None:
        """All parameters, as they are now."""
        self.has_parameters = True
        for name, parameter in named.items():
            self._add(self._parameters, name, parameter)

    def finish(self, prefix: str, order: Iterable[str], *, partial: bool) -> dict[str, Value]:
        """The histograms by key, those of gradients first, names in the given order.

        Sends what devices have counted on its way; nothing may be added after it.
        """
        flags = HistogramFlag.PARTIAL_EVENT if partial else 0
        for batch in self._batches.values():
            batch.send(flags)
        places = {name: place for place, name in enumerate(order)}
        found: dict[str, Value] = {}
        for kind, values in (("gradients", self._gradients), ("parameters", self._parameters)):
            for name in sorted(values, key=lambda name: places.get(name, len(places))):
                found[f"{kind}/{prefix}{name}"] = _flagged(values[name], flags)
        return found

    def _add(self, values: dict[str, Value], name: str, tensor: Tensor) -> None:
        if is_countable(tensor):
            value = self._counted(*flat_values(tensor))
            if value is not None:
                values[name] = value

    def _counted(self, flat: Tensor, missing_zeros: int) -> Value | None:
        if flat.device.type not in self._asynchronous:
            data = self._kernel.histogram(flat.cpu())
            return with_zeros(data, missing_zeros) if missing_zeros else data
        if flat.is_cuda and torch.cuda.is_current_stream_capturing():
            return None  # a graph that is replayed would run our kernels and nobody would read them
        batch = self._batches.setdefault(flat.device, DeviceBatch())
        return batch.add(flat, missing_zeros)


def _flagged(value: Value, flags: int) -> Value:
    if flags and isinstance(value, HistogramData):
        return replace(value, flags=value.flags | flags)
    return value
