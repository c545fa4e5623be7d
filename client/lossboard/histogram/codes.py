"""Magnitude codes of tensors; what they are stands in `lossboard.histogram.magnitude`."""

from __future__ import annotations

import torch
from torch import Tensor

from lossboard.histogram.magnitude import MAGNITUDE_LIMIT, RUN_LENGTH, stride_of

__all__ = ["codes_of", "looked_at"]


def looked_at(flat: Tensor) -> Tensor:
    """All values up to the limit of magnitude histograms, else as many strided ones."""
    if flat.numel() <= MAGNITUDE_LIMIT:
        return flat
    stride = stride_of(flat.numel())
    rows = flat.numel() // stride
    return flat[: rows * stride].view(rows, stride)[:, :RUN_LENGTH].reshape(-1)


def codes_of(values: Tensor) -> tuple[Tensor, int]:
    """The code of each float32 or float64 value as int16, and how many codes there are."""
    words = values.element_size() // 2
    shift, codes = (5, 2048) if words == 2 else (2, 16384)
    high = values.view(torch.int16)[words - 1 :: words].clone(memory_format=torch.contiguous_format)
    return high.bitwise_right_shift_(shift).bitwise_and_(codes - 1), codes
