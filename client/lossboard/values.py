"""From what users log to what records hold, by W&B's table of conversions.

What can't be stored, or whose own methods raise, is kept as short text or left out, and told:
each function takes a `tell` for that, which raises by default.
"""

from __future__ import annotations

import datetime
import enum
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np

from lossboard.arrays import (
    SMALL_LIMIT,
    ClonedValue,
    array_of,
    deferred_copy,
    is_array,
    is_on_device,
    listed,
)
from lossboard.depth import MAX_DEPTH, DepthError, check_depth, depth_of
from lossboard.faults import Fault, Tell, fault_of, is_for_the_caller, raised, short_text, type_name
from lossboard.histogram import Histogram, from_values
from lossboard.local_tensors import outside_transforms, plain_tensor
from lossboard.plain_values import (
    LEFT_OUT,
    PLAIN,
    Convert,
    NoFormError,
    Place,
    dataclass_fields,
    exact_text,
    items_of,
    kept,
    model_fields,
    plain,
    remainder,
    stable_text,
    whole,
)
from lossboard.sending.interface import Key
from lossboard.wire import HistogramData

__all__ = [
    "Bind",
    "Row",
    "config_value",
    "config_values",
    "edited_config_values",
    "history_row",
    "history_value",
    "stored_summary_value",
    "summary_value",
]

Row: TypeAlias = dict[Key, Any]

_ARRAY_BINS: Final = 32  # what W&B makes of an array of more than SMALL_LIMIT elements
_TEXT: Final = frozenset({str})
_LISTED_ELEMENTS: Final = 10_000  # of an array of the config, or of objects, kept as lists
_SHOWN_PARTS: Final = 4  # of a nested key, in messages
_STRICT: Final = Place("value", raised)


class Bind(Protocol):
    """A function that makes JSON of media; see `lossboard.media.binder.Binder`."""

    def bind(self, path: tuple[str, ...], value: Any, step: int | None) -> tuple[Key, Any] | None:
        """Key and JSON; None for what is no media."""


def history_row(
    data: Mapping[str, Any],
    media: Bind | None = None,
    step: int | None = None,
    tell: Tell = raised,
) -> Row:
    """A snapshot of what was passed to `log`, nested dicts as tuples of keys, with `media` bound
    to the `step` that was given, if any.

    Raises TypeError for what is no mapping and for keys that are not text. Values of which
    nothing, or not all, can be kept go to `tell`; the rest is kept.
    """
    if type(data) is dict and PLAIN.issuperset(map(type, data.values())):
        if not _TEXT.issuperset(map(type, data)):
            _refuse_keys(data)
        return data.copy()
    if not isinstance(data, Mapping):
        raise TypeError("wandb.log must be passed a dictionary")
    row: Row = {}
    way = _Way(media, step, tell)
    for key, value in _top_items(data, tell):
        if type(value) in PLAIN:
            row[key] = value
        else:
            _put(row, (key,), value, way)
    return row


def _top_items(data: Mapping[str, Any], tell: Tell) -> list[tuple[str, Any]]:
    """Keys and values; none of a mapping that won't give them."""
    try:
        items = list(data.items())
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        tell(fault_of("all values", data, "left out", error))
        return []
    _refuse_keys(key for key, _ in items)
    return [(key if type(key) is str else exact_text(key), value) for key, value in items]


def _refuse_keys(keys: Iterable[Any]) -> None:
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(
                "Key values passed to `wandb.log` must be strings."
                f" {short_text(key)} is {type_name(key)}"
            )


class _Way(NamedTuple):
    """Things that stay the same while the values of a row are put."""

    media: Bind | None
    step: int | None
    tell: Tell


def _put(row: Row, path: tuple[str, ...], value: Any, way: _Way) -> None:
    place = Place(path[0] if len(path) == 1 else _shown(path), way.tell)
    try:
        found = _opened(path, value, way, place)
    except (DepthError, RecursionError) as error:
        place.tell(fault_of(place.key, value, "left out", error))
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        found = _Bound(_key(path), remainder(value, place, error))
        if found.stored is not LEFT_OUT:
            row[found.key] = found.stored
    else:
        _put_found(row, path, found, way)


def _put_found(row: Row, path: tuple[str, ...], found: _Bound | _Branches, way: _Way) -> None:
    if isinstance(found, _Bound):
        row[found.key] = found.stored
        return
    for name, item in found.items:
        if type(item) in PLAIN:
            row[(*path, name)] = item
        else:
            _put(row, (*path, name), item, way)


class _Bound(NamedTuple):
    """A value of the row and the key that it goes by."""

    key: Key
    stored: Any


class _Branches(NamedTuple):
    """Values that one value becomes."""

    items: list[tuple[str, Any]]


def _opened(path: tuple[str, ...], value: Any, way: _Way, place: Place) -> _Bound | _Branches:
    if isinstance(value, np.generic) or is_array(value):
        return _Bound(_key(path), _checked(path, value, place, history_value))
    branches = _branches(value, place) if len(path) <= MAX_DEPTH else None
    if branches is not None:
        return _Branches(branches)
    bound = None if way.media is None else way.media.bind(path, value, way.step)
    if bound is not None:
        return _Bound(*bound)
    return _Bound(_key(path), _checked(path, value, place, history_value))


def _key(path: tuple[str, ...]) -> Key:
    return path if len(path) > 1 else path[0]


def _branches(value: Any, place: Place) -> list[tuple[str, Any]] | None:
    """Keys and items of what becomes several values of the row; None for anything else."""
    if isinstance(value, Mapping):
        return items_of(value, place) if value and "_type" not in value else None
    fields = dataclass_fields(value)
    fields = model_fields(value) if fields is None else fields
    return list(fields.items()) if fields else None


def _guarded(value: Any, place: Place, convert: Convert) -> Any:
    """As `kept`; what is nested too deeply is left out and told too."""
    try:
        return kept(value, place, convert)
    except DepthError as error:
        place.tell(fault_of(place.key, value, "left out", error))
    except RecursionError as error:
        place.tell(fault_of(place.key, value, "left out", error))
    return LEFT_OUT


def _checked(path: tuple[str, ...], value: Any, place: Place, convert: Convert) -> Any:
    """`convert(value)`. Raises DepthError for what is nested too deeply to be stored."""
    outer = len(path) - 1
    try:
        converted = convert(value, place)
    except RecursionError:
        check_depth(_named(path), value, outer=outer)
        raise DepthError(
            f"{_named(path)} is nested deeper than Python can follow: make it flatter"
        ) from None
    if outer + depth_of(converted) > MAX_DEPTH:
        check_depth(_named(path), converted, outer=outer)
    return converted


def _shown(path: tuple[str, ...]) -> str:
    return ".".join(path[:_SHOWN_PARTS]) + ("..." if len(path) > _SHOWN_PARTS else "")


def _named(path: tuple[str, ...]) -> str:
    return f"the value of {_shown(path)!r}"


def history_value(value: Any, place: Place = _STRICT) -> Any:
    """The form that `value` has in a row: plain data, `wire.HistogramData`, or a `Deferred` of
    such."""
    if type(value) in PLAIN:
        return whole(value) if type(value) is int else value
    if is_array(value):
        return _array_value(value, place)
    if isinstance(value, Histogram):
        return value.told(place.tell, place.key)
    if isinstance(value, HistogramData):
        return value
    if isinstance(value, enum.Enum):
        return _inner_value(value.value, place)
    return plain(value, place, _inner_value)


def _inner_value(value: Any, place: Place) -> Any:
    """The form that `value` has in a list: as in a row, but a histogram as its JSON."""
    return _resolved(history_value(value, place))


def _resolved(converted: Any) -> Any:
    converted = converted.resolve() if hasattr(converted, "resolve") else converted
    if isinstance(converted, HistogramData):
        return Histogram.from_data(converted).to_json()
    return converted


def _array_value(value: Any, place: Place) -> Any:
    if is_on_device(value):
        with outside_transforms():
            return _device_value(value, place)
    array = _array(value, place)
    return _small(array, place) if _is_list(array) else _array_histogram(array)


def _is_list(array: Any) -> bool:
    """Whether an array is stored as lists: a small one, and one of anything but numbers."""
    limit = SMALL_LIMIT if array.dtype.kind in "biufc" else _LISTED_ELEMENTS
    return bool(array.size <= limit)


def _array(value: Any, place: Place) -> Any:
    return array_of(value, lambda lack: _tell_part(value, lack, place))


def _tell_part(value: Any, lack: str, place: Place) -> None:
    place.tell(Fault(place.key, type_name(value), "part", lack))


def _small(array: Any, place: Place, convert: Convert = _inner_value) -> Any:
    found = listed(array)
    return found if array.dtype.kind in "biufU" else _plain_elements(found, place, convert)


def _plain_elements(found: Any, place: Place, convert: Convert) -> Any:
    return found if type(found) in PLAIN else convert(found, place)


def _device_value(value: Any, place: Place) -> Any:
    """A tensor that a device may still be computing, for which nothing waits."""
    tensor, lack = plain_tensor(value)
    if lack:
        _tell_part(value, lack, place)
    if tensor.numel() <= SMALL_LIMIT:
        return deferred_copy(tensor, lambda array: _small(array, _STRICT))
    return _deferred_histogram(tensor)


def _deferred_histogram(tensor: Any) -> Any:
    """The histogram of a device's tensor, for which nothing waits."""
    if tensor.device.type != "cuda":
        return ClonedValue(tensor, _array_histogram)
    from lossboard.histogram.device import deferred_histogram  # late: it imports torch

    return deferred_histogram(tensor, _ARRAY_BINS)


def _array_histogram(array: Any) -> HistogramData:
    shown = array.compressed() if isinstance(array, np.ma.MaskedArray) else array
    return from_values(shown, _ARRAY_BINS)


def stored_summary_value(
    key: str,
    value: Any,
    tell: Tell = raised,
    bind: Callable[[str, Any], Any] = lambda key, value: None,
) -> Any:
    """The form of a value in the summary, by `bind` if it is media; LEFT_OUT for what can't be
    kept."""

    def convert(value: Any, place: Place) -> Any:
        bound = bind(key, value)
        return _checked((key,), value, place, summary_value) if bound is None else bound

    return _guarded(value, Place(key, tell), convert)


def _whole(key: str, convert: Convert) -> Convert:
    """`convert`, and DepthError for what is nested too deeply to be stored."""
    return lambda value, place: _checked((key,), value, place, convert)


def summary_value(value: Any, place: Place = _STRICT) -> Any:
    """The form of a value in the summary: as in a row, but a larger array as its statistics."""
    if is_array(value):
        array = _array(value, place)
        is_list = _is_list(array)
        return _small(array, place, summary_value) if is_list else _statistics(array)
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Histogram | HistogramData):
        return _inner_value(value, place)
    return plain(value, place, summary_value)


def _statistics(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    if array.dtype.kind not in "biuf":
        return Histogram.from_data(_array_histogram(array)).to_json()
    array = array.astype(np.float64) if array.dtype.kind in "bf" else array
    percentiles = np.percentile(array, (10, 25, 75, 90)).tolist()
    named = dict(zip(("10%", "25%", "75%", "90%"), percentiles, strict=True))
    moments = {name: float(getattr(array, name)()) for name in ("var", "mean", "min", "max")}
    return {"_type": "numpy.ndarray", **moments, **named, "size": int(array.size)}


def config_values(values: Mapping[str, Any], tell: Tell = raised) -> dict[str, Any]:
    """The values for the config, without what can't be kept."""
    return _values_by(config_value, values, tell)


def edited_config_values(values: Mapping[str, Any], tell: Tell = raised) -> dict[str, Any]:
    """The same for changes of a stored config: NaN stays NaN."""
    return _values_by(_edited_config_value, values, tell)


def _values_by(convert: Convert, values: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    found = {
        key: _guarded(value, Place(key, tell), _whole(key, convert))
        for key, value in values.items()
    }
    return {key: value for key, value in found.items() if value is not LEFT_OUT}


def config_value(value: Any, place: Place = _STRICT) -> Any:
    """The form of a value in the config: plain data, with NaN as None and unknown objects as their
    text. Keys that are numbers stay numbers, as the run's own program reads them."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return _config_form(value, place, config_value)


def _edited_config_value(value: Any, place: Place) -> Any:
    return _config_form(value, place, _edited_config_value)


def _config_form(value: Any, place: Place, convert: Convert) -> Any:
    """The form of a value other than NaN; `convert` is for what lies inside of it."""
    if isinstance(value, float):
        return float.__pos__(value)
    if is_array(value):
        array = _array(value, place)
        is_list = array.size <= _LISTED_ELEMENTS
        return convert(listed(array), place) if is_list else str(array)
    if isinstance(value, Mapping):
        items = items_of(value, place, _config_key)
        found = {key: kept(item, place, convert) for key, item in items}
        return {key: item for key, item in found.items() if item is not LEFT_OUT}
    if isinstance(value, slice):
        parts = {"slice_start": value.start, "slice_step": value.step, "slice_stop": value.stop}
        return {name: convert(part, place) for name, part in parts.items()}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, datetime.timedelta):
        return str(value)
    if _is_media(value):
        raise TypeError("WBValue objects cannot be added to the run config: log them instead")
    return _plain_or_text(value, place, convert)


def _plain_or_text(value: Any, place: Place, convert: Convert) -> Any:
    try:
        return plain(value, place, convert)
    except NoFormError as error:
        if error.value is not value:
            raise
        return stable_text(value)  # what W&B stores of any other object, but the same each time


def _config_key(key: Any) -> Any:
    key = key.item() if isinstance(key, np.generic) else key
    return key if type(key) in PLAIN else exact_text(key)


def _is_media(value: Any) -> bool:
    media = getattr(sys.modules.get("lossboard.media.base"), "Media", None)
    return media is not None and isinstance(value, media)
