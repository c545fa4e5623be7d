"""Reads of the official client's streams: which lines of an attempt's streams are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.database.places import run_named

__all__ = [
    "attempt_begun_with",
    "attempt_of",
    "latest_attempts",
    "mark_of",
    "run_of",
    "writer_of",
    "written_lines",
]


def attempt_of(connection: Connection, entity: str, project: str, run_id: str) -> int | None:
    """The latest attempt of the run, if there is the run."""
    attempt, uid = schema.attempt.c, run_named(connection, entity, project, run_id)
    query = select(func.max(attempt.id)).where(attempt.run_uid == uid)
    return connection.execute(query).scalar()


def latest_attempts(connection: Connection, uids: Sequence[int]) -> dict[int, int]:
    """The latest attempt of each run, by uid."""
    attempt = schema.attempt
    rows = connection.execute(
        select(attempt.c.run_uid, func.max(attempt.c.id))
        .where(among(connection, attempt.c.run_uid, uids))
        .group_by(attempt.c.run_uid)
    )
    return {int(uid): int(id_) for uid, id_ in rows}


def run_of(connection: Connection, attempt: int) -> int:
    """The number of the run that an attempt belongs to."""
    found = select(schema.attempt.c.run_uid).where(schema.attempt.c.id == attempt)
    return int(connection.execute(found).scalar_one())


def written_lines(
    connection: Connection, attempts: Sequence[int], client_id: str = ""
) -> dict[int, dict[str, int]]:
    """How many lines of each stream are kept, by attempt and name of the stream."""
    mark = schema.stream_mark
    rows = connection.execute(
        select(mark.c.attempt_id, mark.c.stream, mark.c.next_line).where(
            among(connection, mark.c.attempt_id, attempts), mark.c.client_id == client_id
        )
    )
    lines: dict[int, dict[str, int]] = {attempt: {} for attempt in attempts}
    for row in rows:
        lines[row.attempt_id][row.stream] = row.next_line
    return lines


def mark_of(connection: Connection, attempt: int, client_id: str, stream: str) -> Any:
    """`id` of a stream's mark, its `next_line`, the number of the first that isn't kept, and the
    `first_digest` of the line that it began with."""
    mark = schema.stream_mark
    return connection.execute(
        select(mark.c.id, mark.c.next_line, mark.c.first_digest).where(
            mark.c.attempt_id == attempt, mark.c.client_id == client_id, mark.c.stream == stream
        )
    ).first()


def attempt_begun_with(
    connection: Connection, attempt: int, client_id: str, stream: str, digest: str
) -> int | None:
    """The latest other attempt of the same run whose stream began with this line."""
    mark, table = schema.stream_mark, schema.attempt
    uid = select(table.c.run_uid).where(table.c.id == attempt).scalar_subquery()
    return connection.execute(
        select(mark.c.attempt_id)
        .join(table, table.c.id == mark.c.attempt_id)
        .where(
            table.c.run_uid == uid,
            mark.c.attempt_id != attempt,
            mark.c.client_id == client_id,
            mark.c.stream == stream,
            mark.c.first_digest == digest,
        )
        .order_by(mark.c.attempt_id.desc())
        .limit(1)
    ).scalar()


def writer_of(connection: Connection, *, attempt: int | None = None, token: str = "") -> Any:
    """`token` and `next_seq` of the first writer of an attempt, or of the one of that token."""
    writer = schema.writer
    query = select(writer.c.token, writer.c.next_seq).order_by(writer.c.id).limit(1)
    if token:
        query = query.where(writer.c.token == token)
    else:
        query = query.where(writer.c.attempt_id == attempt)
    return connection.execute(query).first()
