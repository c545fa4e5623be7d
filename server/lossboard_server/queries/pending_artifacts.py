"""Reads of artifacts that were announced and are no versions yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, FromClause, exists, func, select

from lossboard_server import schema

__all__ = ["blobs_of", "filled"]

_ARTIFACT = schema.artifact
_SEED = schema.artifact.alias("seed")
_ENTRY = schema.artifact_entry
_PAGE = 200


def filled(
    connection: Connection, *, client_ids: Sequence[str] | None = None, sha256: str | None = None
) -> list[int]:
    """Ids of the pending artifacts of the native door whose entries are all here: of these
    client ids, or with this blob among their entries, and what was logged before them into the
    same collections. In the order in which they were logged: it is that of their versions, and a
    blob's answer may overtake that of a record."""
    query = select(_ARTIFACT.c.id, _ARTIFACT.c.announced_entries).where(*_pending(_ARTIFACT))
    if client_ids is not None:
        query = query.where(_not_after(_SEED.c.client_id.in_(client_ids)))
    if sha256 is not None:
        holding = select(_ENTRY.c.artifact_id).where(_ENTRY.c.sha256 == sha256)
        query = query.where(_not_after(_SEED.c.id.in_(holding)))
    return [
        int(row.id)
        for row in connection.execute(query.order_by(_ARTIFACT.c.id))  # as they were logged
        if _entry_count(connection, row.id) == row.announced_entries
    ]


def _pending(artifact: FromClause) -> tuple[ColumnElement[bool], ...]:
    return artifact.c.state == "PENDING", artifact.c.announced_entries.is_not(None)


def _not_after(chosen: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an artifact is one of the chosen, or stands before one in its collection."""
    same = _SEED.c.artifact_collection_id == _ARTIFACT.c.artifact_collection_id
    return exists().where(chosen, same, _SEED.c.id >= _ARTIFACT.c.id, *_pending(_SEED))


def _entry_count(connection: Connection, artifact_id: int) -> int:
    mine = _ENTRY.c.artifact_id == artifact_id
    return connection.execute(select(func.count()).select_from(_ENTRY).where(mine)).scalar_one()


def blobs_of(connection: Connection, artifact_id: int) -> Iterator[str]:
    """SHA-256 of the entries that have blobs, the last one first: clients upload in order, so one
    that isn't here yet is soon found."""
    before: int | None = None
    while True:
        query = select(_ENTRY.c.id, _ENTRY.c.sha256).where(_ENTRY.c.artifact_id == artifact_id)
        if before is not None:
            query = query.where(_ENTRY.c.id < before)
        page = connection.execute(query.order_by(_ENTRY.c.id.desc()).limit(_PAGE)).all()
        yield from (row.sha256 for row in page if row.sha256)
        if len(page) < _PAGE:
            return
        before = page[-1].id
