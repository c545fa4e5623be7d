"""`GET /api/runs/{uid}/history`: rows, one for each step, of all that was logged at it.

Of values of one key at one step the last that arrived stands in the row; but where several
processes wrote it there, each of them has a row of its own, with its name as `_writer`. A watch
event belongs to no row; it is shown in the next one, as W&B does: the first, by step, whose step is
not before the event's and that was logged after it. Of several such events the last is shown. The
time of a row is that of the last value in it; with `keys`, of the values asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import msgspec
import numpy as np
from sqlalchemy import Connection

from lossboard_server.errors import Invalid
from lossboard_server.queries.history.extremes import Extremes
from lossboard_server.queries.history.row_table import (
    ROW_FIELDS,
    WRITER_FIELD,
    RowTable,
    row_dicts,
    row_table,
    row_table_apart,
)
from lossboard_server.queries.history.writers import Apart, rows_apart, writer_names
from lossboard_server.queries.points.selection import Found, Selection, found_ascends
from lossboard_server.queries.points.whole import read_window
from lossboard_server.storage import TailMemo
from lossboard_server.storage.entries import Entry
from lossboard_server.storage.histograms import NO_BATCH, Histograms
from lossboard_server.storage.points import Ints
from lossboard_server.storage.tail import WRITER_KIND

__all__ = ["HistoryQuery", "HistoryResult", "query_history"]

_MAX_ROWS = 1_000_000
_MOST_VALUES = 400_000  # of one answer: some 100 bytes each until they are JSON
_ROWS_AT_A_TIME = 10_000
_SAMPLED_AT_A_TIME = 65_536  # bounds memory; blocks at the ends of a stretch are read twice
_LEAST_AT_A_TIME = 256
_POINTS_AT_A_TIME = 4 << 20
_NO_STEPS: Ints = np.empty(0, np.int64)
_KINDS = {
    "history": ("scalar", "json", "row", "histogram", WRITER_KIND),
    "system": ("system", "system_json"),
}


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the request (docs/http_api.md); `run` is the uid.

    `samples` asks for at most so many rows at even distances, with the first and the last, in
    place of the first `limit` ones; fewer where rows are so wide that an answer would hold more
    than 400,000 values. With `keys`, those with the least, the greatest and the first
    non-finite value of each key are among them.
    """

    run: int
    keys: list[str] | None = None
    min_step: int | None = None
    max_step: int | None = None
    limit: int = 1000
    samples: int | None = None
    stream: Literal["history", "system"] = "history"


class HistoryResult(msgspec.Struct, frozen=True):
    """Rows by ascending step; `next_step`: where the next page begins, None after the last."""

    rows: list[dict[str, Any]]
    next_step: int | None


def query_history(connection: Connection, memo: TailMemo, query: HistoryQuery) -> HistoryResult:
    """A page of rows. Values may be non-finite floats.

    Raises Invalid for a limit that isn't one, NotFound for an unknown run.
    """
    for name, rows in (("limit", query.limit), ("samples", query.samples)):
        if rows is not None and not 1 <= rows <= _MAX_ROWS:
            raise Invalid(f"{name} is {rows}: expected 1 to {_MAX_ROWS:,} rows")
    selection = Selection(connection, memo, [query.run], _KINDS[query.stream], None)
    reader = _Reader(selection, query)
    if reader.span is None:
        return HistoryResult([], None)
    low, high = reader.span
    if query.min_step is not None:
        low = max(low, query.min_step)
    if query.max_step is not None:
        high = min(high, query.max_step - 1)
    if query.samples is not None:
        return HistoryResult(_sampled(reader, low, high, query.samples), None)
    return _page(reader, low, high, query.limit)


def _page(reader: _Reader, low: int, high: int, limit: int) -> HistoryResult:
    """Read stretches of steps until there is one row more than the page takes, or as many values
    as one answer may hold."""
    reader.begin(low)
    limit = min(limit, max(1, _MOST_VALUES // reader.width))
    rows: list[dict[str, Any]] = []
    stretch = reader.stretch(limit)
    while low <= high and len(rows) <= limit:
        end = min(high, low + stretch - 1)
        found = reader.rows(low, end)
        rows += found
        low = end + 1
        stretch *= 1 if len(found) * 4 > limit else 4
    next_step = rows[limit]["_step"] if len(rows) > limit else None
    if next_step is not None and rows[limit - 1]["_step"] == next_step:
        return _whole_steps(reader, rows, next_step)
    return HistoryResult(rows[:limit], next_step)


def _whole_steps(reader: _Reader, rows: list[dict[str, Any]], step: int) -> HistoryResult:
    """A page of rows ends before the first step of which it would have only some rows, or, where
    that is its first step, after that."""
    kept = [row for row in rows if row["_step"] < step]
    if kept:
        return HistoryResult(kept, step)
    same = [row for row in rows if row["_step"] == step]
    later = next((row["_step"] for row in rows if row["_step"] > step), None)
    return HistoryResult(same, later if later is not None else reader.next_after(step))


def _sampled(reader: _Reader, low: int, high: int, samples: int) -> list[dict[str, Any]]:
    """Some of the rows from step `low` to `high`; the others are read, and not made."""
    chosen: Ints | None = None
    samples = min(samples, max(2, _MOST_VALUES // reader.width))
    if reader.knows_rows:
        steps = reader.row_steps(low, high)
        chosen = _with_extremes(steps, reader.extremes(low, high, steps), samples)
    reader.begin(low)
    rows: list[dict[str, Any]] = []
    stretch = reader.stretch(_sampled_at_a_time(reader))
    while low <= high:
        end = min(high, low + stretch - 1)
        rows += reader.rows(low, end, chosen)
        low = end + 1
    if chosen is not None:
        return rows
    places = np.arange(len(rows))
    kept = _with_extremes(places, _distinct(reader.extreme_places(rows)), samples)
    return [rows[place] for place in kept]


def _sampled_at_a_time(reader: _Reader) -> int:
    """Rows that are read together: fewer of wide ones."""
    return max(_LEAST_AT_A_TIME, min(_SAMPLED_AT_A_TIME, _POINTS_AT_A_TIME // reader.width))


def _with_extremes(steps: Ints, extremes: Ints, samples: int) -> Ints:
    """At most `samples` of the steps: these extremes, and others at even distances."""
    if len(steps) <= samples:
        return steps
    kept = extremes[_evenly(len(extremes), samples)]
    for evenly in range(samples, -1, -1):
        chosen = _united(steps[_evenly(len(steps), evenly)], kept)
        if len(chosen) <= samples:
            return chosen
    return kept


def _evenly(count: int, samples: int) -> Ints:
    """At most `samples` of `count` places at even distances, with the first and the last."""
    if count <= samples:
        return np.arange(count)
    return np.linspace(0, count - 1, samples).round().astype(np.int64)


class _Reader:
    """Reads rows of one run from low steps to high ones."""

    def __init__(self, selection: Selection, query: HistoryQuery) -> None:
        self._connection = selection.connection
        (self._lineage,) = selection.lineages
        self._wanted = _wanted(query)
        names = selection.names(self._lineage)
        self._found = {name: selection.find(self._lineage, *name) for name in names}
        self._marks = self._found.pop((WRITER_KIND, ""), None)
        self._writers = (
            writer_names(self._connection, self._lineage.run_uids) if self._marks else {}
        )
        self._paths = {key: selection.path(self._lineage, kind, key) for kind, key in names}
        self._pending: dict[str, _Event] = {}
        if self._wanted is not None and not self._needs_all_rows():
            self._found = {n: f for n, f in self._found.items() if n[1] in self._wanted}

    def _needs_all_rows(self) -> bool:
        """Whether watch events are wanted: where they stand depends on all rows."""
        kinds = {kind for kind, key in self._found if key in (self._wanted or ())}
        return "histogram" in kinds or not self._wanted

    @property
    def width(self) -> int:
        """The most values that a row may have."""
        keys = {key for _, key in self._found} if self._wanted is None else self._wanted
        return max(1, len(keys))

    @property
    def span(self) -> tuple[int, int] | None:
        """Least and greatest step of anything."""
        extents = [one.extent("step") for ones in self._found.values() for one in ones]
        if not extents:
            return None
        return min(low for low, _ in extents), max(high for _, high in extents)

    def next_after(self, step: int) -> int | None:
        """The step to go on from after this one; None behind the last one."""
        assert self.span is not None
        return step + 1 if step < self.span[1] else None

    def stretch(self, rows: int) -> int:
        """About how many steps hold this many rows, judged by the longest series."""
        assert self.span is not None
        points = max(sum(one.n for one in ones) for ones in self._found.values())
        steps = self.span[1] - self.span[0] + 1
        return max(1, -(-steps * (rows + 1) // points))

    def begin(self, low: int) -> None:
        """Find the events that wait for the first row from step `low` on."""
        if self.span is None or not self._has_events:
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

    @property
    def _has_events(self) -> bool:
        return any(kind == "histogram" for kind, _ in self._found)

    @property
    def knows_rows(self) -> bool:
        """Whether `row_steps` can tell which rows there are: no watch events are asked for."""
        kinds = {kind for kind, key in self._found if key in (self._wanted or ())}
        return "histogram" not in kinds and self._marks is None

    def extremes(self, low: int, high: int, rows: Ints) -> Ints:
        """Steps of the rows with the least, the greatest or the first non-finite value of a key
        that is asked for."""
        wanted = self._wanted or ()
        numeric = ("scalar", "system")
        found = {n: o for n, o in self._found.items() if n[0] in numeric and n[1] in wanted}
        extremes = {name: Extremes() for name in found}
        stretch = self.stretch(_sampled_at_a_time(self))
        while found and low <= high:
            end = min(high, low + stretch - 1)
            for kind in {kind for kind, _ in found}:
                own = {name: ones for name, ones in found.items() if name[0] == kind}
                wholes = read_window(self._connection, kind, own, low, end)
                for name, points in wholes.items():
                    extremes[name].see(points, rows)
            low = end + 1
        steps = [step for extreme in extremes.values() for step in extreme.steps]
        return _distinct(np.array(steps, np.int64))

    def extreme_places(self, rows: Sequence[dict[str, Any]]) -> Ints:
        """The same of rows that are there: their places."""
        places: list[int] = []
        for key in self._wanted or ():
            extremes = Extremes()
            for place, row in enumerate(rows):
                if type(row.get(key)) in (int, float):
                    extremes.see_one(place, float(row[key]))
            places += extremes.steps
        return np.array(places, np.int64)

    def row_steps(self, low: int, high: int) -> Ints:
        """The steps from `low` to `high` at which there are rows."""
        by_key: dict[str, Ints] = {key: _NO_STEPS for key in self._wanted or ()}
        for (kind, key), ones in self._found.items():
            if kind != "histogram":
                steps = self._steps_of(kind, ones, low, high)
                by_key[key] = _united(by_key.get(key, _NO_STEPS), steps)
        join = _common if self._wanted else _united
        return reduce(join, by_key.values(), next(iter(by_key.values()), _NO_STEPS))

    def _steps_of(self, kind: str, ones: Sequence[Found], low: int, high: int) -> Ints:
        """The different steps of one series."""
        entries = [entry for one in ones if one.cut is None for entry in one.entries()]
        whole = len(entries) == sum(len(one.entries()) for one in ones)
        if whole and all(_is_gapless(entry) for entry in entries):
            spans = [(max(low, e.min_step), min(high, e.max_step)) for e in entries]
            return reduce(_united, [np.arange(start, end + 1) for start, end in spans])
        found = read_window(self._connection, kind, {"": ones}, low, high)
        return _distinct(found[""].steps) if "" in found else _NO_STEPS

    def rows(self, low: int, high: int, only: Ints | None = None) -> list[dict[str, Any]]:
        """The rows from step `low` to `high`, or those at the steps `only` among them; to be
        called for one stretch after another."""
        table = self._plain(low, high, only)
        self._land(table, low, high, only)
        if only is not None:
            table = table.only(only)
        return row_dicts(table, self._wanted, self._lineage, self._paths)

    def _plain(self, low: int, high: int, only: Ints | None = None) -> RowTable:
        """Rows without watch events; with `only` there are values at these steps alone."""
        series: list[tuple[str, Any]] = []
        for kind in {kind for kind, _ in self._found} - {"histogram"}:
            found = {name: ones for name, ones in self._found.items() if name[0] == kind}
            wholes = read_window(self._connection, kind, found, low, high)
            series += [(key, wholes[kind, key]) for kind, key in found if (kind, key) in wholes]
        if only is not None and not self._has_events:  # which need to know of the rows between
            series = [(key, whole.take(np.isin(whole.steps, only))) for key, whole in series]
        apart = self._apart(series, low, high)
        return row_table(series, only) if apart is None else row_table_apart(apart, only)

    def _apart(self, series: list[tuple[str, Any]], low: int, high: int) -> Apart | None:
        if self._marks is None:
            return None
        marks = read_window(self._connection, WRITER_KIND, {"": self._marks}, low, high)[""]
        return rows_apart(series, marks, self._writers)

    def _land(self, table: RowTable, low: int, high: int, only: Ints | None = None) -> None:
        """Put the histograms of these steps, and the events that wait, into rows of the table."""
        steps = None if only is None else frozenset(only.tolist())
        found = {name: ones for name, ones in self._found.items() if name[0] == "histogram"}
        wholes = read_window(self._connection, "histogram", found, low, high)
        for _, key in found:
            whole = wholes.get(("histogram", key))
            events = [] if key not in self._pending else [self._pending.pop(key)]
            if whole is not None and len(whole.steps):
                whole = whole.by_step()
                events += [_Event(whole, place) for place in range(len(whole.steps))]
            waiting = _place_events(table, key, events, steps)
            if waiting is not None:
                self._pending[key] = waiting


def _wanted(query: HistoryQuery) -> frozenset[str] | None:
    if query.keys is None:
        return None
    return frozenset(key for key in query.keys if key not in (*ROW_FIELDS, WRITER_FIELD))


@dataclass(frozen=True)
class _Event:
    """A histogram out of several."""

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


def _place_events(
    table: RowTable, key: str, events: Sequence[_Event], only: frozenset[int] | None
) -> _Event | None:
    """Put each event into its row, if that is at one of the steps `only`; the last one that has
    to wait for a later row."""
    landed: dict[int, _Event] = {}
    waiting: _Event | None = None
    for event in events:
        row = int(np.searchsorted(table.steps, event.step))
        if event.watched:
            row = _first_since(table.times_us, row, event.time_us)
        elif table.writers:
            row = _row_at(table, row, event)
        if row < len(table.steps):
            landed[row] = event
        else:
            waiting = event
    if only is not None:
        landed = {row: event for row, event in landed.items() if int(table.steps[row]) in only}
    if landed:
        rows = np.array(list(landed), np.int64)
        table.columns[key] = rows, [event.value() for event in landed.values()]
    return waiting


def _row_at(table: RowTable, row: int, event: _Event) -> int:
    """Of the rows at the event's step, of which `row` is the first, the one it was logged with."""
    end = int(np.searchsorted(table.steps, event.step, side="right"))
    same = np.flatnonzero(table.times_us[row:end] == event.time_us)
    return row + int(same[0]) if len(same) else row


def _first_since(times_us: Ints, row: int, time_us: int) -> int:
    """The first row from `row` on of that time or a later one; behind the last if there is none."""
    if row < len(times_us) and times_us[row] >= time_us:  # nearly always
        return row
    later = times_us[row:] >= time_us
    return row + (int(later.argmax()) if later.any() else len(later))


def _is_gapless(entry: Entry) -> bool:
    """Whether there is a point at each step; a step twice and one left out look the same, and
    then one sample may find no row."""
    return entry.steps_ascend and entry.n == entry.max_step - entry.min_step + 1


def _distinct(steps: Ints) -> Ints:
    """The different steps, ascending; `np.unique` hashes them, which takes twenty times as long."""
    ordered = np.sort(steps, kind="stable")
    is_new = np.append(np.ones(min(len(steps), 1), bool), ordered[1:] != ordered[:-1])
    distinct: Ints = ordered[is_new]
    return distinct


def _united(a: Ints, b: Ints) -> Ints:
    return a if np.array_equal(a, b) else _distinct(np.concatenate((a, b)))


def _common(a: Ints, b: Ints) -> Ints:
    if np.array_equal(a, b):
        return a
    common: Ints = np.intersect1d(a, b, assume_unique=True)
    return common
