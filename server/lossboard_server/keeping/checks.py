"""Looks through all of a store: pages, checksums, catalogue, tails, files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, exists, func, select, true
from sqlalchemy.exc import DatabaseError

from lossboard_server.damage import UNREADABLE, Place, describe, record_place
from lossboard_server.database import schema
from lossboard_server.keeping.backups import NAMED, Progress, files_in, sha256_of
from lossboard_server.storage.flat import decode_histograms
from lossboard_server.storage.nodes import decode_nodes
from lossboard_server.storage.points import decode_points
from lossboard_server.storage.skim import skim_record
from lossboard_server.storage.values import decode_values

__all__ = ["Fault", "check_store"]

_SERIES: Final = schema.series
_ROWS: Final = 200  # of blocks, read together


class Fault(msgspec.Struct, frozen=True):
    """Something that isn't as it was written; `run` and `key` where it belongs to a series."""

    kind: str
    text: str
    run: str = ""
    key: str = ""
    series_id: int = 0
    level: int = 0


def check_store(connection: Connection, data_dir: Path, progress: Progress) -> Iterator[Fault]:
    """All faults of the store whose database this is."""
    yield from _check_pages(connection, progress)
    for table in (schema.block, schema.hist_block, schema.json_block):
        yield from _guarded(table.name, _check_blocks(connection, table, progress))
    yield from _guarded("tail", _check_tail(connection, progress))
    yield from _guarded("series", _check_catalogue(connection))
    yield from _guarded("files", _check_files(connection, data_dir, progress))


def _guarded(name: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """A page that SQLite can't read ends the look at one table, and no other."""
    try:
        yield from faults
    except DatabaseError as error:
        yield Fault("page", f"table {name} can't be read to its end: {error.orig}")


def _check_pages(connection: Connection, progress: Progress) -> Iterator[Fault]:
    progress("pages", 0, 1)
    if connection.dialect.name == "sqlite":
        try:
            found = connection.exec_driver_sql("PRAGMA integrity_check(50)").scalars().all()
        except DatabaseError as error:
            found = [str(error.orig)]
        yield from (Fault("page", text) for text in found if text != "ok")
    progress("pages", 1, 1)


def _check_blocks(connection: Connection, table: Table, progress: Progress) -> Iterator[Fault]:
    owners = _owners(connection)
    total = connection.execute(select(func.count()).select_from(table)).scalar_one()
    for seen, row in enumerate(_rows(connection, table), 1):
        progress(table.name, seen, total)
        level = getattr(row, "level", 0)
        run, key = owners.get(row.series_id, ("", ""))
        try:
            _decode(table, row)
        except UNREADABLE as error:
            place = describe(Place(row.series_id, level, row.ordinal))
            yield Fault("block", f"{place}: {error}", run, key, row.series_id, level)


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    """All rows, some at a time: a long statement would keep the log of a running server."""
    last = 0
    while True:
        query = select(table).where(table.c.id > last).order_by(table.c.id).limit(_ROWS)
        rows = connection.execute(query).all()
        yield from rows
        if not rows:
            return
        last = rows[-1].id


def _decode(table: Table, row: Any) -> None:
    if table is schema.hist_block:
        decode_histograms(row)
    elif table is schema.json_block:
        decode_values(row.data, row.n)
    elif row.level:
        decode_nodes(row.data, row.n, row.codec)
    else:
        decode_points(row.data, row.n, row.codec)


def _owners(connection: Connection) -> dict[int, tuple[str, str]]:
    """Run and key of each series."""
    series, attempt, run = schema.series.c, schema.attempt.c, schema.run.c
    project = schema.project.c
    rows = connection.execute(
        select(series.id, series.key, run.run_id, project.entity, project.name)
        .join_from(schema.series, schema.attempt, series.attempt_id == attempt.id)
        .join(schema.run, attempt.run_uid == run.id)
        .join(schema.project, run.project_id == project.id)
    )
    return {row.id: (f"{row.entity}/{row.name}/{row.run_id}", row.key) for row in rows}


def _check_tail(connection: Connection, progress: Progress) -> Iterator[Fault]:
    total = connection.execute(select(func.count()).select_from(schema.tail)).scalar_one()
    for seen, row in enumerate(_rows(connection, schema.tail), 1):
        progress("tail", seen, total)
        try:
            skim_record(row.payload)
        except UNREADABLE as error:
            yield Fault("record", f"{describe(record_place(row.id))}: {error}")


def _check_catalogue(connection: Connection) -> Iterator[Fault]:
    """The catalogue counts as many as lie in the blocks."""
    owners = _owners(connection)
    for table in (schema.block, schema.hist_block, schema.json_block):
        points = table.c.level == 0 if table is schema.block else true()
        held = select(table.c.series_id, func.sum(table.c.n).label("held")).where(points)
        counted = held.group_by(table.c.series_id).subquery()
        series = schema.series.c
        rows = connection.execute(
            select(series.id, series.n, counted.c.held)
            .join(counted, counted.c.series_id == series.id)
            .where(series.n != counted.c.held)
        )
        for row in rows:
            run, key = owners.get(row.id, ("", ""))
            text = f"the catalogue counts {row.n:,} in series {row.id}, blocks hold {row.held:,}"
            yield Fault("catalogue", text, run, key, row.id)
    yield from _without_blocks(connection, owners)


def _without_blocks(
    connection: Connection, owners: Mapping[int, tuple[str, str]]
) -> Iterator[Fault]:
    """Series that count points and have none."""
    tables = (schema.block, schema.hist_block, schema.json_block)
    blocks = [
        select(table.c.series_id).where(table.c.series_id == _SERIES.c.id) for table in tables
    ]
    empty = select(_SERIES.c.id, _SERIES.c.n).where(_SERIES.c.n > 0)
    for row in connection.execute(empty.where(*(~exists(held) for held in blocks))):
        run, key = owners.get(row.id, ("", ""))
        text = f"the catalogue counts {row.n:,} in series {row.id}, no block holds any"
        yield Fault("catalogue", text, run, key, row.id)


def _check_files(connection: Connection, data_dir: Path, progress: Progress) -> Iterator[Fault]:
    blobs = data_dir / "blobs"
    named = _named(connection)
    present = {path.name: path for path in files_in(blobs)}
    missing = named - present.keys()
    if missing:  # a server may have removed some meanwhile, with what named them
        missing &= _named(connection)
    for name in sorted(missing):
        yield Fault("missing_file", f"file {name} is named by a run or an artifact and isn't there")
    for seen, (name, path) in enumerate(sorted(present.items()), 1):
        progress("files", seen, len(present))
        try:
            is_sound = sha256_of(path) == name
        except FileNotFoundError:  # removed meanwhile: nothing names it
            continue
        if not is_sound:
            yield Fault("file", f"file {name} has other bytes than were stored")


def _named(connection: Connection) -> set[str]:
    return {name for name in connection.exec_driver_sql(NAMED).scalars() if name}
