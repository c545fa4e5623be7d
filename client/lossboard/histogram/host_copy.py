"""The way of numbers from a device to the host, without waiting for it."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["HostCopy"]


class HostCopy:
    """A tensor of one dimension on its way to the host."""

    def __init__(self, tensor: Tensor) -> None:
        self._arrived: torch.cuda.Event | None = None
        self._host = tensor
        if tensor.device.type == "cpu":
            return
        self._host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        self._host.copy_(tensor, non_blocking=True)
        self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._arrived.record(torch.cuda.current_stream(tensor.device))

    def ready(self) -> bool:
        """Whether the copy has arrived."""
        return self._arrived is None or bool(self._arrived.query())  # type: ignore[no-untyped-call]

    def numbers(self) -> NDArray[Any]:
        """The numbers; waits for the device."""
        if self._arrived is not None:
            self._arrived.synchronize()
        numbers: NDArray[Any] = self._host.numpy()
        return numbers
