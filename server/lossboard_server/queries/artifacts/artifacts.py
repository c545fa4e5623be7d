"""Reads of artifacts: by id, by name and alias, by run, and the lists of a project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.database.places import project_named

__all__ = [
    "Artifact",
    "Collection",
    "EntryRow",
    "artifact_by_client_id",
    "artifact_by_id",
    "artifact_by_name",
    "blob_by_md5",
    "collection_by_id",
    "collection_by_name",
    "collections_of_project",
    "content_by_digest",
    "created_by",
    "entries_of",
    "entries_without_blob",
    "logged_by_run",
    "places_of",
    "types_of_project",
    "used_by",
    "used_by_run",
    "versions_of",
]

_COLLECTION = schema.artifact_collection
_ARTIFACT = schema.artifact
_MEMBERSHIP = schema.artifact_membership
_ALIAS = schema.artifact_alias
_ENTRY = schema.artifact_entry
_USE = schema.artifact_use


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A named list of versions; a sequence is one that artifacts are logged to."""

    id: int
    project_id: int
    name: str
    type: str
    is_sequence: bool
    description: str
    tags: tuple[str, ...]
    created_us: int
    updated_us: int
    versions: int


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """An artifact seen as version `version` of collection `collection_id` (-1: not committed)."""

    id: int
    collection_id: int
    collection: str
    sequence_id: int
    project_id: int
    type: str
    version: int
    aliases: tuple[str, ...]
    state: str
    digest: str
    description: str
    metadata: dict[str, Any]
    tags: tuple[str, ...]
    size_bytes: int
    file_count: int
    history_step: int | None
    run_uid: int | None
    joined_us: int  # when it became a version of this collection
    created_us: int
    updated_us: int


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """A file of an artifact; see `lossboard_server.writing.artifacts.Entry`."""

    path: str
    digest: str
    sha256: str
    reference: str
    size_bytes: int


def artifact_by_id(connection: Connection, artifact_id: int) -> Artifact | None:
    """The artifact as a version of its own sequence."""
    return _one(connection, _as_version().where(_ARTIFACT.c.id == artifact_id, _own_sequence()))


def artifact_by_client_id(connection: Connection, client_id: str) -> Artifact | None:
    """The artifact that a client named so when it created it."""
    return _one(
        connection, _as_version().where(_ARTIFACT.c.client_id == client_id, _own_sequence())
    )


def artifact_by_name(connection: Connection, project_id: int, name: str) -> Artifact | None:
    """The artifact called `collection:alias`, `collection:v3`, or `collection` (latest)."""
    collection_name, _, alias = name.partition(":")
    collection = collection_by_name(connection, project_id, collection_name)
    if collection is None:
        return None
    alias = alias or "latest"
    artifact_id = _aliased(connection, collection.id, alias)
    if artifact_id is None:
        artifact_id = _numbered(connection, collection.id, alias)
    if artifact_id is None:
        return None
    return _one(
        connection,
        _as_version().where(_ARTIFACT.c.id == artifact_id, _COLLECTION.c.id == collection.id),
    )


def versions_of(connection: Connection, collection_id: int) -> list[Artifact]:
    """The committed versions of a collection, the newest first."""
    query = _as_version().where(_COLLECTION.c.id == collection_id, _ARTIFACT.c.state == "COMMITTED")
    return _many(connection, query.order_by(_MEMBERSHIP.c.version.desc()))


def places_of(connection: Connection, artifact_id: int) -> list[Artifact]:
    """The artifact as a version of each collection that it is in, its own sequence first."""
    query = _as_version().where(_ARTIFACT.c.id == artifact_id, _ARTIFACT.c.state == "COMMITTED")
    return _many(connection, query.order_by(_MEMBERSHIP.c.id))


def logged_by_run(connection: Connection, uid: int) -> list[Artifact]:
    """The artifacts that a run logged, in order."""
    query = _as_version().where(
        _ARTIFACT.c.run_uid == uid, _ARTIFACT.c.state == "COMMITTED", _own_sequence()
    )
    return _many(connection, query.order_by(_ARTIFACT.c.id))


def used_by_run(connection: Connection, uid: int) -> list[Artifact]:
    """The artifacts that a run used, in order."""
    query = _as_version().join(_USE, _USE.c.artifact_id == _ARTIFACT.c.id)
    query = query.where(_USE.c.run_uid == uid, _own_sequence())
    return _many(connection, query.order_by(_USE.c.id))


def used_by(connection: Connection, artifact_id: int) -> list[int]:
    """Server ids of the runs that used the artifact."""
    query = select(_USE.c.run_uid).where(_USE.c.artifact_id == artifact_id).order_by(_USE.c.id)
    return [int(uid) for uid in connection.execute(query).scalars()]


def created_by(connection: Connection, artifact_id: int) -> int | None:
    """Server id of the run that logged the artifact, if one did."""
    return connection.execute(
        select(_ARTIFACT.c.run_uid).where(_ARTIFACT.c.id == artifact_id)
    ).scalar()


def entries_of(
    connection: Connection, artifact_id: int, *, after: str = "", limit: int | None = None
) -> list[EntryRow]:
    """Files of an artifact by path, from the one after `after` on."""
    query = (
        select(
            _ENTRY.c.path,
            _ENTRY.c.digest,
            _ENTRY.c.sha256,
            _ENTRY.c.reference,
            _ENTRY.c.size_bytes,
        )
        .where(_ENTRY.c.artifact_id == artifact_id, _ENTRY.c.path > after)
        .order_by(_ENTRY.c.path)
        .limit(limit)
    )
    return [EntryRow(**row._mapping) for row in connection.execute(query)]


def entries_without_blob(connection: Connection, artifact_id: int) -> list[tuple[int, str]]:
    """Number and digest of the files of an artifact whose content isn't known to be here."""
    rows = connection.execute(
        select(_ENTRY.c.id, _ENTRY.c.digest).where(
            _ENTRY.c.artifact_id == artifact_id, _ENTRY.c.sha256 == "", _ENTRY.c.reference == ""
        )
    )
    return [(int(row.id), str(row.digest)) for row in rows]


def collection_by_id(connection: Connection, collection_id: int) -> Collection | None:
    """The collection of that number."""
    row = connection.execute(_collections().where(_COLLECTION.c.id == collection_id)).first()
    return None if row is None else _collection(row)


def collection_by_name(connection: Connection, project_id: int, name: str) -> Collection | None:
    """The collection of that name in the project."""
    query = _collections().where(_COLLECTION.c.project_id == project_id, _COLLECTION.c.name == name)
    row = connection.execute(query).first()
    return None if row is None else _collection(row)


def collections_of_project(
    connection: Connection, project_id: int, *, type: str | None = None
) -> list[Collection]:
    """Collections of the project, by name; of one type, if given."""
    query = _collections().where(_COLLECTION.c.project_id == project_id)
    if type is not None:
        query = query.where(_COLLECTION.c.type == type)
    rows = connection.execute(query.order_by(_COLLECTION.c.name))
    return [_collection(row) for row in rows]


def types_of_project(connection: Connection, project_id: int) -> list[str]:
    """Artifact types in use, by name."""
    query = select(_COLLECTION.c.type).where(_COLLECTION.c.project_id == project_id).distinct()
    return sorted(connection.execute(query).scalars())


def blob_by_md5(connection: Connection, md5: str) -> str | None:
    """SHA-256 (hex) of the stored blob with this MD5 (hex)."""
    table = schema.blob_md5
    return connection.execute(select(table.c.sha256).where(table.c.md5 == md5)).scalar()


def content_by_digest(
    connection: Connection, digest: str, *, entity: str, project: str = "", collection: str = ""
) -> str | None:
    """SHA-256 (hex) of a file, with this base64 MD5, of the artifacts of an entity, or of one
    collection of a project."""
    where = [schema.project.c.entity == entity]
    if project:
        where.append(schema.project.c.id == project_named(connection, entity, project))
    where += [_COLLECTION.c.name == collection] if collection else []
    held = (
        select(_MEMBERSHIP.c.artifact_id)
        .join(_COLLECTION, _COLLECTION.c.id == _MEMBERSHIP.c.artifact_collection_id)
        .join(schema.project, schema.project.c.id == _COLLECTION.c.project_id)
        .where(*where)
    )
    query = select(_ENTRY.c.sha256).where(
        _ENTRY.c.artifact_id.in_(held), _ENTRY.c.digest == digest, _ENTRY.c.sha256 != ""
    )
    return connection.execute(query.limit(1)).scalar()


def _collections() -> Select[Any]:
    versions = (
        select(func.count())
        .join(_ARTIFACT, _ARTIFACT.c.id == _MEMBERSHIP.c.artifact_id)
        .where(
            _MEMBERSHIP.c.artifact_collection_id == _COLLECTION.c.id,
            _ARTIFACT.c.state != "PENDING",
        )
        .scalar_subquery()
    )
    return select(
        _COLLECTION.c.id,
        _COLLECTION.c.project_id,
        _COLLECTION.c.name,
        _COLLECTION.c.type,
        _COLLECTION.c.is_sequence,
        _COLLECTION.c.description,
        _COLLECTION.c.tags_json,
        _COLLECTION.c.created_us,
        _COLLECTION.c.updated_us,
        versions.label("versions"),
    )


def _collection(row: Row[Any]) -> Collection:
    values = dict(row._mapping)
    return Collection(tags=tuple(json.loads(values.pop("tags_json"))), **values)


def _as_version() -> Select[Any]:
    """Artifacts joined to every collection they are a version of, and to their own sequence."""
    joined = _ARTIFACT.outerjoin(_MEMBERSHIP, _MEMBERSHIP.c.artifact_id == _ARTIFACT.c.id).join(
        _COLLECTION,
        _COLLECTION.c.id
        == func.coalesce(_MEMBERSHIP.c.artifact_collection_id, _ARTIFACT.c.artifact_collection_id),
    )
    return select(
        _ARTIFACT,
        _COLLECTION.c.id.label("collection_id"),
        _COLLECTION.c.name.label("collection"),
        _COLLECTION.c.project_id,
        _COLLECTION.c.type,
        func.coalesce(_MEMBERSHIP.c.version, -1).label("version"),
        func.coalesce(_MEMBERSHIP.c.created_us, _ARTIFACT.c.created_us).label("joined_us"),
    ).select_from(joined)


def _own_sequence() -> Any:
    return _COLLECTION.c.id == _ARTIFACT.c.artifact_collection_id


def _aliased(connection: Connection, collection_id: int, alias: str) -> int | None:
    return connection.execute(
        select(_ALIAS.c.artifact_id).where(
            _ALIAS.c.artifact_collection_id == collection_id, _ALIAS.c.alias == alias
        )
    ).scalar()


def _numbered(connection: Connection, collection_id: int, name: str) -> int | None:
    if not (name.startswith("v") and name[1:].isdecimal()):
        return None
    return connection.execute(
        select(_MEMBERSHIP.c.artifact_id)
        .join(_ARTIFACT, _ARTIFACT.c.id == _MEMBERSHIP.c.artifact_id)
        .where(
            _MEMBERSHIP.c.artifact_collection_id == collection_id,
            _MEMBERSHIP.c.version == int(name[1:]),
            _ARTIFACT.c.state == "COMMITTED",
        )
    ).scalar()


def _one(connection: Connection, query: Select[Any]) -> Artifact | None:
    found = _many(connection, query)
    return found[0] if found else None


def _many(connection: Connection, query: Select[Any]) -> list[Artifact]:
    rows = list(connection.execute(query))
    aliases = _aliases_of(connection, [int(row.id) for row in rows])
    return [_artifact(row, aliases) for row in rows]


def _aliases_of(
    connection: Connection, artifact_ids: list[int]
) -> dict[tuple[int, int], list[str]]:
    query = (
        select(_ALIAS.c.artifact_collection_id, _ALIAS.c.artifact_id, _ALIAS.c.alias)
        .where(among(connection, _ALIAS.c.artifact_id, artifact_ids))
        .order_by(_ALIAS.c.alias)
    )
    found: dict[tuple[int, int], list[str]] = {}
    for collection_id, artifact_id, alias in connection.execute(query):
        found.setdefault((collection_id, artifact_id), []).append(alias)
    return found


def _artifact(row: Row[Any], aliases: dict[tuple[int, int], list[str]]) -> Artifact:
    return Artifact(
        id=row.id,
        collection_id=row.collection_id,
        collection=row.collection,
        sequence_id=row.artifact_collection_id,
        project_id=row.project_id,
        type=row.type,
        version=-1 if row.state == "PENDING" else row.version,
        aliases=tuple(aliases.get((row.collection_id, row.id), ())),
        state=row.state,
        digest=row.digest,
        description=row.description,
        metadata=json.loads(row.metadata_json),
        tags=tuple(json.loads(row.tags_json)),
        size_bytes=row.size_bytes,
        file_count=row.file_count,
        history_step=row.history_step,
        run_uid=row.run_uid,
        joined_us=row.joined_us,
        created_us=row.created_us,
        updated_us=row.updated_us,
    )
