"""Reads of what waits in the tails."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from lossboard_server.changes import Heard
from lossboard_server.database import schema

__all__ = ["tail_sizes"]


def tail_sizes(connection: Connection) -> dict[int, Heard]:
    """Records, rows and bytes in the tail of each run that has one; `ended`: it runs no more."""
    tail, run = schema.tail, schema.run
    rows = connection.execute(
        select(
            tail.c.run_uid,
            func.count().label("records"),
            func.sum(tail.c.rows).label("rows"),
            func.sum(func.length(tail.c.payload)).label("size_bytes"),
            run.c.ended_us,
        )
        .join(run)
        .where(run.c.deleted_us.is_(None))
        .group_by(tail.c.run_uid, run.c.ended_us)
    )
    return {
        row.run_uid: Heard(
            int(row.records), int(row.rows), int(row.size_bytes), row.ended_us is not None
        )
        for row in rows
    }
