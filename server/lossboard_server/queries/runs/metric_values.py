"""Metrics over all that a run has logged as one value each: the last, least, greatest or best.

They come from the catalogue, where sealing has put them, and from the tail: no point is read. NaN
is left out of the least and greatest; a metric of nothing else is NaN.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.encoding import decode_json, encode_json
from lossboard_server.errors import Invalid
from lossboard_server.queries.catalogue.definitions import definition_of, metric_definitions
from lossboard_server.queries.points.selection import Selection
from lossboard_server.queries.points.totals import entries_of
from lossboard_server.storage import TailMemo
from lossboard_server.storage.entries import Entry

__all__ = ["AGGREGATES", "MetricMemo", "split_field"]

AGGREGATES = ("last", "min", "max", "best")
_RUNS_PER_SELECTION = 1000


class _Facts(NamedTuple):
    """Of one metric in one run, as JSON holds numbers: non-finite ones are text."""

    version: int
    last: Any = None
    min: Any = None
    max: Any = None


def split_field(field: str) -> tuple[str, str] | None:
    """(aggregate, key) of a field such as `min.val/loss`; None for other fields."""
    aggregate, dot, key = field.partition(".")
    return (aggregate, key) if aggregate in AGGREGATES and dot else None


class MetricMemo:
    """A memory of metrics by run and key, each valid for one version of the run; safe
    between threads."""

    def __init__(self, tails: TailMemo, limit: int = 500_000) -> None:
        self._tails = tails
        self._limit = limit
        self._facts: dict[tuple[int, str], _Facts] = {}
        self._lock = threading.Lock()

    def column(
        self, connection: Connection, field: str, versions: Mapping[int, int]
    ) -> dict[int, Any]:
        """The field's value in each run that has the metric, by uid; `versions` are those of the
        runs' rows. Raises Invalid unless `field` is `last.<key>`, `min.`, `max.` or `best.`"""
        named = split_field(field)
        if named is None:
            raise Invalid(f"{field!r} is no value of a metric: expected min.<key>, {_EXPECTED}")
        aggregate, key = named
        facts = self._read(connection, key, versions)
        goals = _goals(connection, key, list(versions)) if aggregate == "best" else {}
        values = {uid: _value(known, aggregate, goals.get(uid)) for uid, known in facts.items()}
        return {uid: value for uid, value in values.items() if value is not None}

    def _read(
        self, connection: Connection, key: str, versions: Mapping[int, int]
    ) -> dict[int, _Facts]:
        with self._lock:
            known = {uid: self._facts.get((uid, key)) for uid in versions}
        stale = [
            uid for uid, facts in known.items() if facts is None or facts.version != versions[uid]
        ]
        fresh: dict[int, _Facts] = {uid: _Facts(versions[uid]) for uid in stale}
        for first in range(0, len(stale), _RUNS_PER_SELECTION):
            some = stale[first : first + _RUNS_PER_SELECTION]
            for uid, entry in _entries(connection, self._tails, some, key).items():
                fresh[uid] = _facts_of(entry, versions[uid])
        self._keep(key, fresh)
        return {uid: fresh.get(uid) or facts or _Facts(0) for uid, facts in known.items()}

    def _keep(self, key: str, fresh: Mapping[int, _Facts]) -> None:
        with self._lock:
            if len(self._facts) + len(fresh) > self._limit:
                self._facts.clear()
            self._facts.update({(uid, key): facts for uid, facts in fresh.items()})


_EXPECTED = "max.<key>, last.<key> or best.<key>"


def _entries(
    connection: Connection, tails: TailMemo, uids: Sequence[int], key: str
) -> dict[int, Entry]:
    selection = Selection(connection, tails, uids, ["scalar"], [key])
    found = {line.run_uid: selection.find(line, "scalar", key) for line in selection.lineages}
    return entries_of(connection, "scalar", found)


def _facts_of(entry: Entry, version: int) -> _Facts:
    least = -math.inf if entry.neg_inf else entry.min_value
    greatest = math.inf if entry.pos_inf else entry.max_value
    if least is None:
        least = math.inf if entry.pos_inf else math.nan
    if greatest is None:
        greatest = -math.inf if entry.neg_inf else math.nan
    last, least, greatest = decode_json(encode_json([entry.last, least, greatest]))
    return _Facts(version, last, least, greatest)


def _value(facts: _Facts, aggregate: str, goal: str | None) -> Any:
    if aggregate == "best":
        aggregate = {"minimize": "min", "maximize": "max"}.get(goal or "", "")
    return getattr(facts, aggregate) if aggregate else None


def _goals(connection: Connection, key: str, uids: Sequence[int]) -> dict[int, str]:
    """The direction that define_metric called better: in the run, else in the newest of its project
    that said it, whether that is among `uids` or not: what is best in a run doesn't change with
    the runs that are asked for beside it."""
    said = {
        int(uid): goal
        for uid, metrics in metric_definitions(connection, uids).items()
        if (goal := _goal(metrics, key))
    }
    if len(said) == len(uids):
        return said
    newest = _newest_goal(connection, key, uids[0])
    return said if newest is None else {uid: said.get(uid, newest) for uid in uids}


def _goal(metrics: Mapping[str, Any], key: str) -> str:
    return str((definition_of(metrics, key) or {}).get("goal") or "")


def _newest_goal(connection: Connection, key: str, uid: int) -> str | None:
    """The goal in the newest run of the project of run `uid` that says one."""
    run = schema.run
    project = select(run.c.project_id).where(run.c.id == uid).scalar_subquery()
    saying = run.c.metrics_json.contains('"goal"')
    query = select(run.c.metrics_json).where(run.c.project_id == project, saying)
    query = query.where(run.c.deleted_us.is_(None)).order_by(run.c.slot.desc())
    with connection.execute(query) as rows:
        goals = (_goal(decode_json(text), key) for (text,) in rows)
        return next((goal for goal in goals if goal), None)
