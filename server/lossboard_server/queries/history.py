"""`GET /api/runs/{uid}/history`: rows, one for each step, of all that was logged at it.

Of values of one key at one step the last that arrived stands in the row. A watch event belongs to
no row; it is shown in the next one, as W&B does: the first, by step, whose step is not before the
event's and that was logged after it. Of several such events the last is shown. The time of a row
is that of the last value in it; with `keys`, of the values asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np
from sqlalchemy import Connection

from lossboard_server.errors import Invalid
from lossboard_server.queries.lineage import Lineage
from lossboard_server.queries.nesting import put_nested
from lossboard_server.queries.selection import Selection, found_ascends
from lossboard_server.queries.whole import read_window
from lossboard_server.storage import TailMemo
from lossboard_server.storage.entries import scalar
from lossboard_server.storage.histograms import NO_BATCH, Histograms
from lossboard_server.storage.points import Ints, Points

__all__ = ["HistoryQuery", "HistoryResult", "query_history"]

_MAX_ROWS = 1_000_000
_ROWS_AT_A_TIME = 10_000
_KINDS = {
    "history": ("scalar", "json", "row", "histogram"),
    "system": ("system", "system_json"),
}
_ROW_FIELDS = ("_step", "_timestamp", "_runtime")


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the request (docs/http_api.md); `run` is the uid."""

    run: int
    keys: list[str] | None = None
    min_step: int | None = None
    max_step: int | None = None
    limit: int = 1000
    stream: Literal["history", "system"] = "history"


class HistoryResult(msgspec.Struct, frozen=True):
    """Rows by ascending step; `next_step`: where the next page begins, None after the last."""

    rows: list[dict[str, Any]]
    next_step: int | None


def query_history(connection: Connection, memo: TailMemo, query: HistoryQuery) -> HistoryResult:
    """A page of rows. Values may be non-finite floats.

    Raises Invalid for a limit that isn't one, NotFound for an unknown run.
    """
    if not 1 <= query.limit <= _MAX_ROWS:
        raise Invalid(f"limit is {query.limit}: expected 1 to {_MAX_ROWS:,} rows")
    selection = Selection(connection, memo, [query.run], _KINDS[query.stream], None)
    reader = _Reader(selection, query)
    if reader.span is None:
        return HistoryResult([], None)
    low, high = reader.span
    if query.min_step is not None:
        low = max(low, query.min_step)
    if query.max_step is not None:
        high = min(high, query.max_step - 1)
    return _page(reader, low, high, query.limit)


def _page(reader: _Reader, low: int, high: int, limit: int) -> HistoryResult:
    """Read stretches of steps until there is one row more than the page takes."""
    reader.begin(low)
    rows: list[dict[str, Any]] = []
    stretch = reader.stretch(limit)
    while low <= high and len(rows) <= limit:
        end = min(high, low + stretch - 1)
        found = reader.rows(low, end)
        rows += found
        low = end + 1
        stretch *= 1 if len(found) * 4 > limit else 4
    next_step = rows[limit]["_step"] if len(rows) > limit else None
    return HistoryResult(rows[:limit], next_step)


@dataclass
class _Table:
    """Rows of a stretch of steps: their steps and times, ascending by step, and their values."""

    steps: Ints
    times_us: Ints
    columns: dict[str, tuple[Ints, list[Any]]] = field(default_factory=dict)  # by key: rows, values


class _Reader:
    """Reads rows of one run from low steps to high ones."""

    def __init__(self, selection: Selection, query: HistoryQuery) -> None:
        self._connection = selection.connection
        (self._lineage,) = selection.lineages
        self._wanted = _wanted(query)
        names = selection.names(self._lineage)
        self._found = {name: selection.find(self._lineage, *name) for name in names}
        self._paths = {key: selection.path(self._lineage, kind, key) for kind, key in names}
        self._pending: dict[str, _Event] = {}
        if self._wanted is not None and not self._needs_all_rows():
            self._found = {n: f for n, f in self._found.items() if n[1] in self._wanted}

    def _needs_all_rows(self) -> bool:
        """Whether watch events are wanted: where they stand depends on all rows."""
        kinds = {kind for kind, key in self._found if key in (self._wanted or ())}
        return "histogram" in kinds or not self._wanted

    @property
    def span(self) -> tuple[int, int] | None:
        """Least and greatest step of anything."""
        extents = [one.extent("step") for ones in self._found.values() for one in ones]
        if not extents:
            return None
        return min(low for low, _ in extents), max(high for _, high in extents)

    def stretch(self, rows: int) -> int:
        """About how many steps hold this many rows, judged by the longest series."""
        assert self.span is not None
        points = max(sum(one.n for one in ones) for ones in self._found.values())
        steps = self.span[1] - self.span[0] + 1
        return max(1, -(-steps * (rows + 1) // points))

    def begin(self, low: int) -> None:
        """Find the events that wait for the first row from step `low` on."""
        if self.span is None or not any(kind == "histogram" for kind, _ in self._found):
            return
        ordered = all(found_ascends(ones) for ones in self._found.values())
        start = self._last_row(low - 1) if ordered else self.span[0]
        stretch = self.stretch(_ROWS_AT_A_TIME)
        while start < low:
            end = min(low - 1, start + stretch - 1)
            self._land(self._plain(start, end), start, end)
            start = end + 1

    def _last_row(self, end: int) -> int:
        """Step of the last row up to step `end`, or the least step of anything."""
        assert self.span is not None
        stretch = self.stretch(1)
        while end >= self.span[0]:
            start = max(self.span[0], end - stretch + 1)
            table = self._plain(start, end)
            if len(table.steps):
                return int(table.steps[-1])
            end, stretch = start - 1, stretch * 4
        return self.span[0]

    def rows(self, low: int, high: int) -> list[dict[str, Any]]:
        """The rows from step `low` to `high`; to be called for one stretch after another."""
        table = self._plain(low, high)
        self._land(table, low, high)
        return _dicts(table, self._wanted, self._lineage, self._paths)

    def _plain(self, low: int, high: int) -> _Table:
        """Rows without watch events."""
        series: list[tuple[str, Any]] = []
        for kind in {kind for kind, _ in self._found} - {"histogram"}:
            found = {name: ones for name, ones in self._found.items() if name[0] == kind}
            wholes = read_window(self._connection, kind, found, low, high)
            series += [(key, wholes[kind, key]) for kind, key in found if (kind, key) in wholes]
        return _table(series)

    def _land(self, table: _Table, low: int, high: int) -> None:
        """Put the histograms of these steps, and the events that wait, into rows of the table."""
        found = {name: ones for name, ones in self._found.items() if name[0] == "histogram"}
        wholes = read_window(self._connection, "histogram", found, low, high)
        for _, key in found:
            whole = wholes.get(("histogram", key))
            events = [] if key not in self._pending else [self._pending.pop(key)]
            if whole is not None and len(whole.steps):
                whole = whole.by_step()
                events += [_Event(whole, place) for place in range(len(whole.steps))]
            waiting = _place_events(table, key, events)
            if waiting is not None:
                self._pending[key] = waiting


def _wanted(query: HistoryQuery) -> frozenset[str] | None:
    if query.keys is None:
        return None
    return frozenset(key for key in query.keys if key not in _ROW_FIELDS)


@dataclass(frozen=True)
class _Event:
    """One of some histograms."""

    whole: Histograms
    place: int

    @property
    def step(self) -> int:
        return int(self.whole.steps[self.place])

    @property
    def time_us(self) -> int:
        return int(self.whole.times_us[self.place])

    @property
    def watched(self) -> bool:
        return bool(self.whole.statistics.batches[self.place] != NO_BATCH)

    def value(self) -> dict[str, Any]:
        """As W&B's history shows it."""
        one = self.whole.take(np.array([self.place]))
        counts, statistics = one.counts, one.statistics
        low, high = float(statistics.lo[0]), float(statistics.hi[0])
        edges = counts.edges if counts.edged[0] else np.linspace(low, high, int(counts.bins[0]) + 1)
        exact = counts.counts if statistics.fractional[0] else counts.counts.astype(np.int64)
        return {"_type": "histogram", "values": exact.tolist(), "bins": edges.tolist()}


def _place_events(table: _Table, key: str, events: Sequence[_Event]) -> _Event | None:
    """Put each event into its row; the last one that has to wait for a later row."""
    landed: dict[int, _Event] = {}
    waiting: _Event | None = None
    for event in events:
        row = int(np.searchsorted(table.steps, event.step))
        later = table.times_us[row:] >= event.time_us
        if event.watched:
            row += int(later.argmax()) if later.any() else len(later)
        if row < len(table.steps):
            landed[row] = event
        else:
            waiting = event
    if landed:
        rows = np.array(list(landed), np.int64)
        table.columns[key] = rows, [event.value() for event in landed.values()]
    return waiting


def _table(series: Sequence[tuple[str, Any]]) -> _Table:
    """Rows made of whole series; of values that share a key and a step the last one stands."""
    steps = np.concatenate([np.empty(0, np.int64), *(whole.steps for _, whole in series)])
    times = np.concatenate([np.empty(0, np.int64), *(whole.times_us for _, whole in series)])
    rows, inverse = np.unique(steps, return_inverse=True)
    latest = np.full(len(rows), np.iinfo(np.int64).min)
    np.maximum.at(latest, inverse, times)
    table = _Table(rows, latest)
    arrived: dict[str, Ints] = {}
    for key, whole in series:
        if key:
            _fill(table, arrived, key, whole)
    return table


def _fill(table: _Table, arrived: dict[str, Ints], key: str, whole: Any) -> None:
    order = np.argsort(whole.steps, kind="stable")
    steps = whole.steps[order]
    lasts = order[
        np.flatnonzero(np.append(steps[1:] != steps[:-1], np.ones(min(len(steps), 1), bool)))
    ]
    rows, times = np.searchsorted(table.steps, whole.steps[lasts]), whole.times_us[lasts]
    values = _values(whole, lasts)
    if key in table.columns:  # numbers and other values under one key: the later one stands
        both = dict(zip(*_columns_of(table.columns[key], arrived[key]), strict=True))
        for row, time_us, value in zip(rows.tolist(), times.tolist(), values, strict=True):
            if row not in both or time_us >= both[row][0]:
                both[row] = (time_us, value)
        rows = np.array(list(both), np.int64)
        times = np.array([time_us for time_us, _ in both.values()], np.int64)
        values = [value for _, value in both.values()]
    table.columns[key], arrived[key] = (rows, values), times


def _columns_of(column: tuple[Ints, list[Any]], times: Ints) -> tuple[list[int], list[Any]]:
    rows, values = column
    return rows.tolist(), list(zip(times.tolist(), values, strict=True))


def _values(whole: Any, which: Any) -> list[Any]:
    if isinstance(whole, Points):
        numbers, types = whole.numbers[which].tolist(), whole.types[which].tolist()
        return [scalar(*pair) for pair in zip(numbers, types, strict=True)]
    return [whole.items[place] for place in which.tolist()]


def _dicts(
    table: _Table,
    wanted: frozenset[str] | None,
    lineage: Lineage,
    paths: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """The rows as dicts; with `wanted`, those that have all these keys, and no others.

    Rows hold nested values as they were logged; keys that were asked for stand as they were asked.
    """
    start = lineage.started_us
    rows = [
        {"_step": step, "_timestamp": time_us / 1e6, "_runtime": (time_us - start) / 1e6}
        for step, time_us in zip(table.steps.tolist(), table.times_us.tolist(), strict=True)
    ]
    columns: Mapping[str, tuple[Ints, list[Any]]] = table.columns
    for key, (places, values) in columns.items():
        path = paths.get(key, ()) if wanted is None else ()
        if path:
            for place, value in zip(places.tolist(), values, strict=True):
                put_nested(rows[place], path, value)
        elif wanted is None or key in wanted:
            for place, value in zip(places.tolist(), values, strict=True):
                rows[place][key] = value
    if not wanted:
        return rows
    return [row for row in rows if len(row) == len(_ROW_FIELDS) + len(wanted)]
