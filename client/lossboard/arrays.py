"""Arrays and tensors, recognised without importing the libraries they come from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lossboard.local_tensors import outside_transforms, plain_tensor

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
    "of_python",
]

SMALL_LIMIT: Final = 32  # elements up to which an array is stored as it is
# numpy gives these as themselves, not as numbers of Python
_LONG: Final[Mapping[type, type]] = {np.longdouble: np.float64, np.clongdouble: np.complex128}

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


def array_of(value: Any, lacks: Callable[[str], None] = lambda lack: None) -> Array:
    """The elements as a numpy array; a tensor is copied from its device.

    dtypes that numpy lacks (bfloat16, float8) become float32, sparse and nested tensors dense,
    quantized ones their numbers. Of a tensor that lies on several processes it is the part in
    this one; `lacks` hears in words what that lacks. Tensors of different shapes in a list come
    one after another.
    """
    if is_tensor(value):
        return _tensor_array(value, lacks)
    if isinstance(value, list | tuple) and _holds_tensors(value):
        return _joined([array_of(item, lacks) for item in value])
    return np.asanyarray(value) if isinstance(value, np.ma.MaskedArray) else np.asarray(value)


def _holds_tensors(values: list[Any] | tuple[Any, ...]) -> bool:
    return any(
        is_tensor(item) or (isinstance(item, list | tuple) and _holds_tensors(item))
        for item in values
    )


def _joined(arrays: list[Array]) -> Array:
    """Arrays of one shape as rows of one array; others one after another."""
    if len({array.shape for array in arrays}) > 1:
        return np.concatenate([array.ravel() for array in arrays])
    return np.asarray(arrays)


def _tensor_array(value: Any, lacks: Callable[[str], None]) -> Array:
    with outside_transforms():
        tensor, lack = plain_tensor(value)
        if lack:
            lacks(lack)
        tensor = tensor.cpu().resolve_conj().resolve_neg()
        try:
            return np.asarray(tensor.numpy())
        except TypeError:  # bfloat16 and the float8 types
            return np.asarray(tensor.float().numpy())


class DeviceValue:
    """A small CUDA tensor on its way to the host: nothing waits for the device until it is read."""

    __slots__ = ("_event", "_pinned", "_read", "_value")

    def __init__(self, tensor: Any, read: Callable[[Array], Any]) -> None:
        torch = sys.modules["torch"]
        self._read = read
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
        """The result of `read` for the elements."""
        pinned = self._pinned  # another thread may be at it too
        if pinned is not None:
            self._event.synchronize()
            self._value = self._read(array_of(pinned))
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
        """The result of `read` for the elements; waits for the device."""
        clone = self._clone  # another thread may be at it too
        if clone is not None:
            self._value = self._read(array_of(clone))
            self._clone = None
        return self._value


def is_on_device(value: Any) -> bool:
    """Whether it is a tensor whose elements a device may still be computing."""
    return is_tensor(value) and value.device.type not in ("cpu", "meta")


def deferred_copy(tensor: Any, read: Callable[[Array], Any]) -> DeviceValue | ClonedValue:
    """The small tensor of a device as a deferred value: what `read` makes of its elements."""
    return (DeviceValue if tensor.device.type == "cuda" else ClonedValue)(tensor, read)


def listed(array: Array) -> Any:
    """A number for one element, else nested lists; what is no number or text as Python has it.

    Masked elements are None.
    """
    array = of_python(array)
    if isinstance(array, np.ma.MaskedArray) and not array.count():
        return None if array.size == 1 else array.tolist()
    return array.item() if array.size == 1 else array.tolist()


def of_python(array: Array) -> Array:
    """The array with numbers that Python has: longer ones are rounded."""
    kind = _LONG.get(array.dtype.type)
    return array if kind is None else array.astype(kind)
