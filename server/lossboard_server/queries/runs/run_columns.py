"""Filters and orders of runs as far as columns of their rows tell them, for the database to cut.

Each condition holds for exactly the runs that filters.py would choose; what can't be said
so (config, summary, tags, times, metrics, patterns) is left to that.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)

from lossboard_server.database import schema
from lossboard_server.database.dialect import by_code_point
from lossboard_server.queries.runs.mongo import is_operators
from lossboard_server.queries.runs.run_orders import CREATED, SORTED_BY, Place

__all__ = ["Key", "after_place", "order_by_columns", "split_filter"]

Condition = ColumnElement[bool]

_DEPTH = 20  # as filters.py has it; what is deeper is refused there
_INT_LIMIT = 1 << 63

_run = schema.run.c
_lived_us = func.coalesce(_run.ended_us, _run.heartbeat_us) - _run.started_us


class _Column(NamedTuple):
    """The values of a field in all runs: text or numbers; `optional` ones may be missing (NULL)."""

    value: ColumnElement[Any]
    is_text: bool
    optional: bool


_STATE = case(
    (_run.preempting, "preempting"),
    (_run.ended_us.is_(None), "running"),
    (_run.exit_code.is_(None), "crashed"),
    (_run.exit_code == 0, "finished"),
    (_run.stop_requested, "killed"),
    else_="failed",
)
_RUNTIME_SECS = case((_lived_us > 0, cast(_lived_us, Float) / 1e6), else_=0.0)

_TEXTS: dict[str, ColumnElement[Any]] = {
    "state": _STATE,
    "name": _run.run_id,
    "run_id": _run.run_id,
    "display_name": _run.name,
    "displayName": _run.name,
}
_OPTIONAL_TEXTS: dict[str, ColumnElement[Any]] = {
    "group": _run.group,
    "job_type": _run.job_type,
    "jobType": _run.job_type,
    "notes": _run.notes,
}
_NUMBERS: dict[str, ColumnElement[Any]] = {
    "uid": _run.id,
    "runtime": _RUNTIME_SECS,
    "duration": _RUNTIME_SECS,
    "last_step": _run.last_step,
    "exit_code": _run.exit_code,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def _column_of(connection: Connection, name: str) -> _Column | None:
    if name in _TEXTS:
        return _Column(by_code_point(connection, _TEXTS[name]), is_text=True, optional=False)
    if name in _OPTIONAL_TEXTS:
        text = func.nullif(_OPTIONAL_TEXTS[name], "")
        return _Column(by_code_point(connection, text), is_text=True, optional=True)
    if name in _NUMBERS:
        return _Column(_NUMBERS[name], is_text=False, optional=True)
    return None


class Key(NamedTuple):
    """A value that rows are ordered by, and the one that a place has there."""

    value: ColumnElement[Any]
    descending: bool
    of_place: Callable[[Place], Any]


def order_by_columns(connection: Connection, sort: str, *, descending: bool) -> list[Key] | None:
    """The keys to order rows by, equal ones by creation, newest first; None if columns don't
    tell."""
    if sort == CREATED:
        return [Key(_run.slot, descending, lambda place: place.slot)]
    column = _column_of(connection, SORTED_BY.get(sort, sort))
    if column is None:
        return None
    keys = _text_keys(column.value) if column.is_text else _number_keys(column.value)
    newest_first = Key(_run.slot, True, lambda place: place.slot)
    # What is missing has no other keys: it is last in either direction.
    return [keys[0], *(key._replace(descending=descending) for key in keys[1:]), newest_first]


def after_place(keys: Sequence[Key], place: Place) -> Condition:
    """Whether a row comes after a place in the order of `keys`."""
    after: Condition = false()
    tied: Condition = true()
    for key in keys:
        there = key.of_place(place)
        beyond = key.value < there if key.descending else key.value > there
        after, tied = or_(after, and_(tied, beyond)), and_(tied, key.value == there)
    return after


def _number_keys(value: ColumnElement[Any]) -> list[Key]:
    missing = case((value.is_(None), 1), else_=0)
    number = case((value.is_(None), 0.0), else_=cast(value, Float))
    return [
        Key(missing, False, lambda place: int(place.rank is None)),
        Key(number, False, lambda place: 0.0 if place.rank is None else place.rank[1]),
    ]


def _text_keys(value: ColumnElement[Any]) -> list[Key]:
    """JSON spells some numbers as text: infinities come before all texts, NaN has no place."""
    is_missing = or_(value.is_(None), value == "NaN")
    is_infinite = value.in_(["Infinity", "-Infinity"])
    rank = case((is_missing, 2), (value == "-Infinity", 0), (is_infinite, 1), else_=2)
    text = case((or_(is_missing, is_infinite), ""), else_=value)
    return [
        Key(case((is_missing, 1), else_=0), False, lambda place: int(place.rank is None)),
        Key(rank, False, _rank_of_text),
        Key(text, False, lambda place: "" if place.rank is None else place.rank[2]),
    ]


def _rank_of_text(place: Place) -> int:
    if place.rank is None or place.rank[0]:
        return 2
    return 0 if place.rank[1] < 0 else 1


def split_filter(
    connection: Connection, filters: Mapping[str, Any]
) -> tuple[list[Condition], dict[str, Any]]:
    """The parts of a filter that columns tell, as conditions of rows, and the others as they
    are."""
    conditions: list[Condition] = []
    rest: dict[str, Any] = {}
    for name, wanted in filters.items():
        condition = _part(connection, name, wanted, 0)
        if condition is None:
            rest[name] = wanted
        else:
            conditions.append(condition)
    return conditions, rest


def _all_of(connection: Connection, filters: Any, depth: int) -> Condition | None:
    if not isinstance(filters, dict) or depth > _DEPTH:
        return None
    parts = [_part(connection, name, wanted, depth) for name, wanted in filters.items()]
    return _joined(and_, true(), parts)


def _joined(
    join: Callable[..., Condition], start: Condition, parts: Sequence[Condition | None]
) -> Condition | None:
    """None as soon as one of the parts is."""
    known = [part for part in parts if part is not None]
    return join(start, *known) if len(known) == len(parts) else None


def _negated(condition: Condition | None) -> Condition | None:
    return None if condition is None else not_(condition)


def _part(connection: Connection, name: str, wanted: Any, depth: int) -> Condition | None:
    if name == "$not":
        return _negated(_all_of(connection, wanted, depth + 1))
    if name in ("$and", "$or", "$nor"):
        return _group(connection, name, wanted, depth)
    column = _column_of(connection, name)
    return None if column is None else _test(column, wanted, depth)


def _group(connection: Connection, name: str, wanted: Any, depth: int) -> Condition | None:
    if not isinstance(wanted, list):
        return None
    parts = [_all_of(connection, part, depth + 1) for part in wanted]
    if name == "$and":
        return _joined(and_, true(), parts)
    any_of_them = _joined(or_, false(), parts)
    return any_of_them if name == "$or" else _negated(any_of_them)


def _test(column: _Column, wanted: Any, depth: int) -> Condition | None:
    if not is_operators(wanted):
        return _equals(column, wanted)
    parts = [_operator(column, name, value, depth) for name, value in wanted.items()]
    return _joined(and_, true(), parts)


def _operator(column: _Column, name: str, value: Any, depth: int) -> Condition | None:
    if name in _COMPARISONS:
        return _compared(column, name, value)
    if name in ("$eq", "$ne"):
        equal = _equals(column, value)
        return equal if name == "$eq" else _negated(equal)
    if name in ("$in", "$nin") and isinstance(value, list):
        among_them = _joined(or_, false(), [_equals(column, item) for item in value])
        return among_them if name == "$in" else _negated(among_them)
    if name == "$exists":
        exists = column.value.is_not(None) if column.optional else true()
        return exists if value else not_(exists)
    if name == "$not" and depth < _DEPTH and is_operators(value):
        return _negated(_test(column, value, depth + 1))
    return None


def _equals(column: _Column, value: Any) -> Condition | None:
    """Never NULL, so that it can be negated."""
    if isinstance(value, dict | list):
        return None
    if value is None or (value == "" and column.is_text and column.optional):
        return column.value.is_(None) if column.optional else false()
    if _is_number(value):
        return false() if column.is_text else _number_test(operator.eq, column, value)
    if isinstance(value, str) and column.is_text:
        return None if "\0" in value else _never_null(column, column.value == value)
    return false()


def _never_null(column: _Column, condition: Condition) -> Condition:
    return and_(column.value.is_not(None), condition) if column.optional else condition


def _compared(column: _Column, name: str, value: Any) -> Condition | None:
    compare = _COMPARISONS[name]
    if column.is_text:
        plain = isinstance(value, str) and "\0" not in value
        return _never_null(column, compare(column.value, value)) if plain else None
    return _number_test(compare, column, value) if _is_number(value) else None


def _number_test(
    compare: Callable[[Any, Any], Any], column: _Column, value: float
) -> Condition | None:
    if abs(value) >= _INT_LIMIT or not math.isfinite(value):
        return None
    number = literal(value, BigInteger if isinstance(value, int) else Float)
    return and_(column.value.is_not(None), compare(column.value, number))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
