"""Reads of console output and files of a run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema
from lossboard_server.errors import NotFound

__all__ = ["console_lines", "find_file", "list_files"]


def console_lines(
    connection: Connection, uid: int, *, after: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    """Lines of a run after the first `after` ones, in order of arrival, and how many there are.

    The number of a line is its place in this order, from 1.
    """
    line = schema.console_line
    mine = line.c.run_id == uid
    total = connection.execute(select(func.count()).select_from(line).where(mine)).scalar_one()
    rows = connection.execute(
        select(line.c.stream, line.c.time_us, line.c.text)
        .where(mine)
        .order_by(line.c.id)
        .offset(after)
        .limit(limit)
    )
    lines = [
        {"number": number, "stream": row.stream, "time_us": row.time_us, "text": row.text}
        for number, row in enumerate(rows, after + 1)
    ]
    return lines, total


def list_files(connection: Connection, uid: int) -> list[dict[str, Any]]:
    """Files of a run by name."""
    file = schema.file
    columns = (file.c.name, file.c.sha256, file.c.size_bytes, file.c.mime_type, file.c.time_us)
    rows = connection.execute(select(*columns).where(file.c.run_id == uid).order_by(file.c.name))
    return [dict(row._mapping) for row in rows]


def find_file(connection: Connection, uid: int, name: str) -> str:
    """SHA-256 of a file of a run; raises NotFound."""
    file = schema.file
    found = connection.execute(
        select(file.c.sha256).where(file.c.run_id == uid, file.c.name == name)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"run {uid} has no file {name!r}")
    return str(found)
