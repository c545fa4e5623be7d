"""Of some series of a tail, what a seal writes of each: its facts and its blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from lossboard_server.damage import UNREADABLE
from lossboard_server.database import schema
from lossboard_server.storage.codec import split_frames
from lossboard_server.storage.entries import Entry, entry_of, entry_of_row
from lossboard_server.storage.event_series import EventSeries, seal_events
from lossboard_server.storage.flat import append_values, is_packed_anew
from lossboard_server.storage.points import Points
from lossboard_server.storage.pyramid import Block, append_points
from lossboard_server.storage.skim import PackedHistograms
from lossboard_server.storage.tail import WRITER_KIND, TailKey, TailSeries
from lossboard_server.storage.values import Values

__all__ = ["SealedSeries", "Waiting", "seal_portion", "table_of"]

Waiting = tuple[TailKey, TailSeries]
Opened = dict[Table, dict[int, list[Any]]]  # open blocks by table and series


@dataclass
class SealedSeries:
    """One series as a seal writes it."""

    name: TailKey
    path: tuple[str, ...]
    series_id: int | None  # None: a new series
    entry: Entry
    table: Table
    blocks: list[Block]
    replaced: list[int]  # ids of the open blocks that `blocks` replace
    closed: list[int]  # ids of open blocks that stay as they are


@dataclass
class _Before:
    """The sealed part of a series: its row and open blocks, nothing for a new one."""

    row: Any
    table: Table
    open_rows: list[Any]  # those that are packed anew
    closed: list[int]

    @property
    def n(self) -> int:
        return 0 if self.row is None else int(self.row.n)


def _before(name: TailKey, added: int, row: Any, opened: Opened) -> _Before:
    table = table_of(name.kind)
    open_rows = [] if row is None else opened[table].get(row.id, [])
    is_flat = table is not schema.block  # levels of points have blocks of one size
    if (
        is_flat
        and open_rows
        and not (is_packed_anew(open_rows[0], added) and _is_sound(open_rows[0]))
    ):
        return _Before(row, table, [], [open_rows[0].id])
    return _Before(row, table, open_rows, [])


def _is_sound(row: Any) -> bool:
    """Whether an open block can be packed anew; a damaged one is left as it is."""
    try:
        for name in ("data", "counts", "magnitude"):
            if packed := getattr(row, name, b""):
                split_frames(packed)
    except UNREADABLE:
        return False
    return True


def seal_portion(
    portion: list[Waiting], known: dict[TailKey, Any], opened: Opened
) -> Iterator[SealedSeries]:
    """The series of a portion as a seal writes them: those of histograms, or one of another kind.

    `known` holds the rows of series that have something sealed, `opened` their open blocks.
    """
    befores = [
        _before(name, len(series.data.steps), known.get(name), opened) for name, series in portion
    ]
    made = _appended([series.data for _, series in portion], befores)
    for (name, series), before, (entry, blocks) in zip(portion, befores, made, strict=True):
        yield _sealed_series(name, series.path, before, entry, blocks)


def _sealed_series(
    name: TailKey, path: tuple[str, ...], before: _Before, entry: Entry, blocks: list[Block]
) -> SealedSeries:
    levels = {block.columns.get("level", 0) for block in blocks}
    replaced = [row.id for row in before.open_rows if getattr(row, "level", 0) in levels]
    row, series_id = before.row, None
    if row is not None:
        entry, series_id = entry_of_row(row).then(entry), row.id
    return SealedSeries(name, path, series_id, entry, before.table, blocks, replaced, before.closed)


def table_of(kind: str) -> Table:
    if kind in ("scalar", "system", WRITER_KIND):
        return schema.block
    return schema.hist_block if kind == "histogram" else schema.json_block


def _appended(
    parts: list[Points | Values | PackedHistograms], befores: list[_Before]
) -> list[tuple[Entry, list[Block]]]:
    """Of each of the series the facts of what is added, and the blocks to write."""
    data, before = parts[0], befores[0]
    if isinstance(data, Points):
        levels = {row.level: row for row in before.open_rows}
        return [(entry_of(data), append_points(before.n, levels, data.by_step()))]
    open_rows = [one.open_rows[0] if one.open_rows else None for one in befores]
    if isinstance(data, Values):
        return [(entry_of(data), append_values(before.n, open_rows[0], data.by_step()))]
    packed = [part for part in parts if isinstance(part, PackedHistograms)]
    return seal_events(
        [
            EventSeries(waiting, before.n, open_row)
            for waiting, before, open_row in zip(packed, befores, open_rows, strict=True)
        ]
    )
