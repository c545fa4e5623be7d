"""Filters and orders of runs as the server takes them."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Set
from typing import Any, Final

from lossboard.values import summary_value
from lossboard.wire import ints_restored

__all__ = ["filter_text", "sort_of"]

_SORTS: Final = {"created_at": "created", "createdAt": "created", "display_name": "name"}
_FLAGS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x"}


def filter_text(filters: Mapping[str, Any]) -> str | None:
    """The JSON of a filter, None for one that all runs match. Numbers and arrays of any library,
    times, sets and compiled patterns are taken; raises TypeError for what has no such form."""
    if not isinstance(filters, Mapping):
        raise TypeError(f"filters is a dict such as {{'state': 'finished'}}, not {filters!r:.80}")
    return json.dumps(ints_restored(_plain(filters))) if filters else None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | Set):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, re.Pattern):
        letters = "".join(letter for flag, letter in _FLAGS.items() if value.flags & flag)
        return {"$regex": value.pattern} | ({"$options": letters} if letters else {})
    return value if value is None or isinstance(value, str | bool) else summary_value(value)


def sort_of(order: str) -> str:
    """The field of an order such as -config.lr.value."""
    field = order.lstrip("+-")
    if field.startswith(("summary_metrics.", "summaryMetrics.")):
        return "summary." + field.partition(".")[2]
    return _SORTS.get(field, field)
