"""Values that are no arrays as plain data: numbers, text, None, lists and dicts."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import fractions
import io
import ipaddress
import re
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from pathlib import PurePath
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from lossboard.arrays import listed
from lossboard.depth import DepthError
from lossboard.faults import (
    Tell,
    fault_of,
    is_for_the_caller,
    short_text,
    type_name,
    without_addresses,
)
from lossboard.wire import storable_int

__all__ = [
    "LEFT_OUT",
    "PLAIN",
    "Convert",
    "NoFormError",
    "Place",
    "dataclass_fields",
    "exact_text",
    "items_of",
    "kept",
    "model_fields",
    "plain",
    "remainder",
    "stable_text",
    "whole",
]

PLAIN: Final = frozenset({float, int, bool, str, type(None)})
LEFT_OUT: Final = object()  # what stands for a value of which nothing can be kept

_FINAL: Final = frozenset({bool, str, type(None)})
_ELEMENT_LIMIT: Final = 10_000  # of iterators and ranges, which may have no end
_AS_TEXT: Final = (
    decimal.Decimal,
    fractions.Fraction,
    PurePath,
    uuid.UUID,
    ipaddress._IPAddressBase,
    collections.UserString,
)


class NoFormError(TypeError):
    """A value is of a type that has no plain form; one inside of it may have had."""

    def __init__(self, value: Any) -> None:
        super().__init__(f"Object of type {type_name(value)} is not JSON serializable")
        self.value = value


class Place(NamedTuple):
    """The place of a value: below which key, and who hears what becomes of it."""

    key: str
    tell: Tell


Convert: TypeAlias = Callable[[Any, Place], Any]


def kept(value: Any, place: Place, convert: Convert) -> Any:
    """`convert(value, place)`; short text, or LEFT_OUT, for what that raises on, which is told.

    Values nested too deeply raise DepthError or RecursionError: that is for who has all of it.
    """
    try:
        return convert(value, place)
    except (DepthError, RecursionError):
        raise
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        return remainder(value, place, error)


def remainder(value: Any, place: Place, error: BaseException) -> Any:
    """The rest to keep of a value whose conversion raised: short text, or LEFT_OUT. It is told."""
    text = short_text(value)
    place.tell(fault_of(place.key, value, "left out" if text is None else "text", error))
    return LEFT_OUT if text is None else text


def plain(value: Any, place: Place, convert: Convert) -> Any:
    """The plain form of a value that is no array; `convert` is for what lies inside of it.

    Raises TypeError for what has none, and whatever the value's own methods raise.
    """
    if isinstance(value, bool | int | float | str) or value is None:
        return _scalar(value)
    if isinstance(value, Mapping):
        return _object(items_of(value, place), place, convert)
    if isinstance(value, list | tuple | Set | collections.deque):
        return [_element(item, place, convert) for item in value]
    if isinstance(value, np.generic):
        return _unwrapped(value, place, convert)
    text = _text(value)
    return _structured(value, place, convert) if text is None else text


def _element(value: Any, place: Place, convert: Convert) -> Any:
    if type(value) in _FINAL or (type(value) is float and value - value == 0):
        return value  # but not what is no finite number, which has several forms
    found = kept(value, place, convert)
    return None if found is LEFT_OUT else found


def _object(items: Iterable[tuple[str, Any]], place: Place, convert: Convert) -> dict[str, Any]:
    converted = {key: kept(item, place, convert) for key, item in items}
    return {key: item for key, item in converted.items() if item is not LEFT_OUT}


def items_of(
    value: Mapping[Any, Any], place: Place, named: Callable[[Any], Any] | None = None
) -> list[tuple[Any, Any]]:
    """Keys as text, or as `named` has them, and items; without those whose key won't be text or
    whose item won't come."""
    found = []
    for key, item in _pairs(value, place):
        try:
            found.append((key if type(key) is str else (named or exact_text)(key), item))
        except BaseException as error:
            if is_for_the_caller(error):
                raise
            place.tell(fault_of(place.key, key, "left out", error))
    return found


def _pairs(value: Mapping[Any, Any], place: Place) -> list[tuple[Any, Any]]:
    """Keys and items; one by one where one of them, as a value that is still missing in an
    OmegaConf config, keeps all others from coming."""
    try:
        return list(value.items())
    except BaseException as error:
        if is_for_the_caller(error):
            raise
    return [pair for key in value if (pair := _pair(value, key, place)) is not None]


def _pair(value: Mapping[Any, Any], key: Any, place: Place) -> tuple[Any, Any] | None:
    try:
        return key, value[key]
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        name = f"{place.key}.{key}" if place.key else str(key)
        place.tell(fault_of(name, None, "left out", error))
        return None


def exact_text(key: Any) -> str:
    """A key as `str` itself, not as a subclass that may do anything."""
    return str.__str__(key) if isinstance(key, str) else str.__str__(str(key))


def stable_text(value: Any) -> str:
    """The text of an object, without addresses: the same in each process."""
    return without_addresses(exact_text(value))


def _scalar(value: Any) -> Any:
    """A subclass (np.float64, ...) as the type that it extends, whatever its methods do."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    return whole(value) if isinstance(value, int) else float.__pos__(value)


def whole(value: int) -> int:
    """The int itself. Raises TypeError for one too long to be stored."""
    exact = int.__pos__(value)
    storable_int(exact)
    return exact


def _unwrapped(value: np.generic, place: Place, convert: Convert) -> Any:
    found = listed(np.asarray(value))
    if isinstance(found, np.generic):
        raise NoFormError(value)
    return convert(found, place)


def _text(value: Any) -> str | None:
    """The text that W&B stores."""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    if isinstance(value, complex):
        return str(value).strip("()")
    if isinstance(value, re.Pattern):
        return str(value.pattern)
    if isinstance(value, _AS_TEXT):
        return str(value)
    return _callable_name(value) if callable(value) else None


def _callable_name(value: Any) -> str:
    if hasattr(value, "__qualname__") and hasattr(value, "__module__"):
        return f"{value.__module__}.{value.__qualname__}"
    return stable_text(value)


def _duration(value: datetime.timedelta) -> str:
    """ISO 8601, as W&B's history has it: P1DT2H0.5S, -PT5S."""
    micros = abs(value) // datetime.timedelta(microseconds=1)
    seconds, fraction = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    hours, minutes = divmod(seconds // 60, 60)
    rest = f"{seconds % 60}.{fraction:06}".rstrip("0").rstrip(".")
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    time = "".join(f"{amount}{unit}" for amount, unit in parts if amount not in (0, "0"))
    date = f"{days}D" if days else ""
    body = date + (f"T{time}" if time else "") or "T0S"
    return f"{'-' if value < datetime.timedelta(0) else ''}P{body}"


def _structured(value: Any, place: Place, convert: Convert) -> Any:
    """Objects with fields, and sequences of any kind."""
    fields = dataclass_fields(value)
    fields = model_fields(value) if fields is None else fields
    if fields is not None:
        return _object(fields.items(), place, convert)
    if isinstance(value, Iterator | Sequence) and not isinstance(value, io.IOBase):
        return [_element(item, place, convert) for item in _bounded(value)]
    raise NoFormError(value)


def _bounded(value: Iterable[Any]) -> list[Any]:
    found = list(islice(value, _ELEMENT_LIMIT + 1))
    if len(found) > _ELEMENT_LIMIT:
        raise ValueError(f"more than {_ELEMENT_LIMIT:,} elements are stored of lists only")
    return found


def dataclass_fields(value: Any) -> dict[str, Any] | None:
    """The fields of a dataclass by name; None for what is none."""
    if not hasattr(type(value), "__dataclass_fields__") or isinstance(value, type):
        return None
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def model_fields(value: Any) -> dict[str, Any] | None:
    """The fields of a pydantic model by name; None for what is none."""
    model = getattr(sys.modules.get("pydantic"), "BaseModel", None)
    if model is None or not isinstance(value, model):
        return None
    return dict(value.model_dump())
