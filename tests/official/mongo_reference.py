"""What MongoDB's query operators mean, written down anew from their documentation: the reference
that filters of runs are compared with, slow and without an idea of where the values come from."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

ORDER = ("null", "number", "string", "object", "array", "bool", "date")
ABSENT = object()


def matches(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether a document fits a query."""
    for name, wanted in query.items():
        if name == "$and":
            fits = all(matches(document, part) for part in wanted)
        elif name == "$or":
            fits = any(matches(document, part) for part in wanted)
        elif name == "$nor":
            fits = not any(matches(document, part) for part in wanted)
        elif name == "$not":
            fits = not matches(document, wanted)
        else:
            fits = field_fits(reached(document, name.split(".")), wanted)
        if not fits:
            return False
    return True


def reached(value: Any, path: list[str]) -> list[Any]:
    """The values that a dotted path leads to; ABSENT stands for one that is not there."""
    if not path:
        return [value]
    if isinstance(value, dict):
        return reached(value[path[0]], path[1:]) if path[0] in value else [ABSENT]
    if isinstance(value, list):
        if path[0].isdigit() and int(path[0]) < len(value):
            return reached(value[int(path[0])], path[1:])
        below = [one for item in value if isinstance(item, dict) for one in reached(item, path)]
        return below if any(one is not ABSENT for one in below) else [ABSENT]
    return [ABSENT]


def field_fits(found: list[Any], wanted: Any) -> bool:
    if isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
        return all(
            operator_fits(found, name, value, wanted)
            for name, value in wanted.items()
            if name != "$options"
        )
    return operator_fits(found, "$eq", wanted, {})


def operator_fits(found: list[Any], name: str, value: Any, beside: dict[str, Any]) -> bool:
    if name == "$ne":
        return not operator_fits(found, "$eq", value, beside)
    if name == "$nin":
        return not operator_fits(found, "$in", value, beside)
    if name == "$not":
        return not field_fits(found, value)
    if name == "$in":
        return any(field_fits(found, item) for item in value)
    if name == "$all":
        return len(value) > 0 and all(field_fits(found, item) for item in value)
    if name == "$exists":
        return any((one is not ABSENT) == bool(value) for one in found)
    if name == "$size":
        return any(isinstance(one, list) and len(one) == value for one in found)
    if name == "$elemMatch":
        lists = [one for one in found if isinstance(one, list)]
        return any(element_fits(item, value) for one in lists for item in one)
    return any(candidate_fits(one, name, value, beside) for one in with_elements(found))


def element_fits(item: Any, wanted: dict[str, Any]) -> bool:
    if any(key.startswith("$") for key in wanted):
        return field_fits([item], wanted)
    return isinstance(item, dict) and matches(item, wanted)


def with_elements(found: list[Any]) -> list[Any]:
    return found + [item for one in found if isinstance(one, list) for item in one]


def candidate_fits(one: Any, name: str, value: Any, beside: dict[str, Any]) -> bool:
    if name == "$eq":
        return kind(one) == kind(value) and equal(one, value)
    if name == "$type":
        return one is not ABSENT and any(
            is_of_type(one, wanted) for wanted in (value if isinstance(value, list) else [value])
        )
    if name == "$regex":
        flags = re.IGNORECASE if "i" in beside.get("$options", "") else re.NOFLAG
        return isinstance(one, str) and re.search(value, one, flags) is not None
    if kind(one) != kind(value):
        return False
    if kind(one) == "null" or is_nan(one) or is_nan(value):
        return name in ("$gte", "$lte") and equal(one, value)
    place = order(one, value)
    return {"$gt": place > 0, "$gte": place >= 0, "$lt": place < 0, "$lte": place <= 0}[name]


def is_of_type(one: Any, wanted: Any) -> bool:
    names = {1: "double", 2: "string", 3: "object", 4: "array", 8: "bool", 9: "date", 10: "null"}
    names |= {16: "int", 18: "long"}
    wanted = names.get(wanted, wanted) if not isinstance(wanted, str) else wanted
    if kind(one) != "number":
        return bool(wanted == kind(one))
    exact = "double" if isinstance(one, float) else "int" if -(2**31) <= one < 2**31 else "long"
    return wanted in ("number", exact)


def kind(value: Any) -> str:
    if value is ABSENT or value is None:
        return "null"
    for name, types in (("bool", bool), ("number", (int, float)), ("string", str)):
        if isinstance(value, types):
            return name
    if isinstance(value, datetime):
        return "date"
    return "object" if isinstance(value, dict) else "array"


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def equal(a: Any, b: Any) -> bool:
    if kind(a) != kind(b):
        return False
    if kind(a) == "null" or (is_nan(a) and is_nan(b)):
        return True
    if kind(a) == "object":
        return set(a) == set(b) and all(equal(a[key], b[key]) for key in a)
    if kind(a) == "array":
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def order(a: Any, b: Any) -> int:
    """Below, at or above: of any two values."""
    if kind(a) != kind(b):
        return ORDER.index(kind(a)) - ORDER.index(kind(b))
    if kind(a) == "null":
        return 0
    if kind(a) == "array":
        parts = [order(x, y) for x, y in zip(a, b, strict=False)]
        return next((part for part in parts if part), len(a) - len(b))
    if kind(a) == "object":
        pairs = zip(a.items(), b.items(), strict=False)
        for (key, x), (other, y) in pairs:
            for part in (ORDER.index(kind(x)) - ORDER.index(kind(y)), order(key, other)):
                if part:
                    return part
            if (part := order(x, y)) != 0:
                return part
        return len(a) - len(b)
    if is_nan(a) or is_nan(b):
        return int(is_nan(b)) - int(is_nan(a))
    return int(a > b) - int(a < b)
