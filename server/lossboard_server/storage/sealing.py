"""Sealing: what a run's tail holds becomes blocks, in one short transaction.

`plan_seal` reads and encodes, on any thread; `apply_seal` writes, in the writer's transaction, and
does nothing if another seal came between. Points are sorted by (step, order of arrival) within a
seal; what was sealed before stays where it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from lossboard_server.damage import Place, damage_to_keep
from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.storage.entries import row_of_entry
from lossboard_server.storage.sealed_series import SealedSeries, Waiting, seal_portion, table_of
from lossboard_server.storage.tail import TailDecoder, TailKey, named_writer
from lossboard_server.storage.waiting import SIZE_BYTES, skimmed

__all__ = ["SEAL_RECORDS", "SealPlan", "apply_seal", "plan_bytes", "plan_seal"]

SEAL_RECORDS: Final = 512  # a run with more is due for sealing: one-row records are dear to read
_PLAN_BYTES: Final = 8 << 20  # of the tail in one plan, of a run with few series
_BYTES_PER_SERIES: Final = 16 << 10  # some twenty histograms: a block costs as much as ten of them
_MOST_PLAN_BYTES: Final = 48 << 20  # bounds the memory of a plan
_EVENTS_TOGETHER: Final = 1024  # of histograms: more take more memory and no less time


@dataclass
class SealPlan:
    """A seal, ready to be written; `more`: the tail held more than one plan takes.

    `records`, `rows` and `tail_bytes` say how much of the tail it takes.
    """

    run_uid: int
    generation: int
    last_tail_id: int
    more: bool
    records: int = 0
    rows: int = 0
    tail_bytes: int = 0
    series: list[SealedSeries] = field(default_factory=list)
    damaged: dict[Place, bytes] = field(default_factory=dict)  # records and blocks it replaces

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


def plan_bytes(series: int) -> int:
    """How much of a tail one plan takes: more where there are many series, since each of them
    costs a block or two, however few points or events of it there are."""
    return min(max(_PLAN_BYTES, series * _BYTES_PER_SERIES), _MOST_PLAN_BYTES)


def plan_seal(
    connection: Connection, uid: int, stop: Callable[[], bool] = lambda: False
) -> SealPlan | None:
    """The next seal of the run: 8 to 48 MB of its tail, oldest first.

    None if the tail is empty, the run deleted, or as soon as `stop` says so, which is asked
    between short steps.
    """
    run = schema.run.c
    generation = connection.execute(
        select(run.generation).where(run.id == uid, run.deleted_us.is_(None))
    ).scalar()
    if generation is None:
        return None
    plan = SealPlan(uid, generation, last_tail_id=0, more=False)
    found = _oldest(connection, plan, stop)
    known = _known_series(connection, {name.attempt_id for name in found.names()})
    opened = {
        table: _open_blocks(connection, table, _ids_in(table, found.names(), known))
        for table in _TABLES
    }
    for portion in _portions(found):
        if stop():
            return None
        plan.series += seal_portion(portion, known, opened)
    plan.damaged = damage_to_keep()
    return plan if plan.records and not stop() else None


_TABLES = (schema.block, schema.hist_block, schema.json_block)


def _oldest(connection: Connection, plan: SealPlan, stop: Callable[[], bool]) -> TailDecoder:
    """The content of the tail's first records; notes in the plan which ones these are."""
    found = TailDecoder()
    for row, record in skimmed(connection, _taken(connection, plan, found, stop)):
        found.add(row.attempt_id, record, row.named_writer)
    return found


def _taken(
    connection: Connection, plan: SealPlan, found: TailDecoder, stop: Callable[[], bool]
) -> Iterator[Any]:
    """The rows of the tail that the plan has room for, given what was found in those before."""
    tail, writer = schema.tail.c, schema.writer.c
    rows = connection.execute(
        select(tail.id, tail.rows, writer.attempt_id, named_writer(), SIZE_BYTES)
        .join_from(schema.tail, schema.writer)
        .join(schema.attempt)
        .where(tail.run_uid == plan.run_uid)
        .order_by(tail.id)
        .execution_options(yield_per=256)
    )
    for row in rows:
        plan.more = plan.records > 0 and plan.tail_bytes + row.size_bytes > plan_bytes(len(found))
        if plan.more or stop():
            break
        plan.records, plan.rows = plan.records + 1, plan.rows + row.rows
        plan.tail_bytes, plan.last_tail_id = plan.tail_bytes + row.size_bytes, row.id
        yield row
    rows.close()


def _known_series(connection: Connection, attempt_ids: set[int]) -> dict[TailKey, Any]:
    series = schema.series
    mine = among(connection, series.c.attempt_id, attempt_ids)
    rows = connection.execute(select(series).where(mine))
    return {TailKey(row.attempt_id, row.kind, row.key): row for row in rows}


def _ids_in(table: Table, names: Sequence[TailKey], known: dict[TailKey, Any]) -> list[int]:
    """Numbers of the known ones of these series that lie in the table."""
    return [known[name].id for name in names if name in known and table_of(name.kind) is table]


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


def _portions(found: TailDecoder) -> Iterator[list[Waiting]]:
    """Series of histograms together, until there are about a thousand events; others alone."""
    portion: list[Waiting] = []
    events = 0
    for name in found.names():
        series = found.take(name)
        if portion and (name.kind != "histogram" or events >= _EVENTS_TOGETHER):
            yield portion
            portion, events = [], 0
        portion.append((name, series))
        events += len(series.data.steps) if name.kind == "histogram" else _EVENTS_TOGETHER
    if portion:
        yield portion


def apply_seal(connection: Connection, plan: SealPlan) -> bool:
    """Write the plan; False, and nothing written, if the run was sealed since or is gone.

    Runs in the writer's transaction. The run's generation moves by one.
    """
    run, tail = schema.run, schema.tail
    moved = connection.execute(
        update(run)
        .where(run.c.id == plan.run_uid, run.c.generation == plan.generation)
        .values(generation=plan.generation + 1)
    )
    if moved.rowcount != 1:
        return False
    ids = _write_series(connection, plan)
    _write_blocks(connection, plan, ids)
    connection.execute(
        delete(tail).where(tail.c.run_uid == plan.run_uid, tail.c.id <= plan.last_tail_id)
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
    made = _insert_series(connection, new) if new else {}
    return [made[s.name] if s.series_id is None else s.series_id for s in plan.series]


def _insert_series(connection: Connection, new: Sequence[SealedSeries]) -> dict[TailKey, int]:
    """The numbers that the series got. They are read at once: RETURNING makes SQLAlchemy insert
    row by row."""
    table = schema.series
    last = connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    connection.execute(insert(table), list(map(_new_row, new)))
    columns = (table.c.id, table.c.attempt_id, table.c.kind, table.c.key)
    rows = connection.execute(select(*columns).where(table.c.id > last))
    return {TailKey(row.attempt_id, row.kind, row.key): row.id for row in rows}


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
        closed: list[int] = []
        rows: list[dict[str, Any]] = []
        for series_id, sealed in zip(ids, plan.series, strict=True):
            if sealed.table is table:
                replaced += sealed.replaced
                closed += sealed.closed
                rows += [
                    block.columns | {"series_id": series_id, "open": block.open}
                    for block in sealed.blocks
                ]
        for start in range(0, len(replaced), 5000):
            some = replaced[start : start + 5000]
            connection.execute(delete(table).where(table.c.id.in_(some)))
        for start in range(0, len(closed), 5000):
            mine = table.c.id.in_(closed[start : start + 5000])
            connection.execute(update(table).where(mine).values(open=False))
        if rows:
            connection.execute(insert(table), rows)
