"""Filters, search and order of run lists, in the form of `wandb.Api().runs(filters=, order=)`.

A filter names fields: `state`, `display_name`, `name` (the run's id, as in W&B), `group`,
`job_type`, `host`, `rank`, `job` (the scheduler's), `sweep`, `tags`, `notes`, `created_at` (ISO
8601), `config.<key>`, `summary.<key>` (also `summary_metrics.<key>`), and `last.<key>`,
`min.<key>`, `max.<key>`, `best.<key>` of what was logged (metric_values.py); and operators
on them: `$eq $ne $gt $gte $lt $lte $in $nin $exists $regex`, joined by `$and $or $nor $not`. Values
of different kinds never compare as equal or ordered. A list (tags) matches if one of its elements
does.
"""

from __future__ import annotations

import math
import operator
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import regex

from lossboard_server.errors import Invalid
from lossboard_server.queries.runs.metric_values import split_field
from lossboard_server.queries.runs.run_rows import Run

__all__ = ["SWEEP", "Fields", "compile_filter", "compile_search", "sorted_runs"]

Predicate = Callable[[Run], bool]
Test = Callable[[Any], bool]

SWEEP = "sweep"  # it stands in a run's metadata, which its row hasn't got

_MISSING = object()
_PATTERN_LENGTH = 1000
# Python's own `re` can't be stopped, and holds the interpreter: (a+)+$ would halt the server.
_PATTERN_SECS = 1.0
_DEPTH = 20
_LARGEST = sys.float_info.max


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


_FIELDS: dict[str, Callable[[Run], Any]] = {
    "state": lambda run: run.state,
    "name": lambda run: run.run_id,
    "run_id": lambda run: run.run_id,
    "uid": lambda run: run.uid,
    "display_name": lambda run: run.name,
    "displayName": lambda run: run.name,
    "group": lambda run: run.group,
    "job_type": lambda run: run.job_type,
    "jobType": lambda run: run.job_type,
    "host": lambda run: run.host,
    "rank": lambda run: run.rank,
    "job": lambda run: run.job,
    "tags": lambda run: run.tags,
    "notes": lambda run: run.notes,
    "created_at": lambda run: _iso(run.created_us),
    "createdAt": lambda run: _iso(run.created_us),
    "heartbeat_at": lambda run: _iso(run.heartbeat_us),
    "heartbeatAt": lambda run: _iso(run.heartbeat_us),
    "runtime": lambda run: run.runtime_secs,
    "duration": lambda run: run.runtime_secs,
    "last_step": lambda run: run.last_step,
    "exit_code": lambda run: run.exit_code,
}


def compile_search(pattern: str) -> Callable[[str], bool]:
    """A test of names by a regular expression that ignores case; empty matches all."""
    if not pattern:
        return lambda name: True
    return _regex(pattern, regex.IGNORECASE)


def _regex(pattern: Any, flags: int = 0) -> Callable[[str], bool]:
    """A test of texts by a regular expression, for one query: all its texts share one time
    limit."""
    if not isinstance(pattern, str) or len(pattern) > _PATTERN_LENGTH:
        raise Invalid(
            f"a regular expression has to be text of up to {_PATTERN_LENGTH} characters,"
            f" not {str(pattern)[:40]!r}"
        )
    try:
        expression = regex.compile(pattern, flags)
    except regex.error as error:
        raise Invalid(f"{pattern!r} isn't a regular expression: {error}") from error
    deadline = time.monotonic() + _PATTERN_SECS

    def matches(text: str) -> bool:
        left_secs = max(deadline - time.monotonic(), 0.001)
        try:
            return expression.search(text, timeout=left_secs, concurrent=True) is not None
        except TimeoutError as error:
            raise Invalid(
                f"the regular expression {pattern!r} takes more than {_PATTERN_SECS:g} s on"
                f" {text[:40]!r}: use one without repetitions inside repetitions"
            ) from error

    return matches


class Fields:
    """How the fields of runs are read; `column` gives the values of a metric, or the names of
    sweeps, by uid."""

    def __init__(self, column: Callable[[str], Mapping[int, Any]]) -> None:
        self._column = column

    def reader(self, name: str) -> Callable[[Run], Any]:
        """A function that reads the field of a run; raises Invalid for unknown fields."""
        if split_field(name) is None and name != SWEEP:
            return _reader(name)
        values = self._column(name)
        return lambda run: values.get(run.uid, _MISSING)


def compile_filter(filters: Any, fields: Fields, depth: int = 0) -> Predicate:
    """The predicate that `filters` spells; raises Invalid for unknown fields or operators."""
    if not isinstance(filters, dict) or depth > _DEPTH:
        raise Invalid(f"a filter is an object of fields, up to {_DEPTH} deep, not {filters!r}")
    parts = [_compile_part(name, wanted, fields, depth) for name, wanted in filters.items()]
    return lambda run: all(part(run) for part in parts)


def _compile_part(name: str, wanted: Any, fields: Fields, depth: int) -> Predicate:
    if name == "$not":
        inner = compile_filter(wanted, fields, depth + 1)
        return lambda run: not inner(run)
    if name in ("$and", "$or", "$nor"):
        return _compile_group(name, wanted, fields, depth)
    read, test = fields.reader(name), _compile_test(wanted, depth)
    return lambda run: test(read(run))


def _compile_group(name: str, wanted: Any, fields: Fields, depth: int) -> Predicate:
    if not isinstance(wanted, list):
        raise Invalid(f"{name} takes a list of filters, not {wanted!r}")
    parts = [compile_filter(part, fields, depth + 1) for part in wanted]
    if name == "$and":
        return lambda run: all(part(run) for part in parts)
    if name == "$or":
        return lambda run: any(part(run) for part in parts)
    return lambda run: not any(part(run) for part in parts)


def _reader(name: str) -> Callable[[Run], Any]:
    if name in _FIELDS:
        return _FIELDS[name]
    place, _, key = name.partition(".")
    if place == "config" and key:
        key = key.removesuffix(".value")  # the official client's filters say config.lr.value
        return lambda run: _at(run.config, key)
    if place in ("summary", "summary_metrics", "summaryMetrics") and key:
        return lambda run: _at(run.summary, key)
    raise Invalid(
        f"runs have no field {name!r}: expected config.<key>, summary.<key>, min.<key>, max.<key>,"
        f" last.<key>, best.<key> or one of {', '.join(sorted([*_FIELDS, SWEEP]))}"
    )


def _at(values: dict[str, Any], key: str) -> Any:
    """The value under `key` as it stands, else along its dots."""
    if key in values:
        return values[key]
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return _MISSING
        found = found[part]
    return found


def _compile_test(wanted: Any, depth: int) -> Test:
    if not (isinstance(wanted, dict) and any(key.startswith("$") for key in wanted)):
        return _equals(wanted)
    tests = [_compile_operator(name, value, depth) for name, value in wanted.items()]
    return lambda found: all(test(found) for test in tests)


_COMPARISONS = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def _compile_operator(name: str, value: Any, depth: int) -> Test:
    if name in _COMPARISONS:
        compare = _COMPARISONS[name]
        read = _measured if _is_number(value) else _as_it_is
        return _any_element(
            lambda found: _comparable(read(found), value) and compare(read(found), value)
        )
    if name in ("$eq", "$ne"):
        equals = _equals(value)
        return equals if name == "$eq" else lambda found: not equals(found)
    if name in ("$in", "$nin"):
        return _compile_membership(name, value)
    if name == "$exists":
        return lambda found: (found is not _MISSING and found is not None) == bool(value)
    if name == "$regex":
        matches = _regex(value)
        return _any_element(lambda found: isinstance(found, str) and matches(found))
    if name == "$not":
        inner = _compile_test(value, depth + 1)
        return lambda found: not inner(found)
    raise Invalid(
        f"there is no operator {name!r}: expected $eq $ne $gt $gte $lt $lte $in $nin $exists"
        " $regex $not"
    )


def _compile_membership(name: str, value: Any) -> Test:
    if not isinstance(value, list):
        raise Invalid(f"{name} takes a list of values, not {value!r}")
    tests = [_equals(item) for item in value]
    if name == "$in":
        return lambda found: any(test(found) for test in tests)
    return lambda found: not any(test(found) for test in tests)


def _any_element(test: Test) -> Test:
    return lambda found: (
        any(test(item) for item in found) if isinstance(found, list) else test(found)
    )


def _equals(value: Any) -> Test:
    def test(found: Any) -> bool:
        if found is _MISSING:
            return value is None
        if isinstance(found, list) and not isinstance(value, list):
            return any(_same(item, value) for item in found)
        return _same(found, value)

    return test


def _same(found: Any, value: Any) -> bool:
    # True == 1 in Python, but a config value True is not the number 1.
    return isinstance(found, bool) == isinstance(value, bool) and bool(found == value)


_SPELLED = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}


def _measured(found: Any) -> Any:
    """The number that JSON has to spell as text."""
    return _SPELLED.get(found, found) if isinstance(found, str) else found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_it_is(found: Any) -> Any:
    return found


def _comparable(found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str)
    return _is_number(found) and _is_number(value)


_SORTS: dict[str, str] = {
    "created": "created_at",
    "name": "display_name",
    "state": "state",
    "runtime": "runtime",
}


def sorted_runs(runs: Sequence[Run], sort: str, fields: Fields, *, descending: bool) -> list[Run]:
    """`runs` by one field, those without it last; equal ones by creation, newest first."""
    newest_first = sorted(runs, key=lambda run: -run.slot)
    if sort == "created":
        return newest_first if descending else newest_first[::-1]
    read = fields.reader(_SORTS.get(sort, sort))
    keyed = [(_rank(read(run)), run) for run in newest_first]
    present = [pair for pair in keyed if pair[0] is not None]
    present.sort(key=lambda pair: pair[0], reverse=descending)  # type: ignore[arg-type,return-value]
    return [run for _, run in present] + [run for rank, run in keyed if rank is None]


def _rank(value: Any) -> tuple[int, float, str] | None:
    """Place of a value among others: numbers, then text; None for what has no place, as NaN."""
    value = _measured(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, bool) or _is_number(value):
        return (0, float(min(max(value, -_LARGEST), _LARGEST)), "")  # ints have no limit
    if isinstance(value, str):
        return (1, 0.0, value)
    return None
