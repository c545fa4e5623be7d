"""Parts of tensors, where several processes train one model.

Nothing here waits for another process: what is said is known on each alone.
"""

from __future__ import annotations

import math
import sys
from typing import Any, Final, TypeAlias

import torch.distributed
from msgspec.structs import replace
from torch import Tensor

from lossboard.sending.interface import Deferred
from lossboard.watch.packed_modules import Source
from lossboard.wire import HistogramData, TensorPart

__all__ = ["REDUCED", "VALUES", "Value", "is_distributed", "part_of", "processes", "with_part"]

Value: TypeAlias = HistogramData | Deferred

VALUES: Final = 2  # a unit: neither rows nor columns
_RAW, REDUCED, _TERM = 1, 2, 3  # kinds of gradients, see `wire.TensorPart`


def processes() -> tuple[int, int]:
    """The number of this process, and how many train together."""
    group = torch.distributed
    if not (group.is_available() and group.is_initialized()):
        return 0, 1
    return group.get_rank(), group.get_world_size()


def is_distributed(tensor: object) -> bool:
    """Whether it is a tensor of which each process has a part."""
    kind = getattr(sys.modules.get("torch.distributed.tensor"), "DTensor", None)
    return kind is not None and isinstance(tensor, kind)


def part_of(source: Source, *, is_gradient: bool = False) -> TensorPart | None:
    """The part of the tensor in this process; None where it is alone."""
    rank, ranks = processes()
    if ranks == 1 or not isinstance(source, Tensor):
        return None
    gradient = _RAW if is_gradient else 0
    if is_distributed(source):
        return _of_distributed(source, TensorPart(rank, ranks, gradient=gradient))
    rows = source.shape[0] if source.dim() else 1
    values = source.numel()
    return TensorPart(rank, ranks, held=rows, whole=rows, values=values, gradient=gradient)


def with_part(value: Value, part: TensorPart | None) -> Value:
    """The histogram, also one that a device still makes, as that of a part."""
    if part is None:
        return value
    return replace(value, part=part) if isinstance(value, HistogramData) else _Parted(value, part)


class _Parted:
    """A deferred histogram of a part."""

    def __init__(self, whole: Deferred, part: TensorPart) -> None:
        self._whole = whole
        self._part = part

    def ready(self) -> bool:
        """Whether the device has delivered."""
        return self._whole.ready()

    def resolve(self) -> HistogramData:
        """The histogram; waits for the device."""
        data: HistogramData = self._whole.resolve()
        return replace(data, part=self._part)


def _of_distributed(tensor: Any, part: TensorPart) -> TensorPart:
    """By how the tensor lies on the mesh of processes: replicas of a part have its number."""
    mesh = tensor.device_mesh
    place = mesh.get_coordinate() or [0] * mesh.ndim
    cut = [n for n, placement in enumerate(tensor.placements) if _is_cut(placement)]
    number, parts = 0, 1
    for dim in cut:
        number, parts = number * mesh.size(dim) + place[dim], parts * mesh.size(dim)
    dims = {tensor.placements[dim].dim for dim in cut if mesh.size(dim) > 1}
    is_term = any(placement.is_partial() for placement in tensor.placements)
    return replace(
        part,
        part=-1 if is_term else number,
        parts=parts,
        values=tensor.numel(),
        gradient=_TERM if is_term else part.gradient,
        **_extent(tensor, dims),
    )


def _is_cut(placement: Any) -> bool:
    return not (placement.is_replicate() or placement.is_partial())


def _extent(tensor: Any, dims: set[int]) -> dict[str, int]:
    """How much of it is here: rows or columns where it is cut along these alone."""
    here, whole = tensor.to_local().shape, tensor.shape
    dim = max(dims, default=0)
    if len(dims) > 1 or dim > 1 or not whole:
        return {"unit": VALUES, "held": math.prod(here), "whole": math.prod(whole)}
    return {"unit": dim, "held": here[dim], "whole": whole[dim]}
