"""Reads of artifacts that were announced and are no versions yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among

__all__ = ["Announced", "EntryBlob", "blobs_before", "filled", "pending"]

_ARTIFACT = schema.artifact
_ENTRY = schema.artifact_entry


class Announced(NamedTuple):
    """A pending artifact of the native door; ids of deleted ones may be given again."""

    id: int
    created_us: int


class EntryBlob(NamedTuple):
    """An entry by its path, and the SHA-256 of its blob; empty for a reference."""

    path: str
    sha256: str


def filled(connection: Connection, *, client_ids: Sequence[str] | None = None) -> list[Announced]:
    """The pending artifacts whose entries are all here, in the order in which they were logged;
    of these client ids only, if given."""
    mine = [] if client_ids is None else [among(connection, _ARTIFACT.c.client_id, client_ids)]
    mine.append(_ARTIFACT.c.announced_entries == _ARTIFACT.c.file_count)
    query = select(_ARTIFACT.c.id, _ARTIFACT.c.created_us).where(_is_pending(), *mine)
    return [Announced(*row) for row in connection.execute(query.order_by(_ARTIFACT.c.id))]


def pending(connection: Connection, asked: Sequence[Announced]) -> list[Announced]:
    """The artifacts that are pending still, in the order in which they were logged."""
    mine = among(connection, _ARTIFACT.c.id, [one.id for one in asked])
    query = select(_ARTIFACT.c.id, _ARTIFACT.c.created_us).where(_is_pending(), mine)
    found = {Announced(*row) for row in connection.execute(query)}
    return sorted(found.intersection(asked))


def _is_pending() -> ColumnElement[bool]:
    return (_ARTIFACT.c.state == "PENDING") & _ARTIFACT.c.announced_entries.is_not(None)


def blobs_before(
    connection: Connection, artifact_id: int, path: str | None, *, limit: int
) -> list[EntryBlob]:
    """The entries of an artifact before that path, or the last ones, going backwards."""
    query = select(_ENTRY.c.path, _ENTRY.c.sha256).where(_ENTRY.c.artifact_id == artifact_id)
    if path is not None:
        query = query.where(_ENTRY.c.path < path)
    rows = connection.execute(query.order_by(_ENTRY.c.path.desc()).limit(limit))
    return [EntryBlob(*row) for row in rows]
