"""Reads of artifacts that were announced and are no versions yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from lossboard_server import schema

__all__ = ["blobs_of", "filled"]

_ARTIFACT = schema.artifact
_ENTRY = schema.artifact_entry
_PAGE = 200


def filled(
    connection: Connection, *, client_ids: Sequence[str] | None = None, sha256: str | None = None
) -> list[int]:
    """Ids of the pending artifacts of the native door whose entries are all here: of these
    client ids, or with this blob among their entries. In the order in which they were logged: it
    is that of their versions."""
    query = select(_ARTIFACT.c.id, _ARTIFACT.c.announced_entries).where(
        _ARTIFACT.c.state == "PENDING", _ARTIFACT.c.announced_entries.is_not(None)
    )
    if client_ids is not None:
        query = query.where(_ARTIFACT.c.client_id.in_(client_ids))
    if sha256 is not None:
        holding = select(_ENTRY.c.artifact_id).where(_ENTRY.c.sha256 == sha256)
        query = query.where(_ARTIFACT.c.id.in_(holding))
    return [
        int(row.id)
        for row in connection.execute(query.order_by(_ARTIFACT.c.id))  # as they were logged
        if _entry_count(connection, row.id) == row.announced_entries
    ]


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
