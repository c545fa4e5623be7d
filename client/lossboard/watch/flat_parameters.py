"""FullyShardedDataParallel joins the parameters of a module to one flat one, cut into shards.

What lies in the shard of this process is taken apart again, under the names that the parameters
have in the module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from torch import Tensor
from torch.nn import Module

from lossboard.watch.parts import VALUES, processes
from lossboard.wire import TensorPart

__all__ = ["Piece", "flat_pieces", "is_flattened"]


class Piece(NamedTuple):
    """The piece of a parameter in this process; `gradient` is None where there is none now."""

    name: str
    values: Tensor
    gradient: Tensor | None
    part: TensorPart


def is_flattened(parameter: object) -> bool:
    """Whether the parameter is a flat one, or one that became part of one."""
    if "torch.distributed.fsdp" not in sys.modules:
        return False
    return getattr(parameter, "_fsdp_flattened", False) or hasattr(parameter, "_fqns")


def flat_pieces(model: Module) -> Iterator[Piece]:
    """The parameters of all flat ones of the model that reach into this process's shards, in
    network order."""
    loaded = sys.modules.get("torch.distributed.fsdp")
    if loaded is None:
        return
    places: dict[str, int] = {}
    found: list[Piece] = []
    for path, module in model.named_modules():
        places[path] = len(places)
        handle = getattr(module, "_handle", None)
        if isinstance(module, loaded.FullyShardedDataParallel) and handle is not None:
            found += _pieces(f"{path}." if path else "", handle)
    yield from sorted(found, key=lambda piece: places.get(piece.name.rpartition(".")[0], 0))


def _pieces(prefix: str, handle: Any) -> Iterator[Piece]:
    flat = handle.flat_param
    shard = flat._local_shard.detach()
    gradient = flat.grad
    if gradient is not None and gradient.numel() != shard.numel():
        gradient = None  # not reduced yet
    start = 0  # in the whole flat parameter
    for place, padded in _with_padding(flat):
        if place is not None and flat._shard_param_infos[place].in_shard:
            yield _piece(prefix, handle, place, start, shard, gradient)
        start += padded


def _with_padding(flat: Any) -> Iterator[tuple[int | None, int]]:
    """The parameters, by number, and what only fills up between them, each with its size."""
    place = 0
    for padded, size in zip(flat._is_padding_mask, flat._numels_with_padding, strict=True):
        yield (None if padded else place), size
        place += not padded


def _piece(
    prefix: str, handle: Any, place: int, start: int, shard: Tensor, gradient: Tensor | None
) -> Piece:
    info = handle.flat_param._shard_param_infos[place]
    own = handle.flat_param._param_infos[place]
    here = slice(info.offset_in_shard, info.offset_in_shard + info.numel_in_shard)
    path = f"{prefix}_fsdp_wrapped_module.{own.module_name}".rstrip(".")
    return Piece(
        f"{path}.{own.param_name}",
        shard[here],
        None if gradient is None else gradient.detach()[here],
        _part(handle, place, start, shard.numel(), info.numel_in_shard),
    )


def _part(handle: Any, place: int, start: int, shard_size: int, held: int) -> TensorPart:
    values = handle.flat_param._numels[place]
    rank, ranks = processes()
    first, last = start // shard_size, (start + values - 1) // shard_size
    part, parts = handle.rank - first, last - first + 1
    if not handle.uses_sharded_strategy:
        part, parts = 0, 1
    return TensorPart(rank, ranks, part, parts, held, values, VALUES, values)
