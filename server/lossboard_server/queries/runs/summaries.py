"""Summaries of runs: the last value of each key, `define_metric` applied, values set by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.database.schema import SENT_WHOLE
from lossboard_server.queries.catalogue.definitions import definition_of
from lossboard_server.queries.history.nesting import put_nested
from lossboard_server.queries.points.lineage import Lineage
from lossboard_server.queries.points.selection import Found, Selection
from lossboard_server.queries.points.totals import entries_of
from lossboard_server.storage import TailMemo
from lossboard_server.storage.entries import Entry, scalar
from lossboard_server.storage.points import Points

__all__ = ["SUMMARY_KINDS", "last_steps", "summaries", "summaries_in"]

SUMMARY_KINDS = ("scalar", "json")


class _Last(NamedTuple):
    """The last value of a key and when it came; `own`: not of a run that was forked or rewound."""

    value: Any
    time_us: int
    own: bool = True


def summaries(
    connection: Connection,
    memo: TailMemo,
    uids: Sequence[int],
    only: Sequence[str] | None = None,
) -> dict[int, dict[str, Any]]:
    """The summary of each run, by uid; floats may be non-finite.

    `only` names keys as they were logged: other series are left out. A value set by hand stands
    until a later row has its key, and so does that one was removed. Histograms are not part of it.
    Of rows that a summary speaks of which was sent whole, it alone counts. With all keys, it says
    as the official client's do what the last row's step, time and runtime were. Raises NotFound
    for unknown runs.
    """
    return summaries_in(Selection(connection, memo, uids, SUMMARY_KINDS, only))


def summaries_in(selection: Selection) -> dict[int, dict[str, Any]]:
    """The same of the runs of a selection, which may have series of other kinds too."""
    connection, uids = selection.connection, [lineage.run_uid for lineage in selection.lineages]
    run = schema.run.c
    query = select(run.id, run.metrics_json, run.set_summary_json)
    rows = connection.execute(query.where(among(connection, run.id, uids)))
    settings = {row.id: (json.loads(row.metrics_json), json.loads(row[2])) for row in rows}
    return {
        lineage.run_uid: _summary(selection, lineage, *settings[lineage.run_uid])
        for lineage in selection.lineages
    }


def _about_last_row(
    selection: Selection, lineage: Lineage, lasts: Mapping[Any, _Last]
) -> dict[str, Any]:
    """The fields of a summary that the official client's have beside what was logged."""
    if selection.is_partial or not lasts:
        return {}
    time_us = max(last.time_us for last in lasts.values())
    runtime_secs = (time_us - lineage.started_us) / 1e6
    found = (
        one
        for kind, key in selection.names(lineage)
        if kind in SUMMARY_KINDS
        for one in selection.find(lineage, kind, key)
    )
    return {
        "_step": max(one.last_step for one in found),
        "_timestamp": time_us / 1e6,
        "_runtime": runtime_secs,
        "_wandb": {"runtime": int(runtime_secs)},
    }


def _summary(
    selection: Selection, lineage: Lineage, metrics: dict[str, Any], by_hand: dict[str, Any]
) -> dict[str, Any]:
    logged: dict[str, Any] = {}
    times: dict[str, int] = {}
    lasts = _lasts(selection, lineage)
    *_, whole_us = by_hand.get(SENT_WHOLE, (-math.inf,))
    logged |= _about_last_row(selection, lineage, lasts)
    for (key, path), last in sorted(lasts.items(), key=lambda item: item[1].time_us):
        operations = _operations(metrics, key)
        if operations == ("none",) or (last.own and last.time_us <= whole_us):
            continue
        value = _operated(selection, lineage, key, operations) if operations else last.value
        names = path or (key,)
        put_nested(logged, names, value)
        times[names[0]] = max(last.time_us, times.get(names[0], last.time_us))
    for key, (*values, time_us) in by_hand.items():
        later = key in times and times[key] > time_us
        for value in values:
            logged[key] = _merged(value, logged[key]) if later else _merged(logged.get(key), value)
        if not values and not later:
            logged.pop(key, None)
    return logged


def _lasts(selection: Selection, lineage: Lineage) -> dict[tuple[str, tuple[str, ...]], _Last]:
    """The last value of each key and path, whichever kind it is of."""
    lasts: dict[tuple[str, tuple[str, ...]], _Last] = {}
    for kind, key in selection.names(lineage):
        if kind not in SUMMARY_KINDS:
            continue
        last = _last(selection, kind, selection.find(lineage, kind, key))
        name = (key, selection.path(lineage, kind, key))
        if last is not None and (name not in lasts or last.time_us >= lasts[name].time_us):
            lasts[name] = last
    return lasts


def _last(selection: Selection, kind: str, found: Sequence[Found]) -> _Last | None:
    """The last value that arrived; of a cut attempt, the one with the greatest step."""
    newest = found[-1]
    if newest.cut is not None:
        entry = entries_of(selection.connection, kind, {"": found}).get("")
        return None if entry is None else _Last(entry.last, entry.last_us, own=False)
    if newest.tail is None:
        return _Last(json.loads(newest.row.last_json), newest.row.last_us)
    tail = newest.tail
    if isinstance(tail, Points):
        value: Any = scalar(float(tail.numbers[-1]), int(tail.types[-1]))
    else:
        value = tail.items[-1]
    return _Last(value, int(tail.times_us[-1]))


def _operations(metrics: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """The summary operations defined for a key, by name or else by the longest fitting glob."""
    definition = definition_of(metrics, key)
    if definition is None:
        return ()
    operations = [op for op in definition.get("summary", ()) if op != "copy"]
    if "best" in operations:
        goal = definition.get("goal") or "minimize"
        operations = [("best-" + goal) if op == "best" else op for op in operations]
    return ("none",) if "none" in operations else tuple(operations)


def _operated(
    selection: Selection, lineage: Lineage, key: str, operations: Sequence[str]
) -> dict[str, Any]:
    """The values of the operations over all that was logged, by name."""
    found = selection.find(lineage, "scalar", key)
    entry = entries_of(selection.connection, "scalar", {key: found}).get(key) if found else None
    if entry is None:
        return {}
    return {op.partition("-")[0]: _operate(entry, op) for op in operations}


def _operate(entry: Entry, operation: str) -> Any:
    if operation in ("first", "last"):
        return getattr(entry, operation)
    if entry.nan:
        return math.nan
    if operation == "mean":
        if entry.pos_inf or entry.neg_inf:
            return math.nan if entry.pos_inf and entry.neg_inf else _infinite(entry)
        return entry.total / entry.finite
    if operation in ("min", "best-minimize"):
        return -math.inf if entry.neg_inf else _number(entry, entry.min_value, math.inf)
    return math.inf if entry.pos_inf else _number(entry, entry.max_value, -math.inf)


def _infinite(entry: Entry) -> float:
    return math.inf if entry.pos_inf else -math.inf


def _number(entry: Entry, value: float | None, nothing: float) -> int | float:
    """Minimum or maximum of the finite values, an int where the first and last value are."""
    if value is None:
        return nothing
    ints = isinstance(entry.first, int) and isinstance(entry.last, int)
    return int(value) if ints and value.is_integer() else value


def _merged(under: Any, over: Any) -> Any:
    """`over`, and of two dicts also what only `under` has."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return under | {name: _merged(under.get(name), value) for name, value in over.items()}


def last_steps(
    connection: Connection, memo: TailMemo, uids: Sequence[int]
) -> dict[int, int | None]:
    """The greatest step that each run, as it is composed now, has anything at, by uid.

    Raises NotFound for unknown runs.
    """
    kinds = ("scalar", "json", "histogram", "row")
    selection = Selection(connection, memo, uids, kinds, None)
    return {line.run_uid: _last_step(selection, line) for line in selection.lineages}


def _last_step(selection: Selection, lineage: Lineage) -> int | None:
    steps = []
    for kind, key in selection.names(lineage):
        for one in selection.find(lineage, kind, key):
            if one.cut is None:
                steps.append(one.extent("step")[1])
                continue
            entry = entries_of(selection.connection, kind, {key: [one]}).get(key)
            steps += [] if entry is None else [entry.max_step]
    return max(steps, default=None)
