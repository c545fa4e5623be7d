"""Artifacts and collections as W&B's clients read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from lossboard_server.queries import artifacts as reads
from lossboard_server.queries.artifacts import Artifact, Collection
from lossboard_server.queries.projects import project_row
from lossboard_server.wandb_protocol.context import Call, global_id, id_parts, iso_time, page_of
from lossboard_server.wandb_protocol.run_nodes import project_stub, run_by_uid

__all__ = [
    "artifact_by_global_id",
    "artifact_id_in",
    "artifact_id_of_client",
    "artifact_named",
    "artifact_node",
    "artifacts_of_run",
    "collection_by_global_id",
    "collection_id_in",
    "collection_node",
    "collection_page",
    "membership_node",
    "project_of",
    "tag_nodes",
    "type_node",
]

INHERITED_TTL = -2  # W&B's mark of an artifact that never expires


def artifact_id_in(text: str) -> int:
    """The number of an artifact in W&B's id of it."""
    return int(id_parts(text, "Artifact")[0])


def artifact_by_global_id(call: Call, text: str) -> Artifact:
    """The artifact with that id."""
    with call.read() as connection:
        found = reads.artifact_by_id(connection, artifact_id_in(text))
    if found is None:
        raise GraphQLError(f"there is no artifact with id {text!r}")
    return found


def artifact_id_of_client(call: Call, client_id: str) -> dict[str, Any] | None:
    """ClientIDMapping: our id of the artifact that a client has made up an id for."""
    with call.read() as connection:
        found = reads.artifact_by_client_id(connection, client_id)
    return None if found is None else {"serverID": global_id("Artifact", found.id)}


def collection_id_in(text: str) -> int:
    """The number of a collection in W&B's id of it."""
    return int(id_parts(text, "ArtifactCollection")[0])


def collection_by_global_id(call: Call, text: str) -> dict[str, Any]:
    """The node of the collection with that id."""
    return _collection_by_id(call, collection_id_in(text))


def artifact_named(call: Call, project_id: int, name: str | None) -> dict[str, Any] | None:
    """The artifact called `collection:alias`, or None."""
    with call.read() as connection:
        found = reads.artifact_by_name(connection, project_id, name or "")
    return None if found is None else artifact_node(call, found)


def project_of(call: Call, project_id: int) -> dict[str, Any]:
    """The stub of a project by its number."""
    with call.read() as connection:
        row = project_row(connection, id=project_id)
    return project_stub(row.id, row.entity, row.name)


def artifact_node(call: Call, artifact: Artifact) -> dict[str, Any]:
    """An artifact as a version of the collection it was found in."""
    manifest_url = f"{call.base_url}/storage/{call.signer.token(manifest=artifact.id)}"
    return {
        "__typename": "Artifact",
        "id": global_id("Artifact", artifact.id),
        "state": artifact.state,
        "digest": artifact.digest,
        "commitHash": global_id("Artifact", artifact.id),
        "description": artifact.description or None,
        "metadata": json.dumps(artifact.metadata),
        "size": artifact.size_bytes,
        "fileCount": artifact.file_count,
        "historyStep": artifact.history_step,
        "versionIndex": artifact.version if artifact.version >= 0 else None,
        "createdAt": iso_time(artifact.created_us),
        "updatedAt": iso_time(artifact.updated_us),
        "ttlDurationSeconds": INHERITED_TTL,
        "ttlIsInherited": True,
        "tags": tag_nodes(artifact.tags),
        "aliases": [_alias_node(call, artifact, alias) for alias in artifact.aliases],
        "artifactType": type_node(call, artifact.project_id, artifact.type),
        "artifactSequence": lambda info: _collection_by_id(call, artifact.sequence_id),
        "artifactMemberships": lambda info: _places(call, artifact.id),
        "currentManifest": {
            "id": global_id("Manifest", artifact.id),
            "type": "FULL",
            "digest": artifact.digest,
            "file": {"directUrl": manifest_url, "name": "wandb_manifest.json"},
        },
        "createdBy": lambda info: (
            None if artifact.run_uid is None else run_by_uid(call, artifact.run_uid)
        ),
        "usedBy": lambda info: _users(call, artifact.id),
        "files": lambda info, **given: _file_page(call, artifact, **given),
    }


def tag_nodes(tags: Iterable[str]) -> list[dict[str, Any]]:
    """The tags of an artifact or a collection."""
    return [{"id": global_id("Tag", tag), "name": tag} for tag in tags]


def artifacts_of_run(
    run: Mapping[str, Any],
    info: GraphQLResolveInfo[Call],
    after: str | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    """Resolves `outputArtifacts` (logged) and `inputArtifacts` (used) of a run's node."""
    call = info.context
    is_output = info.field_name == "outputArtifacts"
    read = reads.logged_by_run if is_output else reads.used_by_run
    with call.read() as connection:
        found = read(connection, run["uid"])
    return page_of(found, lambda one: artifact_node(call, one), after=after, first=first)


def _alias_node(call: Call, artifact: Artifact, alias: str) -> dict[str, Any]:
    return {
        "id": global_id("Alias", artifact.collection_id, alias),
        "alias": alias,
        "artifactCollectionName": artifact.collection,
        "artifactCollection": lambda info: _collection_by_id(call, artifact.collection_id),
    }


def _users(call: Call, artifact_id: int) -> dict[str, Any]:
    with call.read() as connection:
        uids = reads.used_by(connection, artifact_id)
    return page_of(uids, lambda uid: run_by_uid(call, uid), after=None, first=len(uids) or 1)


def _file_page(
    call: Call,
    artifact: Artifact,
    names: list[str] | None = None,
    after: str | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    with call.read() as connection:
        entries = reads.entries_of(connection, artifact.id)
    if names:
        entries = [entry for entry in entries if entry.path in names]
    return page_of(entries, lambda entry: _file_node(call, entry), after=after, first=first)


def _file_node(call: Call, entry: reads.EntryRow) -> dict[str, Any]:
    token = call.signer.token(blob=entry.sha256, name=entry.path.rsplit("/", 1)[-1])
    url = f"{call.base_url}/storage/{token}" if entry.sha256 else entry.reference
    return {
        "id": global_id("ArtifactFile", entry.path),
        "name": entry.path,
        "displayName": entry.path,
        "url": url,
        "directUrl": url,
        "storagePath": entry.path,
        "sizeBytes": entry.size_bytes,
        "mimetype": "",
        "updatedAt": iso_time(0),
        "digest": entry.digest,
        "md5": entry.digest,
    }


def _collection_by_id(call: Call, collection_id: int) -> dict[str, Any]:
    with call.read() as connection:
        found = reads.collection_by_id(connection, collection_id)
    if found is None:
        raise GraphQLError(f"there is no artifact collection {collection_id}")
    return collection_node(call, found)


def collection_node(call: Call, collection: Collection) -> dict[str, Any]:
    """A collection; what lies in it is read when asked for."""
    return {
        "__typename": "ArtifactSequence" if collection.is_sequence else "ArtifactPortfolio",
        "id": global_id("ArtifactCollection", collection.id),
        "name": collection.name,
        "description": collection.description or None,
        "createdAt": iso_time(collection.created_us),
        "updatedAt": iso_time(collection.updated_us),
        "project": lambda info: project_of(call, collection.project_id),
        "defaultArtifactType": type_node(call, collection.project_id, collection.type),
        "tags": {"edges": [{"node": node} for node in tag_nodes(collection.tags)]},
        "aliases": lambda info, **given: _alias_page(call, collection, **given),
        "latestArtifact": lambda info: artifact_named(call, collection.project_id, collection.name),
        "artifactMembership": lambda info, aliasName=None: membership_node(
            call, collection, aliasName or "latest"
        ),
        "artifacts": lambda info, **given: _version_page(call, collection, **given),
    }


def _version_page(
    call: Call,
    collection: Collection,
    after: str | None = None,
    first: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    with call.read() as connection:
        found = reads.versions_of(connection, collection.id)
    return page_of(
        found,
        lambda one: artifact_node(call, one),
        after=after,
        first=first,
        edge=lambda one: {"version": f"v{one.version}"},
    )


def _alias_page(
    call: Call, collection: Collection, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    with call.read() as connection:
        found = reads.versions_of(connection, collection.id)
    pairs = [(version, alias) for version in found for alias in version.aliases]
    return page_of(pairs, lambda pair: _alias_node(call, *pair), after=after, first=first)


def membership_node(call: Call, collection: Collection, alias: str) -> dict[str, Any] | None:
    """The version of a collection that an alias or version number names."""
    with call.read() as connection:
        name = f"{collection.name}:{alias}"
        artifact = reads.artifact_by_name(connection, collection.project_id, name)
    return None if artifact is None else _membership(call, artifact)


def _membership(call: Call, artifact: Artifact) -> dict[str, Any]:
    return {
        "id": global_id("Membership", artifact.collection_id, artifact.id),
        "versionIndex": artifact.version,
        "createdAt": iso_time(artifact.joined_us),
        "aliases": [_alias_node(call, artifact, one) for one in artifact.aliases],
        "artifactCollection": _collection_by_id(call, artifact.collection_id),
        "artifact": artifact_node(call, artifact),
        "files": lambda info, **given: _file_page(call, artifact, **given),
    }


def _places(call: Call, artifact_id: int) -> dict[str, Any]:
    with call.read() as connection:
        found = reads.places_of(connection, artifact_id)
    return page_of(found, lambda one: _membership(call, one), after=None, first=len(found) or 1)


def type_node(call: Call, project_id: int, name: str) -> dict[str, Any]:
    """An artifact type of a project."""
    return {
        "id": global_id("ArtifactType", project_id, name),
        "name": name,
        "description": None,
        "createdAt": iso_time(0),
        "artifact": lambda info, name=None: artifact_named(call, project_id, name),
        "artifactCollection": lambda info, name=None: _named(call, project_id, name),
        "artifactCollections": lambda info, **given: collection_page(
            call, project_id, name, **given
        ),
    }


def _named(call: Call, project_id: int, name: str) -> dict[str, Any] | None:
    with call.read() as connection:
        found = reads.collection_by_name(connection, project_id, name)
    return None if found is None else collection_node(call, found)


def collection_page(
    call: Call,
    project_id: int,
    type_name: str | None = None,
    after: str | None = None,
    first: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    """The collections of a project, of one type if given; clients neither filter nor sort them
    where the server doesn't tell of that feature."""
    with call.read() as connection:
        found = reads.collections_of_project(connection, project_id, type=type_name)
    return page_of(found, lambda one: collection_node(call, one), after=after, first=first)
