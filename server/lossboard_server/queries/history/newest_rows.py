"""The newest row of each run's system metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from lossboard_server.queries.history.history import HistoryQuery, query_history
from lossboard_server.queries.history.nesting import put_nested
from lossboard_server.queries.points.lineage import Lineage
from lossboard_server.queries.points.selection import Found, Selection
from lossboard_server.storage.entries import scalar
from lossboard_server.storage.points import Points

__all__ = ["SYSTEM_KINDS", "newest_system_rows"]

SYSTEM_KINDS = ("system", "system_json")


class _Last(NamedTuple):
    """The value of a series that arrived last."""

    kind: str
    key: str
    step: int
    time_us: int
    value: Any


def newest_system_rows(selection: Selection) -> dict[int, dict[str, Any]]:
    """The row that `query_history` has as the last one of system metrics, by uid; of the runs of a
    selection that have any.

    It is told by the catalogue and the tails, whatever the number of runs and rows.
    """
    rows = {line.run_uid: _newest(selection, line) for line in selection.lineages}
    return {uid: row for uid, row in rows.items() if row is not None}


def _newest(selection: Selection, lineage: Lineage) -> dict[str, Any] | None:
    names = [name for name in selection.names(lineage) if name[0] in SYSTEM_KINDS]
    series = [(kind, key, selection.find(lineage, kind, key)) for kind, key in names]
    if not series:
        return None
    if not all(_ends_last(found) for _, _, found in series):
        return _read(selection, lineage)
    lasts = [_last(kind, key, found[-1]) for kind, key, found in series]
    top = max(last.step for last in lasts)
    return _row(selection, lineage, [last for last in lasts if last.step == top])


def _ends_last(found: Sequence[Found]) -> bool:
    """Whether what arrived last has the greatest step: then no point need be read."""
    if any(one.cut is not None for one in found):
        return False
    return _step(found[-1]) == max(one.extent("step")[1] for one in found)


def _step(found: Found) -> int:
    return int(found.row.last_step if found.tail is None else found.tail.steps[-1])


def _last(kind: str, key: str, found: Found) -> _Last:
    tail = found.tail
    if tail is None:
        row = found.row
        return _Last(kind, key, row.last_step, row.last_us, json.loads(row.last_json))
    is_number = isinstance(tail, Points)
    value = scalar(float(tail.numbers[-1]), int(tail.types[-1])) if is_number else tail.items[-1]
    return _Last(kind, key, int(tail.steps[-1]), int(tail.times_us[-1]), value)


def _row(selection: Selection, lineage: Lineage, lasts: Sequence[_Last]) -> dict[str, Any]:
    time_us = max(last.time_us for last in lasts)
    row: dict[str, Any] = {
        "_step": lasts[0].step,
        "_timestamp": time_us / 1e6,
        "_runtime": (time_us - lineage.started_us) / 1e6,
    }
    for last in sorted(lasts, key=lambda last: last.time_us):
        names = selection.path(lineage, last.kind, last.key) or (last.key,)
        put_nested(row, names, last.value)
    return row


def _read(selection: Selection, lineage: Lineage) -> dict[str, Any] | None:
    """The row, put together of all points."""
    query = HistoryQuery(run=lineage.run_uid, samples=2, stream="system")  # the first and the last
    rows = query_history(selection.connection, selection.memo, query).rows
    return rows[-1] if rows else None
