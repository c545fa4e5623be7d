"""Weights that a module keeps packed: the numbers that they stand for, or why they are left out.

Quantized layers keep small integers and, beside them, the scales that make numbers of these. A
histogram of the integers would look like one of weights and say nothing about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from lossboard.histogram.packed import is_plain

__all__ = ["Source", "packed_buffers", "readable"]

# A tensor, or what makes it; the latter may raise: the values are then left out, and that is said.
Source: TypeAlias = Tensor | Callable[[], Tensor]

_BYTES: Final = frozenset({torch.uint8, torch.int8})
_FLOAT8: Final = frozenset(
    getattr(torch, name)
    for name in ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz")
)
_PACKED_NAMES: Final = frozenset({"qweight", "qzeros", "W_q", "weight_packed", "packed_weight"})
_FACTORS: Final = ("weight_scale", "weight_scale_inv")  # numbers are the float8 ones times these
_MAY_BE_PACKED: Final = _BYTES | _FLOAT8 | {torch.int16, torch.int32, torch.int64}


def readable(model: Module, name: str, parameter: Parameter) -> Source:
    """The tensor to count for the model's parameter of this name."""
    if parameter.dtype not in _MAY_BE_PACKED or not is_plain(parameter):
        return parameter
    path, _, own = name.rpartition(".")
    module = model.get_submodule(path)
    if parameter.dtype in _FLOAT8:
        return _of_float8(module, own, parameter)
    if parameter.dtype in _BYTES or own in _PACKED_NAMES:
        return lambda: _of_integers(module, own, parameter)
    return parameter


def packed_buffers(model: Module) -> Iterator[tuple[str, Source]]:
    """Packed weights that are no parameters, by the name of the weight."""
    if not any(map(_may_pack, model.modules())):
        return
    for path, module in model.named_modules():
        prefix = f"{path}." if path else ""
        weight = getattr(module, "weight", None)
        if callable(weight) and not isinstance(weight, Tensor | Module):
            yield f"{prefix}weight", weight  # torch.ao.nn.quantized.Linear, Conv2d, ...
        for name in module._buffers:
            if name in _PACKED_NAMES - {"qzeros"}:
                yield f"{prefix}{name}", _unknown


def _may_pack(module: Module) -> bool:
    """No for all modules of most models; names of thousands of modules are not made for it."""
    if not _PACKED_NAMES.isdisjoint(module._buffers):
        return True
    return "weight" not in module._parameters and callable(getattr(module, "weight", None))


def _unknown() -> Tensor:
    raise TypeError("its numbers are packed in a way that is not known here")


def _of_integers(module: Any, name: str, parameter: Parameter) -> Tensor:
    state = getattr(module, "state", None)  # where bitsandbytes moves the scales to
    scales = getattr(state, "SCB", None) if name == "weight" else None
    if parameter.dtype != torch.int8 or not isinstance(scales, Tensor):
        return _unknown()
    return parameter.detach().as_subclass(Tensor).float() * (scales.detach()[:, None] / 127)


def _of_float8(module: Module, name: str, parameter: Parameter) -> Source:
    """A float8 number is one of its own, unless something beside it scales it."""
    beside = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    scales = {own: value for own, value in beside if "scale" in own and "input" not in own}
    if not scales or name != "weight":
        return parameter
    factor = next((scales[own] for own in _FACTORS if own in scales), None)
    if factor is None:
        return _unknown
    return lambda: _scaled(parameter.detach().float(), factor.detach().float())


def _scaled(values: Tensor, factor: Tensor) -> Tensor:
    """Times one factor for all, for each row, or for each block of rows and columns."""
    if factor.numel() == 1:
        return values * factor.reshape(())
    if factor.dim() == 1:
        factor = factor[:, None]
    for dim in range(values.dim()):
        blocks, size = factor.shape[dim], values.shape[dim]
        if blocks > 1:
            factor = factor.repeat_interleave(_block(size, blocks), dim).narrow(dim, 0, size)
    return values * factor


def _block(size: int, blocks: int) -> int:
    """The power of two of which so many blocks cover `size`, where the last one may be shorter."""
    block = 1 << (-(-size // blocks) - 1).bit_length()
    if -(-size // block) != blocks or (size % blocks == 0 and block != size // blocks):
        raise TypeError(f"{blocks} scales for {size} values: their blocks are not known")
    return block
