"""The part of a tensor that is counted: a flat tensor of float32 or float64 values."""

from __future__ import annotations

import torch
from torch import Tensor

from lossboard.histogram.packed import is_plain, unpacked

__all__ = ["flat_values", "is_countable"]

_TO_FLOAT64 = frozenset({torch.int32, torch.int64, torch.uint32, torch.uint64, torch.float64})


def is_countable(tensor: Tensor) -> bool:
    """Whether the tensor has values: it is not lazy, not on the meta device and not empty."""
    if torch.nn.parameter.is_lazy(tensor) or tensor.device.type == "meta":
        return False
    return tensor.numel() > 0


def flat_values(tensor: Tensor) -> tuple[Tensor, int]:
    """The values as a contiguous one-dimensional float32 or float64 tensor, and a number of zeros.

    The zeros are those that a sparse tensor doesn't store; one of them is among the values, so
    that they have a bin, and is not in the number. Complex values become their real and imaginary
    parts. Of a tensor distributed over processes these are the local values; of one that is stored
    packed, the numbers that it stands for. Nothing is copied where the tensor has such values in
    any order. No gradient flows. Raises TypeError for one of which nobody here knows the numbers.
    """
    values = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    if hasattr(values, "trigger_wait"):  # of a collective that all processes have begun
        values = values.trigger_wait()
    values = values.detach() if is_plain(values) else unpacked(values)
    if values.layout != torch.strided:
        return _stored_values(values)
    return _flat(values), 0


def _stored_values(sparse: Tensor) -> tuple[Tensor, int]:
    stored = sparse.coalesce().values() if sparse.layout == torch.sparse_coo else sparse.values()
    missing = sparse.numel() - stored.numel()
    flat = _flat(stored)
    if not missing:
        return flat, 0
    return torch.cat((flat, flat.new_zeros(1))), missing - 1


def _flat(values: Tensor) -> Tensor:
    if values.is_quantized:
        values = values.dequantize()
    if values.is_complex():
        values = torch.view_as_real(values.resolve_conj())
    if values.is_neg():
        values = values.resolve_neg()
    if values.dtype != torch.float32:
        values = values.to(torch.float64 if values.dtype in _TO_FLOAT64 else torch.float32)
    if values.is_contiguous():
        return values.view(-1)
    # Their order doesn't matter: channels_last and transposed tensors are flat in memory order.
    by_stride = sorted(range(values.dim()), key=values.stride, reverse=True)
    return values.permute(by_stride).reshape(-1)
