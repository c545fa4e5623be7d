"""Writes of artifacts, for both doors; each function runs in one transaction of the writer.

An artifact is created PENDING with its entries, its files are uploaded by digest, and `commit`
makes it a version once every blob is there: a partial upload is never a version. The same digest
in the same collection is the same version, however often it is logged.

Versions and aliases follow the order in which artifacts were logged, whatever file comes when:
the native door reserves a version's number and notes its aliases when it hears of the artifact,
and an alias that was given to another version since stays there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from lossboard_server.database import schema
from lossboard_server.errors import Conflict, NotFound
from lossboard_server.limits import check_sizes, check_total
from lossboard_server.writing.records import check_values

__all__ = [
    "Entry",
    "NewArtifact",
    "add_aliases",
    "add_entries",
    "commit",
    "create",
    "link",
    "remove",
    "remove_aliases",
    "reserve",
    "set_blob",
    "set_manifest",
    "update_description",
    "use",
    "want_aliases",
]

_COLLECTION = schema.artifact_collection
_ARTIFACT = schema.artifact
_MEMBERSHIP = schema.artifact_membership
_ALIAS = schema.artifact_alias
_ENTRY = schema.artifact_entry


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of an artifact: `digest` is its base64 MD5 (or the reference's own digest),
    `sha256` names its blob here and is empty for references and while it is not uploaded."""

    path: str
    digest: str
    size_bytes: int
    sha256: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class NewArtifact:
    """The artifact that a client asks for; `digest` is the hex digest of the manifest, or empty for
    now."""

    project_id: int
    collection: str
    type: str
    digest: str
    run_uid: int | None = None
    client_id: str = ""
    sequence_client_id: str = ""
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    history_step: int | None = None


def create(connection: Connection, wanted: NewArtifact, *, now_us: int) -> tuple[int, str]:
    """The artifact's id and state: the committed one of the same digest, or a new PENDING one.

    Raises Conflict where the collection exists with another type.
    """
    collection_id = _ensure_collection(connection, wanted, now_us)
    known = connection.execute(
        select(_ARTIFACT.c.id).where(
            _ARTIFACT.c.artifact_collection_id == collection_id,
            _ARTIFACT.c.digest == wanted.digest,
            _ARTIFACT.c.state == "COMMITTED",
        )
    ).scalar()
    if known is not None and wanted.digest:
        add_aliases(connection, known, [*wanted.aliases, "latest"], now_us=now_us)
        return int(known), "COMMITTED"
    return _insert_pending(connection, collection_id, wanted, now_us), "PENDING"


def _insert_pending(
    connection: Connection, collection_id: int, wanted: NewArtifact, now_us: int
) -> int:
    result = connection.execute(
        insert(_ARTIFACT).values(
            artifact_collection_id=collection_id,
            run_uid=wanted.run_uid,
            state="PENDING",
            digest=wanted.digest,
            client_id=wanted.client_id,
            description=wanted.description,
            metadata_json=_metadata_json(wanted.metadata),
            tags_json=json.dumps(list(wanted.tags)),
            aliases_json=json.dumps(list(wanted.aliases)),
            history_step=wanted.history_step,
            created_us=now_us,
            updated_us=now_us,
        )
    )
    return _new_id(result.inserted_primary_key)


def reserve(connection: Connection, artifact_id: int, *, now_us: int) -> None:
    """Gives a PENDING artifact the next number of its collection, which it has once it is a
    version. It is nobody else's, even if the artifact is never complete."""
    row = _row(connection, artifact_id)
    _add_membership(connection, row["artifact_collection_id"], artifact_id, now_us)


def want_aliases(
    connection: Connection, artifact_id: int, aliases: Iterable[str], *, now_us: int
) -> None:
    """Notes that a PENDING artifact gets these aliases and `latest` once it is a version, unless
    another version is told to have them after this."""
    row = _row(connection, artifact_id)
    told_us = _moment(connection, row["artifact_collection_id"], now_us)
    wanted = _wanted_aliases(row, told_us) | dict.fromkeys([*aliases, "latest"], told_us)
    connection.execute(
        update(_ARTIFACT)
        .where(_ARTIFACT.c.id == artifact_id)
        .values(aliases_json=json.dumps(wanted))
    )


def _wanted_aliases(row: Mapping[str, Any], now_us: int) -> dict[str, int]:
    """When the artifact was told to have which alias; now, for those of the official door."""
    wanted = json.loads(row["aliases_json"])
    return wanted if isinstance(wanted, dict) else dict.fromkeys([*wanted, "latest"], now_us)


def add_entries(connection: Connection, artifact_id: int, entries: Iterable[Entry]) -> None:
    """Replaces the manifest of a PENDING artifact by these entries."""
    _require_state(connection, artifact_id, "PENDING")
    connection.execute(delete(_ENTRY).where(_ENTRY.c.artifact_id == artifact_id))
    rows = [
        {
            "artifact_id": artifact_id,
            "path": entry.path,
            "digest": entry.digest,
            "sha256": entry.sha256,
            "reference": entry.reference,
            "size_bytes": entry.size_bytes,
        }
        for entry in entries
    ]
    if rows:
        connection.execute(insert(_ENTRY), rows)


def set_manifest(connection: Connection, artifact_id: int, sha256: str) -> None:
    """Names the blob that the artifact's manifest came as."""
    mine = _ARTIFACT.c.id == artifact_id
    connection.execute(update(_ARTIFACT).where(mine).values(manifest_sha256=sha256))


def set_blob(connection: Connection, entry_id: int, sha256: str) -> None:
    """Names the blob of an artifact's file, which came after the manifest."""
    connection.execute(update(_ENTRY).where(_ENTRY.c.id == entry_id).values(sha256=sha256))


def commit(connection: Connection, artifact_id: int, *, now_us: int) -> None:
    """Makes a PENDING artifact a version of its collection, with the number that was reserved for
    it or else the next one, and gives it its aliases.

    Committing a committed artifact changes nothing. Raises Conflict while files are missing.
    """
    row = _row(connection, artifact_id)
    if row["state"] == "COMMITTED":
        return
    missing = _missing_paths(connection, artifact_id)
    if missing:
        raise Conflict(
            f"artifact {artifact_id} can't be committed: {len(missing)} of its files are not"
            f" uploaded, the first is {missing[0]!r}; upload them and commit again"
        )
    connection.execute(
        update(_ARTIFACT)
        .where(_ARTIFACT.c.id == artifact_id)
        .values(state="COMMITTED", updated_us=now_us, **_totals(connection, artifact_id))
    )
    collection_id = row["artifact_collection_id"]
    _join(connection, collection_id, artifact_id, now_us)
    wanted = _wanted_aliases(row, _moment(connection, collection_id, now_us))
    for alias, told_us in wanted.items():
        _point(connection, collection_id, artifact_id, alias, told_us)


def _join(connection: Connection, collection_id: int, artifact_id: int, now_us: int) -> None:
    _add_membership(connection, collection_id, artifact_id, now_us)
    connection.execute(
        update(_MEMBERSHIP)
        .where(
            _MEMBERSHIP.c.artifact_collection_id == collection_id,
            _MEMBERSHIP.c.artifact_id == artifact_id,
        )
        .values(created_us=now_us)
    )


def add_aliases(
    connection: Connection,
    artifact_id: int,
    aliases: Iterable[str],
    *,
    now_us: int,
    collection_id: int | None = None,
) -> None:
    """Points aliases at the artifact, away from the version that had them."""
    collection = collection_id or _row(connection, artifact_id)["artifact_collection_id"]
    told_us = _moment(connection, collection, now_us)
    for alias in dict.fromkeys(aliases):
        _point(connection, collection, artifact_id, alias, told_us)


def _point(
    connection: Connection, collection_id: int, artifact_id: int, alias: str, told_us: int
) -> None:
    """Points an alias at the artifact, unless it was given to another one after `told_us`."""
    mine = (_ALIAS.c.artifact_collection_id == collection_id, _ALIAS.c.alias == alias)
    held_us = connection.execute(select(_ALIAS.c.told_us).where(*mine)).scalar()
    if held_us is not None and held_us > told_us:
        return
    connection.execute(delete(_ALIAS).where(*mine))
    connection.execute(
        insert(_ALIAS).values(
            artifact_collection_id=collection_id,
            artifact_id=artifact_id,
            alias=alias,
            told_us=told_us,
        )
    )


def remove_aliases(
    connection: Connection,
    artifact_id: int,
    aliases: Iterable[str],
    *,
    collection_id: int | None = None,
) -> None:
    """Takes aliases from the artifact; aliases that it doesn't have are left alone."""
    collection = collection_id or _row(connection, artifact_id)["artifact_collection_id"]
    connection.execute(
        delete(_ALIAS).where(
            _ALIAS.c.artifact_collection_id == collection,
            _ALIAS.c.artifact_id == artifact_id,
            _ALIAS.c.alias.in_(list(aliases)),
        )
    )


def link(
    connection: Connection,
    artifact_id: int,
    *,
    project_id: int,
    collection: str,
    aliases: Sequence[str],
    now_us: int,
) -> int:
    """Makes a committed artifact a version of another collection; its version number there."""
    _require_state(connection, artifact_id, "COMMITTED")
    collection_id = _find_collection(connection, project_id, collection)
    if collection_id is None:
        collection_id = _insert_collection(
            connection,
            project_id=project_id,
            name=collection,
            type=_artifact_type(connection, artifact_id),
            is_sequence=False,
            client_id="",
            now_us=now_us,
        )
    version = _add_membership(connection, collection_id, artifact_id, now_us)
    add_aliases(
        connection,
        artifact_id,
        [*aliases, "latest"],
        now_us=now_us,
        collection_id=collection_id,
    )
    return version


def use(connection: Connection, artifact_id: int, *, run_uid: int, now_us: int) -> None:
    """Records that a run used the artifact; once is enough."""
    _row(connection, artifact_id)
    table = schema.artifact_use
    known = connection.execute(
        select(table.c.id).where(table.c.run_uid == run_uid, table.c.artifact_id == artifact_id)
    ).first()
    if known is None:
        connection.execute(
            insert(table).values(run_uid=run_uid, artifact_id=artifact_id, created_us=now_us)
        )


def _metadata_json(metadata: Mapping[str, Any]) -> str:
    check_values("metadata", metadata)
    check_sizes("metadata", metadata)
    text = json.dumps(metadata)
    check_total("metadata of the artifact", text)
    return text


def update_description(
    connection: Connection,
    artifact_id: int,
    *,
    now_us: int,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Changes what is said of an artifact; None leaves a field as it is. Raises Invalid for
    metadata that are nested too deeply."""
    _row(connection, artifact_id)
    values: dict[str, Any] = {"updated_us": now_us}
    if description is not None:
        values["description"] = description
    if metadata is not None:
        values["metadata_json"] = _metadata_json(metadata)
    if tags is not None:
        values["tags_json"] = json.dumps(list(tags))
    connection.execute(update(_ARTIFACT).where(_ARTIFACT.c.id == artifact_id).values(**values))


def remove(connection: Connection, artifact_id: int, *, now_us: int) -> None:
    """Marks the artifact DELETED and frees its aliases and files; its version number is not given
    again, nor is it found by the id that its client gave it."""
    _row(connection, artifact_id)
    connection.execute(delete(_ALIAS).where(_ALIAS.c.artifact_id == artifact_id))
    connection.execute(delete(_ENTRY).where(_ENTRY.c.artifact_id == artifact_id))
    connection.execute(
        update(_ARTIFACT)
        .where(_ARTIFACT.c.id == artifact_id)
        .values(state="DELETED", client_id="", updated_us=now_us)
    )


def _ensure_collection(connection: Connection, wanted: NewArtifact, now_us: int) -> int:
    row = connection.execute(
        select(_COLLECTION.c.id, _COLLECTION.c.type).where(
            _COLLECTION.c.project_id == wanted.project_id,
            _COLLECTION.c.name == wanted.collection,
        )
    ).first()
    if row is None:
        return _insert_collection(
            connection,
            project_id=wanted.project_id,
            name=wanted.collection,
            type=wanted.type,
            is_sequence=True,
            client_id=wanted.sequence_client_id,
            now_us=now_us,
        )
    if row.type != wanted.type:
        raise Conflict(
            f"artifact {wanted.collection!r} exists with type {row.type!r} and can't be logged"
            f" with type {wanted.type!r}; use another name or that type"
        )
    return int(row.id)


def _insert_collection(
    connection: Connection,
    *,
    project_id: int,
    name: str,
    type: str,
    is_sequence: bool,
    client_id: str,
    now_us: int,
) -> int:
    result = connection.execute(
        insert(_COLLECTION).values(
            project_id=project_id,
            name=name,
            type=type,
            is_sequence=is_sequence,
            client_id=client_id,
            created_us=now_us,
            updated_us=now_us,
        )
    )
    return _new_id(result.inserted_primary_key)


def _find_collection(connection: Connection, project_id: int, name: str) -> int | None:
    return connection.execute(
        select(_COLLECTION.c.id).where(
            _COLLECTION.c.project_id == project_id, _COLLECTION.c.name == name
        )
    ).scalar()


def _moment(connection: Connection, collection_id: int, now_us: int) -> int:
    """The time of a change of the collection: now, and later than that of any change before."""
    mine = _COLLECTION.c.id == collection_id
    before = connection.execute(select(_COLLECTION.c.updated_us).where(mine)).scalar_one()
    moment = max(now_us, int(before) + 1)
    connection.execute(update(_COLLECTION).where(mine).values(updated_us=moment))
    return moment


def _add_membership(
    connection: Connection, collection_id: int, artifact_id: int, now_us: int
) -> int:
    of_collection = _MEMBERSHIP.c.artifact_collection_id == collection_id
    known = connection.execute(
        select(_MEMBERSHIP.c.version).where(of_collection, _MEMBERSHIP.c.artifact_id == artifact_id)
    ).scalar()
    if known is not None:
        return int(known)
    last = connection.execute(select(func.max(_MEMBERSHIP.c.version)).where(of_collection)).scalar()
    version = 0 if last is None else int(last) + 1
    connection.execute(
        insert(_MEMBERSHIP).values(
            artifact_collection_id=collection_id,
            artifact_id=artifact_id,
            version=version,
            created_us=now_us,
        )
    )
    return version


def _missing_paths(connection: Connection, artifact_id: int) -> list[str]:
    return list(
        connection.execute(
            select(_ENTRY.c.path)
            .where(
                _ENTRY.c.artifact_id == artifact_id,
                _ENTRY.c.sha256 == "",
                _ENTRY.c.reference == "",
            )
            .order_by(_ENTRY.c.path)
        ).scalars()
    )


def _totals(connection: Connection, artifact_id: int) -> dict[str, int]:
    count, size = connection.execute(
        select(func.count(), func.coalesce(func.sum(_ENTRY.c.size_bytes), 0)).where(
            _ENTRY.c.artifact_id == artifact_id
        )
    ).one()
    return {"file_count": int(count), "size_bytes": int(size)}


def _row(connection: Connection, artifact_id: int) -> Mapping[str, Any]:
    row = connection.execute(select(_ARTIFACT).where(_ARTIFACT.c.id == artifact_id)).first()
    if row is None:
        raise NotFound(f"no artifact with id {artifact_id}")
    return {str(name): value for name, value in row._mapping.items()}


def _require_state(connection: Connection, artifact_id: int, state: str) -> None:
    found = _row(connection, artifact_id)["state"]
    if found != state:
        raise Conflict(f"artifact {artifact_id} is {found}, this needs one that is {state}")


def _artifact_type(connection: Connection, artifact_id: int) -> str:
    return str(
        connection.execute(
            select(_COLLECTION.c.type)
            .join(_ARTIFACT, _ARTIFACT.c.artifact_collection_id == _COLLECTION.c.id)
            .where(_ARTIFACT.c.id == artifact_id)
        ).scalar_one()
    )


def _new_id(primary_key: Any) -> int:
    return int(primary_key[0])
