"""Rebuilds what can be made anew from what is sound: pyramids from their points, the catalogue from
both, kept summaries from the catalogue. The database is copied before it is changed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from lossboard_server.damage import UNREADABLE
from lossboard_server.database import schema
from lossboard_server.keeping.checks import Fault
from lossboard_server.storage.entries import entry_of, row_of_entry
from lossboard_server.storage.points import Points, decode_points
from lossboard_server.storage.pyramid import append_points

__all__ = ["copy_before", "repair"]

_REBUILT = ("block", "catalogue")


def copy_before(database: Path) -> Path:
    """The copy of the database as it is, beside it."""
    target = database.with_name(f"{database.name}.before-repair-{time.strftime('%Y%m%d-%H%M%S')}")
    with closing(sqlite3.connect(database)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
    return target


def repair(connection: Connection, faults: Iterable[Fault]) -> list[Fault]:
    """Rebuild the series that the faults are about; the faults that are mended by it."""
    mended: list[Fault] = []
    by_series: dict[int, list[Fault]] = {}
    for fault in faults:
        if fault.kind in _REBUILT and fault.series_id:
            by_series.setdefault(fault.series_id, []).append(fault)
    for series_id, mine in by_series.items():
        if _rebuild(connection, series_id):
            mended += mine
    connection.execute(update(schema.run).values(summary_json="{}"))  # composed anew when asked for
    return mended


def _rebuild(connection: Connection, series_id: int) -> bool:
    """Whether all points of the series can be read, and its pyramid and facts are made of them."""
    block = schema.block.c
    query = select(schema.block).where(block.series_id == series_id, block.level == 0)
    rows = connection.execute(query.order_by(block.ordinal)).all()
    try:
        parts = [decode_points(row.data, row.n, row.codec) for row in rows]
    except UNREADABLE:
        return False
    if not parts:
        return False
    points = Points.join(parts)
    connection.execute(delete(schema.block).where(block.series_id == series_id))
    blocks: list[dict[str, Any]] = [
        made.columns | {"series_id": series_id, "open": made.open}
        for made in append_points(0, {}, points)
    ]
    connection.execute(insert(schema.block), blocks)
    entry = row_of_entry(entry_of(points))
    connection.execute(update(schema.series).where(schema.series.c.id == series_id).values(entry))
    return True
