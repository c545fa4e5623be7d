"""Artifacts and collections as W&B's clients read them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError

from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.queries.artifacts.artifacts import Artifact, Collection
from lossboard_server.queries.projects.projects import project_row
from lossboard_server.wandb_protocol.context import (
    Call,
    global_id,
    id_parts,
    iso_time,
    page_of,
    whole_list,
)
from lossboard_server.wandb_protocol.run_nodes import Info, RunNode, project_stub, run_by_uid

__all__ = [
    "ArtifactNode",
    "CollectionNode",
    "MembershipNode",
    "TypeNode",
    "artifact_by_global_id",
    "artifact_id_in",
    "artifact_id_of_client",
    "artifact_named",
    "artifacts_of_run",
    "collection_by_global_id",
    "collection_id_in",
    "collection_named",
    "collection_page",
    "membership_node",
    "project_of",
    "tag_nodes",
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


def collection_by_global_id(call: Call, text: str) -> CollectionNode:
    """The node of the collection with that id."""
    return _collection_by_id(call, collection_id_in(text))


def artifact_named(call: Call, project_id: int, name: str | None) -> ArtifactNode | None:
    """The artifact called `collection:alias`, or None."""
    with call.read() as connection:
        found = reads.artifact_by_name(connection, project_id, name or "")
    return None if found is None else ArtifactNode(call, found)


def project_of(call: Call, project_id: int) -> dict[str, Any]:
    """The stub of a project by its number."""
    with call.read() as connection:
        row = project_row(connection, id=project_id)
    return project_stub(row.id, row.entity, row.name)


class _WithFiles:
    """A node of an artifact, and so of its files."""

    _call: Call
    _artifact: Artifact

    def files(
        self,
        info: Info,
        names: list[str] | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        return _file_page(self._call, self._artifact, names, after, first)


class ArtifactNode(_WithFiles):
    """An artifact as a version of the collection it was found in."""

    ttlDurationSeconds = INHERITED_TTL
    ttlIsInherited = True

    def __init__(self, call: Call, artifact: Artifact) -> None:
        self._call, self._artifact = call, artifact
        self.id = self.commitHash = global_id("Artifact", artifact.id)
        self.state = artifact.state
        self.digest = artifact.digest
        self.description = artifact.description or None
        self.metadata = json.dumps(artifact.metadata)
        self.size = artifact.size_bytes
        self.fileCount = artifact.file_count
        self.historyStep = artifact.history_step
        self.versionIndex = artifact.version if artifact.version >= 0 else None
        self.createdAt = iso_time(artifact.created_us)
        self.updatedAt = iso_time(artifact.updated_us)
        self.tags = tag_nodes(artifact.tags)
        self.aliases = [AliasNode(call, artifact, alias) for alias in artifact.aliases]
        self.artifactType = TypeNode(call, artifact.project_id, artifact.type)

    def artifactSequence(self, info: Info) -> CollectionNode:
        return _collection_by_id(self._call, self._artifact.sequence_id)

    def artifactMemberships(self, info: Info) -> dict[str, Any]:
        with self._call.read() as connection:
            found = reads.places_of(connection, self._artifact.id)
        return whole_list(found, lambda one: MembershipNode(self._call, one))

    def currentManifest(self, info: Info) -> dict[str, Any]:
        token = self._call.signer.token(manifest=self._artifact.id)
        url = f"{self._call.base_url}/storage/{token}"
        return {
            "id": global_id("Manifest", self._artifact.id),
            "type": "FULL",
            "digest": self.digest,
            "file": {"directUrl": url, "name": "wandb_manifest.json"},
        }

    def createdBy(self, info: Info) -> RunNode | None:
        uid = self._artifact.run_uid
        return None if uid is None else run_by_uid(self._call, uid)

    def usedBy(self, info: Info) -> dict[str, Any]:
        with self._call.read() as connection:
            uids = reads.used_by(connection, self._artifact.id)
        return whole_list(uids, lambda uid: run_by_uid(self._call, uid))


def tag_nodes(tags: Iterable[str]) -> list[dict[str, Any]]:
    """The tags of an artifact or a collection."""
    return [{"id": global_id("Tag", tag), "name": tag} for tag in tags]


def artifacts_of_run(
    run: RunNode, info: Info, after: str | None = None, first: int | None = None
) -> dict[str, Any]:
    """Resolves `outputArtifacts` (logged) and `inputArtifacts` (used) of a run's node."""
    call = info.context
    is_output = info.field_name == "outputArtifacts"
    read = reads.logged_by_run if is_output else reads.used_by_run
    with call.read() as connection:
        found = read(connection, run.uid)
    return page_of(
        enumerate(found),
        lambda pair: ArtifactNode(call, pair[1]),
        key=lambda pair: [pair[1].id] if is_output else [pair[0]],  # as they were logged, used
        after=after,
        first=first,
    )


class AliasNode:
    """An alias of a version."""

    def __init__(self, call: Call, artifact: Artifact, alias: str) -> None:
        self._call, self._collection_id = call, artifact.collection_id
        self.id = global_id("Alias", artifact.collection_id, alias)
        self.alias = alias
        self.artifactCollectionName = artifact.collection

    def artifactCollection(self, info: Info) -> CollectionNode:
        return _collection_by_id(self._call, self._collection_id)


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
    return page_of(
        entries,
        lambda entry: _file_node(call, entry),
        key=lambda entry: [entry.path],
        after=after,
        first=first,
    )


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


def _collection_by_id(call: Call, collection_id: int) -> CollectionNode:
    with call.read() as connection:
        found = reads.collection_by_id(connection, collection_id)
    if found is None:
        raise GraphQLError(f"there is no artifact collection {collection_id}")
    return CollectionNode(call, found)


class CollectionNode:
    """A collection; what lies in it is read when asked for."""

    def __init__(self, call: Call, collection: Collection) -> None:
        self._call, self._collection = call, collection
        # graphql-core tells by it which type of the interface this is.
        self.__typename = "ArtifactSequence" if collection.is_sequence else "ArtifactPortfolio"
        self.id = global_id("ArtifactCollection", collection.id)
        self.name = collection.name
        self.state: str | None = None  # DELETED in the answer to its deletion
        self.description = collection.description or None
        self.createdAt = iso_time(collection.created_us)
        self.updatedAt = iso_time(collection.updated_us)
        self.defaultArtifactType = TypeNode(call, collection.project_id, collection.type)
        self.tags = {"edges": [{"node": node} for node in tag_nodes(collection.tags)]}

    def project(self, info: Info) -> dict[str, Any]:
        return project_of(self._call, self._collection.project_id)

    def aliases(
        self, info: Info, after: str | None = None, first: int | None = None
    ) -> dict[str, Any]:
        pairs = [(version, alias) for version in self._versions() for alias in version.aliases]
        return page_of(
            pairs,
            lambda pair: AliasNode(self._call, *pair),
            key=lambda pair: [-pair[0].version, pair[1]],
            after=after,
            first=first,
        )

    def latestArtifact(self, info: Info) -> ArtifactNode | None:
        return artifact_named(self._call, self._collection.project_id, self.name)

    def artifactMembership(self, info: Info, aliasName: str | None = None) -> MembershipNode | None:
        return membership_node(self._call, self._collection, aliasName or "latest")

    def artifacts(
        self, info: Info, after: str | None = None, first: int | None = None, **_: Any
    ) -> dict[str, Any]:
        return page_of(
            self._versions(),
            lambda one: ArtifactNode(self._call, one),
            key=lambda one: [-one.version],
            after=after,
            first=first,
            edge=lambda one: {"version": f"v{one.version}"},
        )

    def _versions(self) -> list[Artifact]:
        with self._call.read() as connection:
            return reads.versions_of(connection, self._collection.id)


def membership_node(call: Call, collection: Collection, alias: str) -> MembershipNode | None:
    """The version of a collection that an alias or version number names."""
    with call.read() as connection:
        name = f"{collection.name}:{alias}"
        artifact = reads.artifact_by_name(connection, collection.project_id, name)
    return None if artifact is None else MembershipNode(call, artifact)


class MembershipNode(_WithFiles):
    """An artifact in one of the collections that have it."""

    def __init__(self, call: Call, artifact: Artifact) -> None:
        self._call, self._artifact = call, artifact
        self.id = global_id("Membership", artifact.collection_id, artifact.id)
        self.versionIndex = artifact.version
        self.createdAt = iso_time(artifact.joined_us)
        self.artifact = ArtifactNode(call, artifact)
        self.aliases = self.artifact.aliases

    def artifactCollection(self, info: Info) -> CollectionNode:
        return _collection_by_id(self._call, self._artifact.collection_id)


class TypeNode:
    """An artifact type of a project."""

    description = None

    def __init__(self, call: Call, project_id: int, name: str) -> None:
        self._call, self._project_id = call, project_id
        self.id = global_id("ArtifactType", project_id, name)
        self.name = name
        self.createdAt = iso_time(0)

    def artifact(self, info: Info, name: str | None = None) -> ArtifactNode | None:
        return artifact_named(self._call, self._project_id, name)

    def artifactCollection(self, info: Info, name: str | None = None) -> CollectionNode | None:
        return collection_named(self._call, self._project_id, name)

    def artifactCollections(
        self, info: Info, after: str | None = None, first: int | None = None, **_: Any
    ) -> dict[str, Any]:
        return collection_page(self._call, self._project_id, self.name, after=after, first=first)


def collection_named(call: Call, project_id: int, name: str | None) -> CollectionNode | None:
    """The collection called so, or None."""
    with call.read() as connection:
        found = reads.collection_by_name(connection, project_id, name or "")
    return None if found is None else CollectionNode(call, found)


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
    return page_of(
        found,
        lambda one: CollectionNode(call, one),
        key=lambda one: [one.name],
        after=after,
        first=first,
    )
