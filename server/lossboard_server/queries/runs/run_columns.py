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

__all__ = ["order_by_columns", "split_filter"]

Condition = ColumnElement[bool]

_DEPTH = 20  # as filters.py has it; what is deeper is refused there
_INT_LIMIT = 1 << 63

_run = schema.run.c
_lived_us = func.coalesce(_run.ended_us, _run.heartbeat_us) - _run.started_us


class _Column(NamedTuple):
    """The values of a field in all runs: text, or a number that may be missing (NULL)."""

    value: ColumnElement[Any]
    is_text: bool


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
_ORDERED_BY = {"name": "display_name"}  # what `sort` calls otherwise than a filter does

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def _column_of(connection: Connection, name: str) -> _Column | None:
    if name in _TEXTS:
        return _Column(by_code_point(connection, _TEXTS[name]), is_text=True)
    return _Column(_NUMBERS[name], is_text=False) if name in _NUMBERS else None


def order_by_columns(
    connection: Connection, sort: str, *, descending: bool
) -> list[ColumnElement[Any]] | None:
    """The columns to order rows by, equal ones by creation, newest first; None if columns don't
    tell."""
    newest_first = _run.slot.desc()
    if sort == "created":
        return [newest_first if descending else _run.slot.asc()]
    column = _column_of(connection, _ORDERED_BY.get(sort, sort))
    if column is None:
        return None
    missing, keys = _text_keys(column.value) if column.is_text else _number_keys(column.value)
    return [missing, *(key.desc() if descending else key for key in keys), newest_first]


def _number_keys(value: ColumnElement[Any]) -> tuple[ColumnElement[Any], list[ColumnElement[Any]]]:
    return case((value.is_(None), 1), else_=0), [cast(value, Float)]


def _text_keys(value: ColumnElement[Any]) -> tuple[ColumnElement[Any], list[ColumnElement[Any]]]:
    """JSON spells some numbers as text: infinities come before all texts, NaN has no place."""
    rank = case((value == "-Infinity", 0), (value == "Infinity", 1), else_=2)
    return case((value == "NaN", 1), else_=0), [rank, value]


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
    if not (isinstance(wanted, dict) and any(key.startswith("$") for key in wanted)):
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
        exists = true() if column.is_text else column.value.is_not(None)
        return exists if value else not_(exists)
    if name == "$not" and depth < _DEPTH:
        return _negated(_test(column, value, depth + 1))
    return None


def _equals(column: _Column, value: Any) -> Condition | None:
    """Never NULL, so that it can be negated."""
    if value is None:
        return false() if column.is_text else column.value.is_(None)
    if _is_number(value):
        return false() if column.is_text else _number_test(operator.eq, column, value)
    if isinstance(value, str) and column.is_text:
        return None if "\0" in value else column.value == value
    return false()


def _compared(column: _Column, name: str, value: Any) -> Condition | None:
    compare = _COMPARISONS[name]
    if column.is_text:
        plain = isinstance(value, str) and "\0" not in value
        return compare(column.value, value) if plain else None
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
