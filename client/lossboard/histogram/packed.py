"""Tensors that stand for other numbers than those that they hold: quantized and wrapped ones."""

from __future__ import annotations

import sys
from typing import Any, Final

import torch
from torch import Tensor

__all__ = ["is_plain", "unpacked"]

_NO_DISPATCH: Final = Tensor.__torch_dispatch__
_METHODS: Final = ("dequantize", "to_original_precision", "get_original_weight")


def is_plain(tensor: Tensor) -> bool:
    """Whether its storage holds its values: torch's own class, or one that only adds names."""
    kind = type(tensor)
    if kind is Tensor or kind is torch.nn.Parameter:
        return getattr(tensor, "quant_state", None) is None
    own = getattr(kind, "__torch_dispatch__", _NO_DISPATCH)
    return own is _NO_DISPATCH and not _is_bitsandbytes(tensor)


def unpacked(tensor: Tensor) -> Tensor:
    """The numbers that a tensor stands for, which is not plain, as a plain one.

    Raises TypeError where nobody here knows them.
    """
    if _is_bitsandbytes(tensor):
        return _of_bitsandbytes(tensor)
    for name in _METHODS:
        method = getattr(type(tensor), name, None)
        if method is not None and method is not getattr(Tensor, name, None):
            return _checked(method(tensor), tensor)
    return _checked(_inner(tensor), tensor)


def _checked(found: Any, tensor: Tensor) -> Tensor:
    if not isinstance(found, Tensor) or found.shape != tensor.shape:
        raise TypeError(f"a {type(tensor).__name__} can't be read as numbers")
    return found.detach() if is_plain(found) else unpacked(found.detach())


def _inner(tensor: Any) -> Any:
    """The one tensor in a wrapper; of several nobody knows how they belong together."""
    flatten = getattr(tensor, "__tensor_flatten__", None)
    names = flatten()[0] if flatten else []
    found = [getattr(tensor, name) for name in names]
    if len(found) != 1 or not found[0].is_floating_point():
        return None
    return found[0]


def _is_bitsandbytes(tensor: Any) -> bool:
    return getattr(tensor, "quant_state", None) is not None or _rows_scaled(tensor) is not None


def _rows_scaled(tensor: Any) -> Any:
    """The scale of each row of an 8-bit weight of bitsandbytes, which stands for 127."""
    return getattr(tensor, "SCB", None) if tensor.dtype == torch.int8 else None


def _of_bitsandbytes(tensor: Any) -> Tensor:
    scales = _rows_scaled(tensor)
    if scales is not None:
        codes: Tensor = tensor.detach().as_subclass(Tensor)
        numbers: Tensor = codes.float() * (scales.detach()[:, None] / 127)
        return numbers
    functions = sys.modules.get("bitsandbytes.functional")
    if functions is None:
        raise TypeError("its numbers are packed, and bitsandbytes, which packed them, isn't loaded")
    data = tensor.detach().as_subclass(Tensor)
    found: Tensor = functions.dequantize_4bit(data, tensor.quant_state)
    return found.detach()
