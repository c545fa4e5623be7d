"""Mutations of artifact collections: naming, tags, type, unlinking, deleting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from lossboard_server.database.places import project_named
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.wandb_protocol.artifact_nodes import (
    artifact_id_in,
    collection_by_global_id,
    collection_id_in,
    tag_nodes,
)
from lossboard_server.wandb_protocol.context import DEFAULT_ENTITY, Call
from lossboard_server.writing import collections as artifact_collections
from lossboard_server.writing.writer import Transaction

__all__ = ["add_tags", "edit_collection", "remove_collection", "remove_tags", "unlink_artifact"]


def edit_collection(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateArtifactSequence, UpdateArtifactPortfolio and MoveArtifactSequence."""
    collection = _global_id(given)
    call.write(
        lambda transaction: artifact_collections.edit(
            transaction,
            collection_id_in(collection),
            name=given.get("name"),
            type=given.get("destinationArtifactTypeName"),
            description=given.get("description"),
        )
    )
    return {"artifactCollection": collection_by_global_id(call, collection)}


def remove_collection(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteArtifactSequence and DeleteArtifactPortfolio."""
    collection = _global_id(given)
    node = collection_by_global_id(call, collection)
    call.write(
        lambda transaction: artifact_collections.remove(transaction, collection_id_in(collection))
    )
    node.state = "DELETED"
    return {"artifactCollection": node}


def _global_id(given: Mapping[str, Any]) -> str:
    found = given.get("artifactSequenceID") or given.get("artifactPortfolioID")
    if not found:
        raise GraphQLError("no artifactSequenceID or artifactPortfolioID is given")
    return str(found)


def unlink_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """UnlinkArtifact: the artifact is no version of that collection any more."""
    call.write(
        lambda transaction: artifact_collections.unlink(
            transaction,
            artifact_id_in(given["artifactID"]),
            collection_id=collection_id_in(_global_id(given)),
        )
    )
    return {"success": True}


def add_tags(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateArtifactCollectionTagAssignments."""
    names = _tag_names(given)
    _change_tags(call, given, lambda tags: [*tags, *names])
    return {"tags": tag_nodes(names)}


def remove_tags(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteArtifactCollectionTagAssignments."""
    names = _tag_names(given)
    _change_tags(call, given, lambda tags: [tag for tag in tags if tag not in names])
    return {"success": True}


def _tag_names(given: Mapping[str, Any]) -> list[str]:
    return [str(tag["tagName"]) for tag in given.get("tags") or ()]


def _change_tags(
    call: Call, given: Mapping[str, Any], change: Callable[[Iterable[str]], list[str]]
) -> None:
    def write(transaction: Transaction) -> None:
        found = _named(transaction, given)
        artifact_collections.edit(transaction, found.id, tags=change(found.tags))

    call.write(write)


def _named(transaction: Transaction, given: Mapping[str, Any]) -> reads.Collection:
    entity = given.get("entityName") or DEFAULT_ENTITY
    project, name = str(given.get("projectName")), str(given.get("artifactCollectionName"))
    project_id = project_named(transaction.connection, entity, project)
    if project_id is not None:
        found = reads.collection_by_name(transaction.connection, project_id, name)
        if found is not None:
            return found
    raise GraphQLError(f"{entity}/{project} has no artifact collection {name!r}")
