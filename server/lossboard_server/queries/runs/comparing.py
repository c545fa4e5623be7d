"""Values as MongoDB compares them, and values along a path of keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

__all__ = ["MISSING", "Several", "at_path", "compared", "is_same", "kind_of"]

MISSING: Final = (
    object()
)  # what stands for no value; it equals None, and `$exists` tells them apart

_KINDS: Final = ("null", "number", "string", "object", "array", "bool", "date")  # in order


class Several(NamedTuple):
    """The values that a path leads to in the elements of a list."""

    values: list[Any]


def kind_of(value: Any) -> str:
    """The kind of a value, which compares with its like: null, number, string, object, array, bool
    or date."""
    if value is None or value is MISSING:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, datetime):
        return "date"
    return "object" if isinstance(value, Mapping) else "array"


def is_same(a: Any, b: Any) -> bool:
    """Whether two values are equal: of one kind, NaN as NaN, objects in any order of keys."""
    kind = kind_of(a)
    if kind != kind_of(b):
        return False
    if kind == "object":
        return a.keys() == b.keys() and all(is_same(a[key], b[key]) for key in a)
    if kind == "array":
        return len(a) == len(b) and all(map(is_same, a, b))
    return kind == "null" or a == b or bool(kind == "number" and _is_nan(a) and _is_nan(b))


def compared(a: Any, b: Any) -> int:
    """-1, 0 or 1: the place of `a` before, at or after `b`; values of different kinds too."""
    kinds = _KINDS.index(kind_of(a)), _KINDS.index(kind_of(b))
    if kinds[0] != kinds[1]:
        return _sign(*kinds)
    kind = kind_of(a)
    if kind == "null":
        return 0
    if kind == "object":
        return _compared_each(_pairs(a), _pairs(b))
    if kind == "array":
        return _compared_each(a, b)
    if kind == "number" and (_is_nan(a) or _is_nan(b)):
        return _sign(not _is_nan(a), not _is_nan(b))  # NaN is below all numbers
    return _sign(a, b)


def _pairs(values: Mapping[str, Any]) -> list[Any]:
    """Kind, key and value of each member: the order in which objects are compared."""
    return [
        part for key, value in values.items() for part in (_KINDS.index(kind_of(value)), key, value)
    ]


def _compared_each(a: Sequence[Any], b: Sequence[Any]) -> int:
    for one, other in zip(a, b, strict=False):
        found = compared(one, other)
        if found:
            return found
    return _sign(len(a), len(b))


def _sign(a: Any, b: Any) -> int:
    return int(a > b) - int(a < b)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def at_path(values: Any, parts: Sequence[str]) -> Any:
    """The value along the keys, which may themselves hold the dots between `parts`; of a list the
    element of that number, or what lies below in each element. MISSING where there is none."""
    if not parts:
        return values
    if isinstance(values, Mapping):
        return _in_object(values, parts)
    return _in_list(values, parts) if isinstance(values, list) else MISSING


def _in_object(values: Mapping[str, Any], parts: Sequence[str]) -> Any:
    for count in range(len(parts), 0, -1):
        key = ".".join(parts[:count])
        if key in values:
            found = at_path(values[key], parts[count:])
            if found is not MISSING:
                return found
    return MISSING


def _in_list(values: list[Any], parts: Sequence[str]) -> Any:
    number = parts[0]
    if number.isascii() and number.isdigit() and int(number) < len(values):
        found = at_path(values[int(number)], parts[1:])
        if found is not MISSING:
            return found
    below = [at_path(item, parts) for item in values if isinstance(item, Mapping)]
    flat = [one for item in below for one in (item.values if isinstance(item, Several) else [item])]
    return Several(flat) if any(one is not MISSING for one in flat) else MISSING
