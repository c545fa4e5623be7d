"""Writes of artifact collections, for both doors; each works in a transaction of the writer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select, update

from lossboard_server.database import schema
from lossboard_server.errors import Conflict, Invalid, NotFound
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.writing import artifacts
from lossboard_server.writing.writer import Transaction

__all__ = ["edit", "remove", "remove_version", "unlink"]

_COLLECTION = schema.artifact_collection
_ARTIFACT = schema.artifact
_MEMBERSHIP = schema.artifact_membership
_ALIAS = schema.artifact_alias
_OF_ARTIFACTS = (_MEMBERSHIP, _ALIAS, schema.artifact_entry, schema.artifact_use)
_FORBIDDEN = ("/", ":")


def edit(
    transaction: Transaction,
    collection_id: int,
    *,
    name: str | None = None,
    type: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
) -> None:
    """Changes what is said of a collection; None leaves a field as it is.

    Raises Conflict for a name that another collection of the project has, and for the type of
    one that artifacts are only linked to; Invalid for what can be no name or type.
    """
    found = _required(transaction.connection, collection_id)
    values: dict[str, Any] = {"updated_us": max(transaction.now_us, found.updated_us)}
    if name is not None and name != found.name:
        values["name"] = _free_name(transaction.connection, found.project_id, name)
    if type is not None and type != found.type:
        values["type"] = _new_type(found, type)
    if description is not None:
        values["description"] = description
    if tags is not None:
        values["tags_json"] = json.dumps(list(dict.fromkeys(tags)))
    mine = _COLLECTION.c.id == collection_id
    transaction.connection.execute(update(_COLLECTION).where(mine).values(values))


def remove(transaction: Transaction, collection_id: int) -> None:
    """Deletes a collection with the artifacts that were logged to it, wherever they are linked.

    Artifacts that are only linked to it stay where they were logged. The name is free again.
    """
    _required(transaction.connection, collection_id)
    logged = select(_ARTIFACT.c.id).where(_ARTIFACT.c.artifact_collection_id == collection_id)
    for table in _OF_ARTIFACTS:
        transaction.connection.execute(delete(table).where(table.c.artifact_id.in_(logged)))
    for table in (_MEMBERSHIP, _ALIAS, _ARTIFACT):
        mine = table.c.artifact_collection_id == collection_id
        transaction.connection.execute(delete(table).where(mine))
    transaction.connection.execute(delete(_COLLECTION).where(_COLLECTION.c.id == collection_id))


def unlink(transaction: Transaction, artifact_id: int, *, collection_id: int) -> None:
    """Takes a linked artifact and its aliases out of a collection.

    Raises Conflict for the collection it was logged to, NotFound where it isn't in it.
    """
    found = _required(transaction.connection, collection_id)
    artifact = reads.artifact_by_id(transaction.connection, artifact_id)
    if artifact is not None and artifact.sequence_id == collection_id:
        raise Conflict(
            f"artifact {artifact_id} was logged to {found.name!r} and is no link there:"
            " delete it instead"
        )
    for table in (_ALIAS, _MEMBERSHIP):
        gone = transaction.connection.execute(
            delete(table).where(
                table.c.artifact_collection_id == collection_id, table.c.artifact_id == artifact_id
            )
        )
    if gone.rowcount == 0:
        raise NotFound(f"artifact {artifact_id} is not linked to {found.name!r}")
    transaction.connection.execute(
        update(_COLLECTION)
        .where(_COLLECTION.c.id == collection_id)
        .values(updated_us=max(transaction.now_us, found.updated_us))
    )


def _required(connection: Connection, collection_id: int) -> reads.Collection:
    found = reads.collection_by_id(connection, collection_id)
    if found is None:
        raise NotFound(f"there is no artifact collection {collection_id}")
    return found


def remove_version(transaction: Transaction, artifact_id: int, *, with_aliases: bool) -> None:
    """Deletes a version by somebody's wish. Raises Conflict for one that has aliases, unless these
    are to go with it."""
    query = select(_ALIAS.c.alias).where(_ALIAS.c.artifact_id == artifact_id)
    aliases = sorted(set(transaction.connection.execute(query).scalars()))
    if aliases and not with_aliases:
        raise Conflict(
            f"this version has the aliases {', '.join(aliases)}: give them to another version, or"
            " delete them too with delete_aliases=True"
        )
    artifacts.remove(transaction, artifact_id)


def _free_name(connection: Connection, project_id: int, name: str) -> str:
    _check("name", name, 256)
    if reads.collection_by_name(connection, project_id, name) is not None:
        raise Conflict(f"the project has an artifact collection {name!r} already")
    return name


def _new_type(collection: reads.Collection, type: str) -> str:
    _check("type", type, 128)
    if not collection.is_sequence:
        raise Conflict(
            f"{collection.name!r} holds links: its type is that of the artifacts linked to it"
        )
    return type


def _check(what: str, text: str, limit: int) -> None:
    if not 0 < len(text) <= limit or any(mark in text for mark in _FORBIDDEN):
        raise Invalid(
            f"{text[:40]!r} can't be the {what} of an artifact collection: expected 1 to {limit}"
            " characters, none of / and :"
        )
