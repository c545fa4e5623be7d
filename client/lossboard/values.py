"""From what users log to what records hold, by W&B's table of conversions."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import sys
import types
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np

from lossboard.arrays import (
    SMALL_LIMIT,
    ClonedValue,
    array_of,
    deferred_copy,
    is_array,
    is_on_device,
    is_tensor,
    listed,
)
from lossboard.histogram import Histogram, from_values
from lossboard.terms import Key
from lossboard.wire import MAX_DEPTH, DepthError, HistogramData, check_depth, depth_of

__all__ = [
    "Bind",
    "Row",
    "config_value",
    "config_values",
    "history_row",
    "history_value",
    "stored_summary_value",
    "summary_value",
]

Row: TypeAlias = dict[Key, Any]
_Convert: TypeAlias = Callable[[Any], Any]
_Refuse: TypeAlias = Callable[[DepthError], None]

_ARRAY_BINS: Final = 32  # what W&B makes of an array of more than SMALL_LIMIT elements
_PLAIN: Final = frozenset({float, int, bool, str, type(None)})
_TEXT: Final = frozenset({str})
_SHOWN_PARTS: Final = 4  # of a nested key, in messages
_FUNCTIONS: Final = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)


class Bind(Protocol):
    """What makes JSON of media; see `lossboard.media.binder.Binder`."""

    def bind(self, path: tuple[str, ...], value: Any, step: int | None) -> tuple[Key, Any] | None:
        """Key and JSON; None for what is no media."""


def _refused(error: DepthError) -> None:
    raise error


def history_row(
    data: Mapping[str, Any],
    media: Bind | None = None,
    step: int | None = None,
    refuse: _Refuse = _refused,
) -> Row:
    """A snapshot of what was passed to `log`, nested dicts as tuples of keys, with `media` bound
    to the `step` that was given, if any.

    Raises TypeError, and nothing of it is stored then, for keys that are not text and for values
    that can't be stored. Values that are nested too deeply go to `refuse`; the rest is kept.
    """
    if type(data) is dict and _PLAIN.issuperset(map(type, data.values())):
        if not _TEXT.issuperset(map(type, data)):
            _refuse_keys(data)
        return data.copy()
    if not isinstance(data, Mapping):
        raise TypeError("wandb.log must be passed a dictionary")
    _refuse_keys(data)
    row: Row = {}
    way = _Way(media, step, refuse)
    for key, value in data.items():
        if type(value) in _PLAIN:
            row[key] = value
        else:
            _put(row, (key,), value, way)
    return row


def _refuse_keys(data: Mapping[Any, Any]) -> None:
    for key in data:
        if not isinstance(key, str):
            raise TypeError(
                f"Key values passed to `wandb.log` must be strings. {key!r} is {type(key).__name__}"
            )


class _Way(NamedTuple):
    """What stays the same while the values of a row are put."""

    media: Bind | None
    step: int | None
    refuse: _Refuse


def _put(row: Row, path: tuple[str, ...], value: Any, way: _Way) -> None:
    if _is_branch(value) and len(path) <= MAX_DEPTH:
        for name, item in value.items():
            _put(row, (*path, str(name)), item, way)
        return
    try:
        key, stored = _bound(path, value, way)
    except DepthError as error:
        way.refuse(error)
    else:
        row[key] = stored


def _is_branch(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and "_type" not in value


def _bound(path: tuple[str, ...], value: Any, way: _Way) -> tuple[Key, Any]:
    bound = None
    if way.media is not None and type(value) not in _PLAIN and not is_array(value):
        bound = way.media.bind(path, value, way.step)
    if bound is not None:
        return bound
    key = path if len(path) > 1 else path[0]
    return key, _checked(path, value, history_value)


def _checked(path: tuple[str, ...], value: Any, convert: _Convert) -> Any:
    """`convert(value)`. Raises DepthError for what is nested too deeply to be stored."""
    outer = len(path) - 1
    try:
        converted = convert(value)
    except RecursionError:
        check_depth(_named(path), value, outer=outer)
        raise DepthError(
            f"{_named(path)} is nested deeper than Python can follow: make it flatter"
        ) from None
    if outer + depth_of(converted) > MAX_DEPTH:
        check_depth(_named(path), converted, outer=outer)
    return converted


def _named(path: tuple[str, ...]) -> str:
    name = ".".join(path[:_SHOWN_PARTS]) + ("..." if len(path) > _SHOWN_PARTS else "")
    return f"the value of {name!r}"


def history_value(value: Any) -> Any:
    """What a row holds for `value`: plain data, `wire.HistogramData`, or a `Deferred` of such."""
    if type(value) in _PLAIN:
        return value
    if is_array(value):
        return _array_value(value)
    if isinstance(value, Histogram):
        return value.data
    if isinstance(value, HistogramData):
        return value
    return _plain(value, _inner_value)


def _inner_value(value: Any) -> Any:
    """What a list holds for `value`: as in a row, but a histogram as its JSON."""
    converted = history_value(value)
    converted = converted.resolve() if hasattr(converted, "resolve") else converted
    if isinstance(converted, HistogramData):
        return Histogram.from_data(converted).to_json()
    return converted


def _array_value(value: Any) -> Any:
    size = value.numel() if is_tensor(value) else int(np.size(value))
    if size <= SMALL_LIMIT:
        return deferred_copy(value) or listed(array_of(value))
    if is_on_device(value):
        return _deferred_histogram(value)
    return _array_histogram(array_of(value))


def _deferred_histogram(tensor: Any) -> Any:
    """The histogram of a device's tensor, for which nothing waits."""
    if tensor.device.type != "cuda":
        return ClonedValue(tensor, _array_histogram)
    from lossboard.watch.device import deferred_histogram  # late: it imports torch

    return deferred_histogram(tensor, _ARRAY_BINS)


def _array_histogram(array: Any) -> HistogramData:
    return from_values(array, _ARRAY_BINS)


def stored_summary_value(key: str, value: Any) -> Any:
    """What the summary holds below a key. Raises DepthError for what is nested too deeply."""
    return _checked((key,), value, summary_value)


def summary_value(value: Any) -> Any:
    """What the summary holds: as in a row, but a larger array as its statistics."""
    if is_array(value) and np.size(array_of(value)) > SMALL_LIMIT:
        return _statistics(array_of(value))
    return _inner_value(value)


def _statistics(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    percentiles = np.percentile(array, (10, 25, 75, 90)).tolist()
    named = dict(zip(("10%", "25%", "75%", "90%"), percentiles, strict=True))
    moments = {name: float(getattr(array, name)()) for name in ("var", "mean", "min", "max")}
    return {"_type": "numpy.ndarray", **moments, **named, "size": int(array.size)}


def config_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the config holds. Raises DepthError for a value that is nested too deeply."""
    return {key: _checked((key,), value, config_value) for key, value in values.items()}


def config_value(value: Any) -> Any:
    """What the config holds: plain data, with NaN as None and unknown objects as their text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else float(value)
    if is_array(value):
        array = array_of(value)
        return config_value(listed(array)) if array.size <= SMALL_LIMIT else str(array)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: config_value(getattr(value, field.name)) for field in fields}
    if isinstance(value, slice):
        parts = {"slice_start": value.start, "slice_step": value.step, "slice_stop": value.stop}
        return {name: config_value(part) for name, part in parts.items()}
    if _is_media(value):
        raise TypeError("WBValue objects cannot be added to the run config: log them instead")
    try:
        return _plain(value, config_value)
    except TypeError:
        return str(value)


def _is_media(value: Any) -> bool:
    media = getattr(sys.modules.get("lossboard.media.base"), "Media", None)
    return media is not None and isinstance(value, media)


def _plain(value: Any, convert: _Convert) -> Any:
    """The plain form of a value that is no array; `convert` is for what lies inside of it."""
    if value is None or isinstance(value, bool | int | float | str):
        return _scalar(value)
    if isinstance(value, Mapping):
        return {str(key): convert(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | Generator):
        return [convert(item) for item in value]
    if isinstance(value, np.generic):
        return listed(np.asarray(value))
    return _textual(value)


def _scalar(value: Any) -> Any:
    """A subclass (np.float64, IntEnum, ...) as the type that it extends, an enum as its name."""
    if isinstance(value, enum.Enum):
        return value.name
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _textual(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, complex):
        return str(value).strip("()")
    if isinstance(value, decimal.Decimal | fractions.Fraction):
        return str(value)
    if isinstance(value, _FUNCTIONS):
        return f"{value.__module__}.{value.__qualname__}"
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
