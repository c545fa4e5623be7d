"""One watch event: the histograms of one backward of one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from itertools import accumulate, chain, pairwise
from typing import Final, NamedTuple

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor
from torch._utils import _flatten_dense_tensors
from torch.nn import Parameter

from lossboard.histogram import with_zeros
from lossboard.histogram.batch import from_many
from lossboard.histogram.cpu import CpuKernel
from lossboard.histogram.device import DeviceBatch
from lossboard.histogram.device_small import SmallBatch
from lossboard.histogram.tensors import flat_values, is_countable
from lossboard.sending.interface import Deferred
from lossboard.watch.moments import kurtosis
from lossboard.watch.packed_modules import Source
from lossboard.watch.parts import REDUCED, Value, part_of, processes, with_part
from lossboard.wire import HistogramData, HistogramFlag, TensorPart

__all__ = ["ASYNCHRONOUS", "Event", "Moment"]

ASYNCHRONOUS: Final = frozenset({"cuda"})  # tensors on other devices are copied to the CPU
_PLAIN: Final = frozenset({Tensor, Parameter})
_SMALL: Final = 1024  # values of a tensor that is counted together with others
_TOGETHER: Final = 1 << 16  # values counted together: what they need stays in the cache


class Moment(NamedTuple):
    """When an event began."""

    batch: int
    step: int
    time_us: int


class Event:
    """Collects the histograms of what is added; no tensor is kept, of small ones a copy.

    `batch` counts backwards, `step` and `time_us` are those at which the event began. Tensors on
    the device types in `asynchronous` are counted there without waiting for the device. A tensor
    that can't be counted is left out, and the reason is in `failures` by its name.
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
        self.moment = Moment(batch, step, time_us)
        self.has_parameters = False
        self.failures: dict[str, Exception] = {}
        self.is_finished = False
        self.known_parts: Mapping[str, TensorPart] = {}  # of tensors that don't tell themselves
        self._is_alone = processes()[1] == 1
        self._kernel = kernel
        self._asynchronous = frozenset(asynchronous)
        self._batches: dict[torch.device, DeviceBatch] = {}
        self._small_batches: dict[torch.device, SmallBatch] = {}
        self._small = SmallTensors()
        self._kinds: dict[str, dict[str, Value]] = {}
        self._parts: dict[tuple[str, str], TensorPart] = {}  # by kind and name

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what was added, as keys begin with them."""
        return frozenset(self._kinds)

    def add_gradient(
        self, name: str, gradient: Source, *, reduced: bool = False, part: TensorPart | None = None
    ) -> None:
        """The raw gradient of one parameter, or as its optimizer gets it where `reduced`."""
        known = part or self._part_of(gradient, is_gradient=True)
        if known is not None and reduced:
            known = replace(known, gradient=REDUCED)
        self.add("gradients", name, gradient, known)

    def add_parameters(self, named: Mapping[str, Source]) -> None:
        """All parameters, as they are now."""
        self.has_parameters = True
        joined = self._add_small("parameters", named)
        for name, parameter in named.items():
            if name not in joined:
                self.add("parameters", name, parameter)
        self._small.count()

    def add(self, kind: str, name: str, tensor: Source, part: TensorPart | None = None) -> None:
        """A tensor of any kind, as it is now; one of that kind and name is replaced.

        `part` says which part of a tensor it is where the tensor itself doesn't tell.
        """
        self._note_part(kind, name, tensor, part)
        self._add(self._kinds.setdefault(kind, {}), name, tensor)

    def _note_part(
        self, kind: str, name: str, tensor: Source, part: TensorPart | None = None
    ) -> None:
        known = part or self.known_parts.get(name)
        known = known or self._part_of(tensor, is_gradient=kind == "activation_gradients")
        if known is not None:
            self._parts[kind, name] = known

    def _add_small(self, kind: str, named: Mapping[str, Source]) -> Set[str]:
        """Adds the small ones among tensors that are all here; their names."""
        if "cpu" in self._asynchronous:
            return frozenset()
        small = {
            name: tensor
            for name, tensor in named.items()
            if isinstance(tensor, Tensor) and SmallTensors.takes_as_it_is(tensor)
        }
        if not self._small.add_joined(self._kinds.setdefault(kind, {}), small):
            return frozenset()
        if self.known_parts or not self._is_alone:
            for name, tensor in small.items():
                self._note_part(kind, name, tensor)
        return small.keys()

    def add_activation(self, name: str, output: Tensor) -> None:
        """Adds the output of a module, with its kurtosis."""
        self.add("activations", name, output)
        if is_countable(output):
            self.add_number("activation_kurtosis", name, kurtosis(flat_values(output)[0]))

    def add_number(self, kind: str, name: str, number: Tensor) -> None:
        """A single number (0-dimensional) as a histogram of one value.

        Left out where it isn't finite, which is 0 / 0: the tensors that it was computed from tell
        of their own non-finite values. On a device that shows later, and it is then of no values.
        """
        values = self._kinds.setdefault(kind, {})
        if (part := self._part_of(number.reshape(1))) is not None:
            self._parts[kind, name] = part
        if number.device.type not in self._asynchronous:
            if number.isfinite():
                self._add(values, name, number.to("cpu", torch.float32).reshape(1))
            return
        self._add(values, name, number.float().reshape(1))
        value = values.get(name)
        if isinstance(value, Deferred):
            values[name] = FiniteNumber(value)

    def finish(self, prefix: str, order: Iterable[str], *, partial: bool) -> dict[str, Value]:
        """The histograms by key, those of gradients first, names in the given order.

        Sends what devices have counted on its way; nothing may be added after it.
        """
        self._small.count()
        self.is_finished = True
        flags = HistogramFlag.PARTIAL_EVENT if partial else 0
        for batch in self._batches.values():
            batch.send(flags)
        for small in self._small_batches.values():
            small.send(flags)
        places = {name: place for place, name in enumerate(order)}
        found: dict[str, Value] = {}
        for kind in sorted(self._kinds, key=_place_of_kind):
            values = self._kinds[kind]
            named = reversed(values) if kind == "activation_gradients" else values
            in_order = sorted(named, key=lambda name: places.get(name, len(places)))
            found |= {f"{kind}/{prefix}{name}": values[name] for name in in_order}
        for (kind, name), part in self._parts.items():
            if name in self._kinds[kind]:
                key = f"{kind}/{prefix}{name}"
                found[key] = with_part(found[key], part)
        return {key: _flagged(data, flags) for key, data in found.items()} if flags else found

    def _part_of(self, source: Source, *, is_gradient: bool = False) -> TensorPart | None:
        return None if self._is_alone else part_of(source, is_gradient=is_gradient)

    def _add(self, values: dict[str, Value], name: str, source: Source) -> None:
        try:
            self._count(values, name, source if isinstance(source, Tensor) else source())
        except Exception as error:  # noqa: BLE001
            self.failures[name] = error

    def _count(self, values: dict[str, Value], name: str, tensor: Tensor) -> None:
        if "cpu" not in self._asynchronous and SmallTensors.takes_as_it_is(tensor):
            self._small.add(values, name, tensor)
            return
        if not is_countable(tensor):
            return
        flat, missing_zeros = flat_values(tensor)
        if flat.device.type in self._asynchronous:
            self._add_on_device(values, name, flat, missing_zeros)
        elif not missing_zeros and SmallTensors.takes(flat):
            self._small.add(values, name, flat)
        else:
            data = self._kernel.histogram(flat.cpu())
            values[name] = with_zeros(data, missing_zeros) if missing_zeros else data

    def _add_on_device(
        self, values: dict[str, Value], name: str, flat: Tensor, missing_zeros: int
    ) -> None:
        if flat.is_cuda and torch.cuda.is_current_stream_capturing():
            return  # a graph that is replayed would run our kernels and nobody would read them
        if not missing_zeros and flat.dtype == torch.float32 and flat.numel() <= _SMALL:
            small = self._small_batches.setdefault(flat.device, SmallBatch())
            values[name] = small.add(flat)
            return
        batch = self._batches.setdefault(flat.device, DeviceBatch())
        values[name] = batch.add(flat, missing_zeros)


class FiniteNumber:
    """A deferred histogram of one value, without the value where it isn't finite."""

    def __init__(self, number: Deferred) -> None:
        self._number = number

    def ready(self) -> bool:
        """Whether the device has delivered."""
        return self._number.ready()

    def resolve(self) -> HistogramData:
        """The histogram; waits for the device."""
        data: HistogramData = self._number.resolve()
        return replace(data, nan=0, pos_inf=0, neg_inf=0)


class SmallTensors:
    """Copies of small CPU tensors, which are counted together: see `histogram_batch`."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[np.float32]] = []
        self._targets: list[dict[str, Value]] = []
        self._names: list[str] = []
        self._size = 0

    @staticmethod
    def takes(flat: Tensor) -> bool:
        """Whether the tensor is one of those that are better counted together."""
        small = flat.numel() <= _SMALL and flat.dtype == torch.float32
        return small and flat.device.type == "cpu"

    @staticmethod
    def takes_as_it_is(tensor: Tensor) -> bool:
        """The same of a tensor that may have any shape and type; quick, as there may be thousands
        of them, and no for some that `takes` finds in the end."""
        return (
            type(tensor) in _PLAIN
            and tensor.dtype is torch.float32
            and tensor.is_cpu
            and tensor.layout is torch.strided
            and 0 < tensor.numel() <= _SMALL
            and not tensor.is_neg()
        )

    def add(self, values: dict[str, Value], name: str, tensor: Tensor) -> None:
        """Copies the tensor; its histogram will be `values[name]`."""
        bare = tensor.detach() if tensor.requires_grad else tensor
        self._put(values, name, bare.numpy().flatten())

    def add_joined(self, values: dict[str, Value], named: Mapping[str, Tensor]) -> bool:
        """The same of tensors that are all here, by one copy of all; False where that failed, as
        it does for a tensor that was freed, and none was added."""
        if not named:
            return True
        try:
            with torch.no_grad():
                tensors = list(named.values())
                joined = _flatten_dense_tensors(tensors).numpy()  # type: ignore[no-untyped-call]
        except RuntimeError:
            return False
        ends = accumulate(tensor.numel() for tensor in named.values())
        for name, (start, end) in zip(named, pairwise(chain((0,), ends)), strict=True):
            self._put(values, name, joined[start:end])
        return True

    def _put(self, values: dict[str, Value], name: str, array: NDArray[np.float32]) -> None:
        self._arrays.append(array)
        self._targets.append(values)
        self._names.append(name)
        self._size += array.size
        if self._size >= _TOGETHER:
            self.count()

    def count(self) -> None:
        """Makes the histograms of what was added."""
        if not self._arrays:
            return
        found = from_many(self._arrays)
        for values, name, data in zip(self._targets, self._names, found, strict=True):
            values[name] = data
        for kept in (self._arrays, self._targets, self._names):
            kept.clear()
        self._size = 0


def _place_of_kind(kind: str) -> int:
    return 0 if kind == "gradients" else 1 if kind == "parameters" else 2


def _flagged(value: Value, flags: int) -> Value:
    if flags and isinstance(value, HistogramData):
        return replace(value, flags=value.flags | flags)
    return value
