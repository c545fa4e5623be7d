"""Arrays and tensors, recognised without importing the libraries they come from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "SMALL_LIMIT",
    "ClonedValue",
    "DeviceValue",
    "array_of",
    "deferred_copy",
    "is_array",
    "is_on_device",
    "is_tensor",
    "listed",
]

SMALL_LIMIT: Final = 32  # elements up to which an array is stored as it is

Array: TypeAlias = NDArray[Any]


def is_tensor(value: Any) -> bool:
    """Whether `value` is a torch tensor."""
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    return tensor is not None and isinstance(value, tensor)


def is_array(value: Any) -> bool:
    """Whether `value` is a torch tensor, a numpy array, or an array of JAX or TensorFlow."""
    if isinstance(value, np.ndarray) or is_tensor(value):
        return True
    package = type(value).__module__.partition(".")[0]
    return package in ("jax", "jaxlib", "tensorflow", "cupy") and hasattr(value, "__array__")


def array_of(value: Any) -> Array:
    """The elements as a numpy array; a tensor is copied from its device.

    dtypes that numpy lacks (bfloat16, float8) become float32, sparse tensors dense.
    """
    if not is_tensor(value):
        return np.asarray(value)
    tensor = value.detach()
    if tensor.layout is not sys.modules["torch"].strided:
        tensor = tensor.to_dense()
    tensor = tensor.cpu().resolve_conj().resolve_neg()
    try:
        return np.asarray(tensor.numpy())
    except TypeError:  # bfloat16 and the float8 types
        return np.asarray(tensor.float().numpy())


class DeviceValue:
    """A small CUDA tensor on its way to the host: nothing waits for the device until it is read."""

    __slots__ = ("_event", "_pinned", "_value")

    def __init__(self, tensor: Any) -> None:
        torch = sys.modules["torch"]
        source = tensor.detach()
        # The copy is queued behind the work that computes the tensor, and ahead of all that could
        # change it; the event marks its end.
        self._pinned = torch.empty(source.shape, dtype=source.dtype, pin_memory=True)
        self._pinned.copy_(source, non_blocking=True)
        self._event = torch.cuda.Event()
        self._event.record(torch.cuda.current_stream(source.device))
        self._value: Any = None

    def ready(self) -> bool:
        """Whether the copy is done."""
        return bool(self._event.query())

    def resolve(self) -> Any:
        """A number for one element, else nested lists."""
        pinned = self._pinned  # another thread may be at it too
        if pinned is not None:
            self._event.synchronize()
            self._value = listed(array_of(pinned))
            self._pinned = None
        return self._value


class ClonedValue:
    """A tensor of a device that has no pinned memory and events: copied on the device at once, and
    to the host, where `read` takes it, on the thread that resolves it."""

    __slots__ = ("_clone", "_read", "_value")

    def __init__(self, tensor: Any, read: Callable[[Array], Any]) -> None:
        self._clone = tensor.detach().clone()
        self._read = read
        self._value: Any = None

    def ready(self) -> bool:
        """Always: nobody can tell."""
        return True

    def resolve(self) -> Any:
        """What `read` makes of the elements; waits for the device."""
        clone = self._clone  # another thread may be at it too
        if clone is not None:
            self._value = self._read(array_of(clone))
            self._clone = None
        return self._value


def is_on_device(value: Any) -> bool:
    """Whether it is a tensor whose elements a device may still be computing."""
    return is_tensor(value) and value.device.type not in ("cpu", "meta")


def deferred_copy(tensor: Any) -> DeviceValue | ClonedValue | None:
    """The small tensor as a deferred value, or None where it can be read at once or has to be."""
    if not is_on_device(tensor) or tensor.layout is not sys.modules["torch"].strided:
        return None
    return DeviceValue(tensor) if tensor.device.type == "cuda" else ClonedValue(tensor, listed)


def listed(array: Array) -> Any:
    """A number for one element, else nested lists; dates and the like as text."""
    if array.dtype.kind in "biufU":
        return array.item() if array.size == 1 else array.tolist()
    if array.dtype.kind == "O":
        raise TypeError(f"Object of type {type(array).__name__} is not JSON serializable")
    texts = array.astype(str)
    return texts.item().strip("()") if texts.size == 1 else texts.tolist()
