"""Rows of a stretch of steps, put together from whole series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lossboard_server.queries.history.nesting import put_nested
from lossboard_server.queries.history.writers import Apart
from lossboard_server.queries.points.lineage import Lineage
from lossboard_server.storage.entries import scalar
from lossboard_server.storage.points import Ints, Points

__all__ = ["ROW_FIELDS", "WRITER_FIELD", "RowTable", "row_dicts", "row_table", "row_table_apart"]

ROW_FIELDS = ("_step", "_timestamp", "_runtime")
WRITER_FIELD = "_writer"  # in rows that share a step with those of other processes


@dataclass
class RowTable:
    """Rows of a stretch of steps: their steps and times, ascending by step, and their values.

    `writers` names who wrote a row, where several rows share a step, and is empty else."""

    steps: Ints
    times_us: Ints
    columns: dict[str, tuple[Ints, list[Any]]] = field(default_factory=dict)  # by key: rows, values
    writers: Sequence[str] = ()

    def only(self, steps: Ints) -> RowTable:
        """The rows at these ascending steps; values of other rows must not be in the columns."""
        kept = np.flatnonzero(np.isin(self.steps, steps))
        columns = {
            key: (np.searchsorted(kept, rows), values)
            for key, (rows, values) in self.columns.items()
        }
        writers = [self.writers[row] for row in kept.tolist()] if self.writers else ()
        return RowTable(self.steps[kept], self.times_us[kept], columns, writers)


def row_table(series: Sequence[tuple[str, Any]], only: Ints | None = None) -> RowTable:
    """Rows made of whole series; of values that share a key and a step the last one stands.

    With `only` there are all rows, but values only at these ascending steps.
    """
    steps = np.concatenate([np.empty(0, np.int64), *(whole.steps for _, whole in series)])
    times = np.concatenate([np.empty(0, np.int64), *(whole.times_us for _, whole in series)])
    rows, inverse = np.unique(steps, return_inverse=True)
    latest = np.full(len(rows), np.iinfo(np.int64).min)
    np.maximum.at(latest, inverse, times)
    table = RowTable(rows, latest)
    arrived: dict[str, Ints] = {}
    for key, whole in series:
        if key:
            _fill(table, arrived, key, whole, only)
    return table


def row_table_apart(apart: Apart, only: Ints | None = None) -> RowTable:
    """As `row_table`, of rows of which several may share a step."""
    chosen = None if only is None else np.flatnonzero(np.isin(apart.steps, only))
    table = row_table(apart.series, chosen)
    writers = [apart.writers[row] for row in table.steps.tolist()]
    return RowTable(apart.steps[table.steps], table.times_us, table.columns, writers)


def _fill(
    table: RowTable, arrived: dict[str, Ints], key: str, whole: Any, only: Ints | None
) -> None:
    order = np.argsort(whole.steps, kind="stable")
    steps = whole.steps[order]
    lasts = order[
        np.flatnonzero(np.append(steps[1:] != steps[:-1], np.ones(min(len(steps), 1), bool)))
    ]
    if only is not None:
        lasts = lasts[np.isin(whole.steps[lasts], only)]
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


def row_dicts(
    table: RowTable,
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
    whole = [not wanted or len(row) == len(ROW_FIELDS) + len(wanted) for row in rows]
    for row, writer in zip(rows, table.writers, strict=False):
        row |= {WRITER_FIELD: writer} if writer else {}
    return [row for row, is_whole in zip(rows, whole, strict=True) if is_whole]
