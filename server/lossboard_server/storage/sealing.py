"""Sealing: what a run's tail holds becomes blocks, in one short transaction.

`plan_seal` reads and encodes, on any thread; `apply_seal` writes, in the writer's transaction, and
does nothing if another seal came between. Points are sorted by (step, order of arrival) within a
seal; what was sealed before stays where it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from lossboard_server import schema
from lossboard_server.dialect import among
from lossboard_server.storage.entries import Entry, Series, entry_of, entry_of_row, row_of_entry
from lossboard_server.storage.flat import append_histograms, append_values
from lossboard_server.storage.histograms import Histograms
from lossboard_server.storage.points import Points
from lossboard_server.storage.pyramid import Block, append_points
from lossboard_server.storage.tail import TailKey, TailSeries, decode_tail

__all__ = ["SEAL_RECORDS", "SealPlan", "apply_seal", "plan_seal"]

SEAL_RECORDS: Final = 512  # a run with more is due for sealing: one-row records are dear to read
_PLAN_BYTES: Final = 8 << 20  # of the tail in one plan


@dataclass
class SealedSeries:
    """What a seal writes of one series."""

    name: TailKey
    path: tuple[str, ...]
    series_id: int | None  # None: a new series
    entry: Entry
    table: Table
    blocks: list[Block]
    replaced: list[int]  # ids of the open blocks that `blocks` replace


@dataclass
class SealPlan:
    """A seal, ready to be written; `more`: the tail held more than one plan takes."""

    run_id: int
    generation: int
    last_tail_id: int
    more: bool
    series: list[SealedSeries] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Bytes of the blocks it writes."""
        return sum(
            len(value)
            for series in self.series
            for block in series.blocks
            for value in block.columns.values()
            if isinstance(value, bytes)
        )


def plan_seal(connection: Connection, run_id: int) -> SealPlan | None:
    """The next seal of the run: up to 8 MB of its tail, oldest first; None if that is empty."""
    run = schema.run.c
    generation = connection.execute(select(run.generation).where(run.id == run_id)).scalar()
    records, last_tail_id, more = _oldest(connection, run_id)
    if generation is None or not records:
        return None
    plan = SealPlan(run_id, generation, last_tail_id, more)
    found = decode_tail(records)
    known = _known_series(connection, {name.attempt_id for name in found})
    ids = [known[name].id for name in found if name in known]
    opened = {table: _open_blocks(connection, table, ids) for table in _TABLES}
    for name, tail_series in found.items():
        plan.series.append(_seal_series(name, tail_series, known.get(name), opened))
    return plan


_TABLES = (schema.block, schema.hist_block, schema.json_block)


def _oldest(connection: Connection, run_id: int) -> tuple[list[tuple[int, bytes]], int, bool]:
    """(attempt, payload) of the tail's first records, id of the last of them, if more follow."""
    tail, writer = schema.tail.c, schema.writer.c
    rows = connection.execute(
        select(tail.id, writer.attempt_id, tail.payload)
        .join_from(schema.tail, schema.writer)
        .where(tail.run_id == run_id)
        .order_by(tail.id)
        .execution_options(yield_per=256)
    )
    records: list[tuple[int, bytes]] = []
    last_id, size_bytes = 0, 0
    for row in rows:
        size_bytes += len(row.payload)
        if records and size_bytes > _PLAN_BYTES:
            rows.close()
            return records, last_id, True
        records.append((row.attempt_id, row.payload))
        last_id = row.id
    return records, last_id, False


def _known_series(connection: Connection, attempt_ids: set[int]) -> dict[TailKey, Any]:
    series = schema.series
    mine = among(connection, series.c.attempt_id, attempt_ids)
    rows = connection.execute(select(series).where(mine))
    return {TailKey(row.attempt_id, row.kind, row.key): row for row in rows}


def _open_blocks(
    connection: Connection, table: Table, series_ids: Sequence[int]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for start in range(0, len(series_ids), 5000):
        some = series_ids[start : start + 5000]
        query = select(table).where(table.c.series_id.in_(some), table.c.open)
        for row in connection.execute(query):
            found.setdefault(row.series_id, []).append(row)
    return found


def _seal_series(
    name: TailKey,
    tail_series: TailSeries,
    row: Any,
    opened: dict[Table, dict[int, list[Any]]],
) -> SealedSeries:
    """`row` is the series' row, None for a new one."""
    data = tail_series.data
    entry, sealed = entry_of(data), 0
    if row is not None:
        before = entry_of_row(row)
        entry, sealed = before.then(entry), before.n
    table = _table_of(data)
    open_rows = [] if row is None else opened[table].get(row.id, [])
    blocks = _append(sealed, open_rows, data)
    levels = {block.columns.get("level", 0) for block in blocks}
    replaced = [o.id for o in open_rows if getattr(o, "level", 0) in levels]
    path = tail_series.path
    return SealedSeries(name, path, row and row.id, entry, table, blocks, replaced)


def _table_of(data: Series) -> Table:
    if isinstance(data, Points):
        return schema.block
    return schema.hist_block if isinstance(data, Histograms) else schema.json_block


def _append(sealed: int, open_rows: list[Any], data: Series) -> list[Block]:
    if isinstance(data, Points):
        return append_points(sealed, {row.level: row for row in open_rows}, data.by_step())
    open_row = open_rows[0] if open_rows else None
    if isinstance(data, Histograms):
        return append_histograms(sealed, open_row, data.by_step())
    return append_values(sealed, open_row, data.by_step())


def apply_seal(connection: Connection, plan: SealPlan) -> bool:
    """Write the plan; False, and nothing written, if the run was sealed since or is gone.

    Runs in the writer's transaction. The run's generation moves by one.
    """
    run, tail = schema.run, schema.tail
    moved = connection.execute(
        update(run)
        .where(run.c.id == plan.run_id, run.c.generation == plan.generation)
        .values(generation=plan.generation + 1)
    )
    if moved.rowcount != 1:
        return False
    ids = _write_series(connection, plan)
    _write_blocks(connection, plan, ids)
    connection.execute(
        delete(tail).where(tail.c.run_id == plan.run_id, tail.c.id <= plan.last_tail_id)
    )
    return True


def _write_series(connection: Connection, plan: SealPlan) -> list[int]:
    """Insert or update the catalogue; the ids of the plan's series."""
    table = schema.series
    changed = [sealed for sealed in plan.series if sealed.series_id is not None]
    if changed:
        rows = [row_of_entry(s.entry) | {"changed_id": s.series_id} for s in changed]
        connection.execute(update(table).where(table.c.id == bindparam("changed_id")), rows)
    new = [sealed for sealed in plan.series if sealed.series_id is None]
    made: Iterator[int] = iter(())
    if new:
        statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        made = iter(connection.execute(statement, list(map(_new_row, new))).scalars())
    return [next(made) if s.series_id is None else s.series_id for s in plan.series]


def _new_row(sealed: SealedSeries) -> dict[str, Any]:
    return row_of_entry(sealed.entry) | {
        "attempt_id": sealed.name.attempt_id,
        "key": sealed.name.key,
        "kind": sealed.name.kind,
        "path_json": json.dumps(sealed.path) if sealed.path else "",
    }


def _write_blocks(connection: Connection, plan: SealPlan, ids: list[int]) -> None:
    for table in _TABLES:
        replaced: list[int] = []
        rows: list[dict[str, Any]] = []
        for series_id, sealed in zip(ids, plan.series, strict=True):
            if sealed.table is table:
                replaced += sealed.replaced
                rows += [
                    block.columns | {"series_id": series_id, "open": block.open}
                    for block in sealed.blocks
                ]
        for start in range(0, len(replaced), 5000):
            some = replaced[start : start + 5000]
            connection.execute(delete(table).where(table.c.id.in_(some)))
        if rows:
            connection.execute(insert(table), rows)
