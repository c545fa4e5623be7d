"""Reads of console output and files of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, and_, exists, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.database.places import run_named
from lossboard_server.errors import NotFound
from lossboard_server.queries.history.writers import writer_names

__all__ = [
    "console_counts",
    "console_lines",
    "file_known",
    "find_file",
    "find_run_file",
    "list_files",
    "numbered_lines",
]


def console_lines(
    connection: Connection, uid: int, *, after: int, limit: int, writer: str = ""
) -> tuple[list[dict[str, Any]], int]:
    """Lines of a run after the first `after` ones, in order of arrival, and how many there are; of
    the process with the name `writer` alone, if it is given.

    The number of a line is its place in this order, from 1. Of a run with one process lines name
    none.
    """
    line = schema.console_line
    names = _names_of_several(connection, uid)
    mine = line.c.run_uid == uid
    if writer:
        ids = [number for number, name in names.items() if name == writer]
        mine = and_(mine, line.c.writer_id.in_(ids))
    total = connection.execute(select(func.count()).select_from(line).where(mine)).scalar_one()
    rows = connection.execute(
        select(line.c.stream, line.c.time_us, line.c.text, line.c.writer_id)
        .where(mine)
        .order_by(line.c.id)
        .offset(after)
        .limit(limit)
    )
    lines = [
        {
            "number": number,
            "stream": row.stream,
            "time_us": row.time_us,
            "text": row.text,
            "writer": names.get(row.writer_id, ""),
        }
        for number, row in enumerate(rows, after + 1)
    ]
    return lines, total


def _names_of_several(connection: Connection, uid: int) -> dict[int, str]:
    """The names of the writers of the run that print, by number; none if it is one alone."""
    line, writer = schema.console_line.c, schema.writer.c
    prints = exists().where(line.run_uid == uid, line.writer_id == writer.id)
    found = connection.execute(select(writer.id).where(writer.run_uid == uid, prints))
    names = writer_names(connection, [uid])
    printing = {number: names[number] for number in found.scalars()}
    return printing if len(set(printing.values())) > 1 else {}


def numbered_lines(
    connection: Connection, uid: int, *, first: int | None, limit: int
) -> list[Row[Any]]:
    """Lines of a run by the number that its client gave them: `limit` ones from number `first` on,
    or the last ones (None)."""
    line = schema.console_line
    query = select(line).where(line.c.run_uid == uid).limit(limit)
    if first is None:
        return list(connection.execute(query.order_by(line.c.number.desc())))[::-1]
    query = query.where(line.c.number >= first).order_by(line.c.number)
    return list(connection.execute(query))


def console_counts(connection: Connection, uids: Sequence[int]) -> dict[int, int]:
    """How many lines of console each run has, by uid; of those that have any."""
    return _counts(connection, schema.console_line.c.run_uid, uids)


def _counts(connection: Connection, owner: Column[Any], uids: Sequence[int]) -> dict[int, int]:
    query = select(owner, func.count()).where(among(connection, owner, uids)).group_by(owner)
    return {int(uid): int(count) for uid, count in connection.execute(query)}


def list_files(connection: Connection, uid: int) -> list[dict[str, Any]]:
    """Files of a run by name."""
    file = schema.file
    columns = (file.c.name, file.c.sha256, file.c.size_bytes, file.c.mime_type, file.c.time_us)
    rows = connection.execute(select(*columns).where(file.c.run_uid == uid).order_by(file.c.name))
    return [dict(row._mapping) for row in rows]


def find_file(connection: Connection, uid: int, name: str) -> str:
    """SHA-256 of a file of a run; raises NotFound."""
    found = file_known(connection, uid, name)
    if found is None:
        raise NotFound(f"run {uid} has no file {name!r}")
    return found


def file_known(connection: Connection, uid: int, name: str) -> str | None:
    """SHA-256 of a file of a run, None if there is none of that name."""
    file = schema.file
    mine = select(file.c.sha256).where(file.c.run_uid == uid, file.c.name == name)
    return connection.execute(mine).scalar_one_or_none()


def find_run_file(connection: Connection, entity: str, project: str, run_id: str, name: str) -> Any:
    """`sha256` and `mime_type` of a file of a run by the names of both."""
    file, uid = schema.file.c, run_named(connection, entity, project, run_id)
    query = select(file.sha256, file.mime_type).where(file.run_uid == uid, file.name == name)
    return connection.execute(query).first()
