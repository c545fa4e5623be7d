"""Tensors as ones that can be read here and now: without another process, outside transforms."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

__all__ = ["outside_transforms", "plain_tensor"]

_DTENSOR: Final = ("torch.distributed.tensor", "DTensor")
_SHARDED: Final = ("torch.distributed._shard.sharded_tensor", "ShardedTensor")
_AWAITED: Final = ("torch.distributed._functional_collectives", "AsyncCollectiveTensor")
_VMAP: Final = "inside torch.func.vmap: the values of the whole batch"


def _is_a(value: Any, place: tuple[str, str]) -> bool:
    """Whether it is of a class whose module may not be loaded."""
    kind = getattr(sys.modules.get(place[0]), place[1], None)
    return kind is not None and isinstance(value, kind)


def outside_transforms() -> AbstractContextManager[Any]:
    """A context in which operations are plain ones, also inside of `torch.func.grad` and `vmap`."""
    bare = sys.modules["torch"]._C
    functorch = getattr(bare, "_functorch", None)
    if functorch is None or functorch.peek_interpreter_stack() is None:
        return nullcontext()
    return bare._DisableFuncTorch()  # type: ignore[no-any-return]


def _local_part(tensor: Any) -> tuple[Any, str]:
    """The tensor as one of this process alone, and what that lacks; empty where nothing.

    Never a collective: a rank that logs alone would wait for ever.
    """
    if _is_a(tensor, _DTENSOR):
        return _awaited(tensor.to_local()), _lack(tensor)
    if _is_a(tensor, _SHARDED):
        shards = [shard.tensor.detach().flatten() for shard in tensor.local_shards()]
        whole = sum(shard.numel() for shard in shards) == tensor.numel()
        joined = sys.modules["torch"].cat(shards)
        return joined, "" if whole else f"{joined.numel()} of {tensor.numel()} values"
    return _awaited(tensor), ""


def _lack(tensor: Any) -> str:
    """In words what other processes have of it. A mesh of one process has all."""
    sizes = tensor.device_mesh.shape
    parted = [
        placement
        for placement, size in zip(tensor.placements, sizes, strict=True)
        if size > 1 and not placement.is_replicate()
    ]
    if not parted:
        return ""
    names = ", ".join(map(str, parted))
    return f"it lies on {tensor.device_mesh.size()} processes as {names}; full_tensor() has it all"


def _awaited(tensor: Any) -> Any:
    """The result of a collective that all processes have begun."""
    return tensor.trigger_wait() if _is_a(tensor, _AWAITED) else tensor


def plain_tensor(tensor: Any) -> tuple[Any, str]:
    """A strided tensor of plain numbers of this process, outside of `torch.func`'s transforms,
    and what it lacks. To be called, and its result read, `outside_transforms`."""
    torch = sys.modules["torch"]
    functorch = torch._C._functorch
    if type(tensor) is torch.Tensor and not functorch.is_functorch_wrapped_tensor(tensor):
        return _readable(tensor, torch), ""  # nearly always
    local, lack = _local_part(tensor)
    while functorch.is_functorch_wrapped_tensor(local):
        lack = _VMAP if functorch.is_batchedtensor(local) else lack
        local = functorch.get_unwrapped(local)
    if type(local) not in (torch.Tensor, torch.nn.Parameter):
        with torch._C.DisableTorchFunctionSubclass():  # its own methods may do anything
            return _readable(local, torch), lack
    return _readable(local, torch), lack


def _readable(tensor: Any, torch: Any) -> Any:
    """Numbers one after another: of nested and sparse ones, and not as quantized codes."""
    tensor = tensor.detach()
    if tensor.is_nested:
        return torch.cat([part.flatten() for part in tensor.unbind()])
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    return tensor.dequantize() if tensor.is_quantized else tensor
