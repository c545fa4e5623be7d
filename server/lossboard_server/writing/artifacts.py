"""Writes of artifacts, for both doors; each function works in a transaction of the writer.

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
from lossboard_server.writing.writer import Transaction

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


def create(transaction: Transaction, wanted: NewArtifact) -> tuple[int, str]:
    """The artifact's id and state: the committed one of the same digest, or a new PENDING one.

    Raises Conflict where the collection exists with another type.
    """
    collection_id = _ensure_collection(transaction, wanted)
    known = transaction.connection.execute(
        select(_ARTIFACT.c.id).where(
            _ARTIFACT.c.artifact_collection_id == collection_id,
            _ARTIFACT.c.digest == wanted.digest,
            _ARTIFACT.c.state == "COMMITTED",
        )
    ).scalar()
    if known is not None and wanted.digest:
        add_aliases(transaction, known, [*wanted.aliases, "latest"])
        return int(known), "COMMITTED"
    return _insert_pending(transaction, collection_id, wanted), "PENDING"


def _insert_pending(transaction: Transaction, collection_id: int, wanted: NewArtifact) -> int:
    result = transaction.connection.execute(
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
            created_us=transaction.now_us,
            updated_us=transaction.now_us,
        )
    )
    return _new_id(result.inserted_primary_key)


def reserve(transaction: Transaction, artifact_id: int) -> None:
    """Gives a PENDING artifact the next number of its collection, which it has once it is a
    version. It is nobody else's, even if the artifact is never complete."""
    row = _row(transaction.connection, artifact_id)
    _add_membership(transaction, row["artifact_collection_id"], artifact_id)


def want_aliases(transaction: Transaction, artifact_id: int, aliases: Iterable[str]) -> None:
    """Notes that a PENDING artifact gets these aliases and `latest` once it is a version, unless
    another version is told to have them after this."""
    row = _row(transaction.connection, artifact_id)
    told_us = _moment(transaction, row["artifact_collection_id"])
    wanted = _wanted_aliases(row, told_us) | dict.fromkeys([*aliases, "latest"], told_us)
    transaction.connection.execute(
        update(_ARTIFACT)
        .where(_ARTIFACT.c.id == artifact_id)
        .values(aliases_json=json.dumps(wanted))
    )


def _wanted_aliases(row: Mapping[str, Any], now_us: int) -> dict[str, int]:
    """When the artifact was told to have which alias; now, for those of the official door."""
    wanted = json.loads(row["aliases_json"])
    return wanted if isinstance(wanted, dict) else dict.fromkeys([*wanted, "latest"], now_us)


def add_entries(transaction: Transaction, artifact_id: int, entries: Iterable[Entry]) -> None:
    """Replaces the manifest of a PENDING artifact by these entries."""
    _require_state(transaction.connection, artifact_id, "PENDING")
    transaction.connection.execute(delete(_ENTRY).where(_ENTRY.c.artifact_id == artifact_id))
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
        transaction.connection.execute(insert(_ENTRY), rows)


def set_manifest(transaction: Transaction, artifact_id: int, sha256: str) -> None:
    """Names the blob that the artifact's manifest came as."""
    mine = _ARTIFACT.c.id == artifact_id
    transaction.connection.execute(update(_ARTIFACT).where(mine).values(manifest_sha256=sha256))


def set_blob(transaction: Transaction, entry_id: int, sha256: str) -> None:
    """Names the blob of an artifact's file, which came after the manifest."""
    transaction.connection.execute(
        update(_ENTRY).where(_ENTRY.c.id == entry_id).values(sha256=sha256)
    )


def commit(transaction: Transaction, artifact_id: int) -> None:
    """Makes a PENDING artifact a version of its collection, with the number that was reserved for
    it or else the next one, and gives it its aliases.

    Committing a committed artifact changes nothing. Raises Conflict while files are missing.
    """
    row = _row(transaction.connection, artifact_id)
    if row["state"] == "COMMITTED":
        return
    missing = _missing_paths(transaction.connection, artifact_id)
    if missing:
        raise Conflict(
            f"artifact {artifact_id} can't be committed: {len(missing)} of its files are not"
            f" uploaded, the first is {missing[0]!r}; upload them and commit again"
        )
    totals = _totals(transaction.connection, artifact_id)
    transaction.connection.execute(
        update(_ARTIFACT)
        .where(_ARTIFACT.c.id == artifact_id)
        .values(state="COMMITTED", updated_us=transaction.now_us, **totals)
    )
    collection_id = row["artifact_collection_id"]
    _join(transaction, collection_id, artifact_id)
    wanted = _wanted_aliases(row, _moment(transaction, collection_id))
    for alias, told_us in wanted.items():
        _point(transaction, collection_id, artifact_id, alias, told_us)


def _join(transaction: Transaction, collection_id: int, artifact_id: int) -> None:
    _add_membership(transaction, collection_id, artifact_id)
    transaction.connection.execute(
        update(_MEMBERSHIP)
        .where(
            _MEMBERSHIP.c.artifact_collection_id == collection_id,
            _MEMBERSHIP.c.artifact_id == artifact_id,
        )
        .values(created_us=transaction.now_us)
    )


def add_aliases(
    transaction: Transaction,
    artifact_id: int,
    aliases: Iterable[str],
    *,
    collection_id: int | None = None,
) -> None:
    """Points aliases at the artifact, away from the version that had them."""
    collection = collection_id or _sequence_of(transaction.connection, artifact_id)
    told_us = _moment(transaction, collection)
    for alias in dict.fromkeys(aliases):
        _point(transaction, collection, artifact_id, alias, told_us)


def _point(
    transaction: Transaction, collection_id: int, artifact_id: int, alias: str, told_us: int
) -> None:
    """Points an alias at the artifact, unless it was given to another one after `told_us`."""
    mine = (_ALIAS.c.artifact_collection_id == collection_id, _ALIAS.c.alias == alias)
    held_us = transaction.connection.execute(select(_ALIAS.c.told_us).where(*mine)).scalar()
    if held_us is not None and held_us > told_us:
        return
    transaction.connection.execute(delete(_ALIAS).where(*mine))
    transaction.connection.execute(
        insert(_ALIAS).values(
            artifact_collection_id=collection_id,
            artifact_id=artifact_id,
            alias=alias,
            told_us=told_us,
        )
    )


def remove_aliases(
    transaction: Transaction,
    artifact_id: int,
    aliases: Iterable[str],
    *,
    collection_id: int | None = None,
) -> None:
    """Takes aliases from the artifact; aliases that it doesn't have are left alone."""
    collection = collection_id or _sequence_of(transaction.connection, artifact_id)
    transaction.connection.execute(
        delete(_ALIAS).where(
            _ALIAS.c.artifact_collection_id == collection,
            _ALIAS.c.artifact_id == artifact_id,
            _ALIAS.c.alias.in_(list(aliases)),
        )
    )


def link(
    transaction: Transaction,
    artifact_id: int,
    *,
    project_id: int,
    collection: str,
    aliases: Sequence[str],
) -> int:
    """Makes a committed artifact a version of another collection; its version number there."""
    _require_state(transaction.connection, artifact_id, "COMMITTED")
    collection_id = _find_collection(transaction.connection, project_id, collection)
    if collection_id is None:
        collection_id = _insert_collection(
            transaction,
            project_id=project_id,
            name=collection,
            type=_artifact_type(transaction.connection, artifact_id),
            is_sequence=False,
            client_id="",
        )
    version = _add_membership(transaction, collection_id, artifact_id)
    add_aliases(
        transaction,
        artifact_id,
        [*aliases, "latest"],
        collection_id=collection_id,
    )
    return version


def use(transaction: Transaction, artifact_id: int, *, run_uid: int) -> None:
    """Records that a run used the artifact; once is enough."""
    _row(transaction.connection, artifact_id)
    table = schema.artifact_use
    known = transaction.connection.execute(
        select(table.c.id).where(table.c.run_uid == run_uid, table.c.artifact_id == artifact_id)
    ).first()
    if known is None:
        transaction.connection.execute(
            insert(table).values(
                run_uid=run_uid, artifact_id=artifact_id, created_us=transaction.now_us
            )
        )


def _metadata_json(metadata: Mapping[str, Any]) -> str:
    check_values("metadata", metadata)
    check_sizes("metadata", metadata)
    text = json.dumps(metadata)
    check_total("metadata of the artifact", text)
    return text


def update_description(
    transaction: Transaction,
    artifact_id: int,
    *,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Changes what is said of an artifact; None leaves a field as it is. Raises Invalid for
    metadata that are nested too deeply."""
    _row(transaction.connection, artifact_id)
    values: dict[str, Any] = {"updated_us": transaction.now_us}
    if description is not None:
        values["description"] = description
    if metadata is not None:
        values["metadata_json"] = _metadata_json(metadata)
    if tags is not None:
        values["tags_json"] = json.dumps(list(tags))
    mine = _ARTIFACT.c.id == artifact_id
    transaction.connection.execute(update(_ARTIFACT).where(mine).values(**values))


def remove(transaction: Transaction, artifact_id: int) -> None:
    """Marks the artifact DELETED and frees its aliases and files; its version number is not given
    again, nor is it found by the id that its client gave it."""
    _row(transaction.connection, artifact_id)
    transaction.connection.execute(delete(_ALIAS).where(_ALIAS.c.artifact_id == artifact_id))
    transaction.connection.execute(delete(_ENTRY).where(_ENTRY.c.artifact_id == artifact_id))
    transaction.connection.execute(
        update(_ARTIFACT)
        .where(_ARTIFACT.c.id == artifact_id)
        .values(state="DELETED", client_id="", updated_us=transaction.now_us)
    )


def _ensure_collection(transaction: Transaction, wanted: NewArtifact) -> int:
    row = transaction.connection.execute(
        select(_COLLECTION.c.id, _COLLECTION.c.type).where(
            _COLLECTION.c.project_id == wanted.project_id,
            _COLLECTION.c.name == wanted.collection,
        )
    ).first()
    if row is None:
        return _insert_collection(
            transaction,
            project_id=wanted.project_id,
            name=wanted.collection,
            type=wanted.type,
            is_sequence=True,
            client_id=wanted.sequence_client_id,
        )
    if row.type != wanted.type:
        raise Conflict(
            f"artifact {wanted.collection!r} exists with type {row.type!r} and can't be logged"
            f" with type {wanted.type!r}; use another name or that type"
        )
    return int(row.id)


def _insert_collection(
    transaction: Transaction,
    *,
    project_id: int,
    name: str,
    type: str,
    is_sequence: bool,
    client_id: str,
) -> int:
    result = transaction.connection.execute(
        insert(_COLLECTION).values(
            project_id=project_id,
            name=name,
            type=type,
            is_sequence=is_sequence,
            client_id=client_id,
            created_us=transaction.now_us,
            updated_us=transaction.now_us,
        )
    )
    return _new_id(result.inserted_primary_key)


def _find_collection(connection: Connection, project_id: int, name: str) -> int | None:
    return connection.execute(
        select(_COLLECTION.c.id).where(
            _COLLECTION.c.project_id == project_id, _COLLECTION.c.name == name
        )
    ).scalar()


def _moment(transaction: Transaction, collection_id: int) -> int:
    """The time of a change of the collection: now, and later than that of any change before."""
    mine = _COLLECTION.c.id == collection_id
    asked = select(_COLLECTION.c.updated_us).where(mine)
    before = transaction.connection.execute(asked).scalar_one()
    moment = max(transaction.now_us, int(before) + 1)
    transaction.connection.execute(update(_COLLECTION).where(mine).values(updated_us=moment))
    return moment


def _add_membership(transaction: Transaction, collection_id: int, artifact_id: int) -> int:
    connection = transaction.connection
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
            created_us=transaction.now_us,
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


def _sequence_of(connection: Connection, artifact_id: int) -> int:
    """The collection that the artifact was logged to."""
    return int(_row(connection, artifact_id)["artifact_collection_id"])


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
