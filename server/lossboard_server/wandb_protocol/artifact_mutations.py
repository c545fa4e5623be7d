"""Mutations of artifacts: creating, uploading, committing, linking, naming."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import GraphQLError

from lossboard_server.database.places import project_named, run_placed
from lossboard_server.limits import kept_of_json
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.queries.artifacts.artifact_references import numbered
from lossboard_server.wandb_protocol.artifact_nodes import (
    ArtifactNode,
    artifact_by_global_id,
    artifact_id_in,
)
from lossboard_server.wandb_protocol.context import DEFAULT_ENTITY, Call, global_id
from lossboard_server.writing import artifacts, catalogue, collections
from lossboard_server.writing.writer import Transaction

__all__ = [
    "add_aliases",
    "commit_artifact",
    "create_artifact",
    "create_files",
    "create_manifest",
    "delete_artifact",
    "keep_manifest",
    "link_artifact",
    "remove_aliases",
    "update_artifact",
    "use_artifact",
]


def create_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateArtifact: the committed artifact of that digest, or a new pending one."""
    entity = given.get("entityName") or DEFAULT_ENTITY
    project = str(given.get("projectName") or "uncategorized")
    run_name = given.get("runName")
    metadata = _metadata_in(given.get("metadata") or "{}")

    def create(transaction: Transaction) -> int:
        project_id = catalogue.open_project(transaction, entity, project)
        found = run_placed(transaction.connection, project_id, run_name) if run_name else None
        wanted = artifacts.NewArtifact(
            project_id=project_id,
            collection=_collection_name(given),
            type=str(given["artifactTypeName"]),
            digest=str(given.get("digest") or ""),
            run_uid=found,
            client_id=given.get("clientID") or "",
            sequence_client_id=given.get("sequenceClientID") or "",
            description=given.get("description") or "",
            metadata=metadata,
            aliases=_texts(given.get("aliases"), "alias"),
            tags=_texts(given.get("tags"), "tagName"),
            history_step=given.get("historyStep"),
        )
        return artifacts.create(transaction, wanted)[0]

    return _payload(call, call.write(create))


def _metadata_in(text: str) -> dict[str, Any]:
    """The metadata of an artifact; raises GraphQLError naming the first value that is too large."""
    try:
        metadata, left_out = kept_of_json("metadata", text)
    except (ValueError, RecursionError) as error:
        raise GraphQLError(f"the artifact's metadata can't be read: {error}") from error
    if left_out:
        raise GraphQLError("the artifact's " + "; ".join(list(left_out.values())[:5]))
    return metadata


def _texts(given: Iterable[Any] | None, field: str) -> list[str]:
    """The texts that a list of inputs names; `run.log_artifact` of wandb 0.22 sends the names
    alone."""
    return [str(one[field] if isinstance(one, Mapping) else one) for one in given or ()]


def _collection_name(given: Mapping[str, Any]) -> str:
    names = given.get("artifactCollectionNames") or [given.get("artifactCollectionName")]
    if not names[0]:
        raise GraphQLError("an artifact needs a collection name")
    return str(names[0])


def _payload(call: Call, artifact_id: int) -> dict[str, Any]:
    with call.read() as connection:
        found = reads.artifact_by_id(connection, artifact_id)
    assert found is not None, "it was just written"
    return {"artifact": ArtifactNode(call, found), "success": True}


def create_manifest(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateArtifactManifest: where the manifest of a pending artifact is to be uploaded."""
    artifact_id = artifact_id_in(given["artifactID"])
    name = str(given.get("name") or "wandb_manifest.json")
    token = call.signer.token(artifact=artifact_id, name=name)
    url = f"{call.base_url}/storage/{token}"
    file = {
        "id": global_id("ManifestFile", artifact_id),
        "name": name,
        "uploadUrl": url,
        "uploadHeaders": [],
    }
    manifest_id = global_id("Manifest", artifact_id, name)
    return {"artifactManifest": {"id": manifest_id, "type": given.get("type"), "file": file}}


def create_files(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateArtifactFiles: upload addresses of the files whose content isn't here yet."""
    edges = [{"node": _upload_node(call, one)} for one in given.get("artifactFiles") or ()]
    return {"files": {"edges": edges, "pageInfo": {"endCursor": None, "hasNextPage": False}}}


def _upload_node(call: Call, wanted: Mapping[str, Any]) -> dict[str, Any]:
    md5 = base64.b64decode(wanted["md5"]).hex()
    with call.read() as connection:
        known = reads.blob_by_md5(connection, md5)
    is_here = known is not None and call.has_blob(known)
    token = call.signer.token(md5=md5, name=str(wanted["name"]))
    return {
        "name": wanted["name"],
        "storagePath": f"artifacts/{md5}",
        "uploadUrl": None if is_here else f"{call.base_url}/storage/{token}",
        "uploadHeaders": [f"Content-MD5:{wanted['md5']}"],
        "uploadMultipartUrls": None,
        "artifact": {"id": wanted["artifactID"]},
    }


def keep_manifest(
    call: Call, artifact_id: int, contents: Mapping[str, Mapping[str, Any]], sha256: str
) -> None:
    """The uploaded manifest's entries, by path, become those of the artifact."""

    def keep(transaction: Transaction) -> None:
        found = reads.artifact_by_id(transaction.connection, artifact_id)
        if found is None or found.state != "PENDING":
            return  # a repeated upload; the committed manifest is the same
        entries = [_entry(transaction, path, entry) for path, entry in contents.items()]
        artifacts.add_entries(transaction, artifact_id, entries)
        artifacts.set_manifest(transaction, artifact_id, sha256)

    call.write(keep)


def _entry(transaction: Transaction, path: str, entry: Mapping[str, Any]) -> artifacts.Entry:
    reference = numbered(transaction.connection, str(entry.get("ref") or ""))
    sha256 = "" if reference else _sha256_of(transaction, str(entry["digest"]))
    return artifacts.Entry(
        path=path,
        digest=str(entry["digest"]),
        size_bytes=int(entry.get("size") or 0),
        sha256=sha256,
        reference=reference,
    )


def _sha256_of(transaction: Transaction, digest: str) -> str:
    """The blob with this base64 MD5; empty while it isn't uploaded."""
    try:
        md5 = base64.b64decode(digest, validate=True).hex()
    except ValueError:
        return ""
    return reads.blob_by_md5(transaction.connection, md5) or ""


def commit_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CommitArtifact: the artifact becomes a version once its files are all here."""
    artifact_id = artifact_id_in(given["artifactID"])

    def commit(transaction: Transaction) -> None:
        _fill_in_blobs(transaction, artifact_id)
        artifacts.commit(transaction, artifact_id)

    call.write(commit)
    return _payload(call, artifact_id)


def _fill_in_blobs(transaction: Transaction, artifact_id: int) -> None:
    """Entries whose blobs came after the manifest."""
    for entry_id, digest in reads.entries_without_blob(transaction.connection, artifact_id):
        sha256 = _sha256_of(transaction, digest)
        artifacts.set_blob(transaction, entry_id, sha256)


def update_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateArtifact: description, metadata, tags."""
    artifact = artifact_by_global_id(call, given["artifactID"])
    tags = set(artifact.tags)
    tags |= {tag["tagName"] for tag in given.get("tagsToAdd") or ()}
    tags -= {tag["tagName"] for tag in given.get("tagsToDelete") or ()}
    metadata = given.get("metadata")
    known = None if metadata is None else _metadata_in(metadata)
    call.write(
        lambda transaction: artifacts.update_description(
            transaction,
            artifact.id,
            description=given.get("description"),
            metadata=known,
            tags=sorted(tags),
        )
    )
    return _payload(call, artifact.id)


def delete_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteArtifact, also of its aliases if the client says so."""
    artifact_id = artifact_id_in(given["artifactID"])
    with_aliases = bool(given.get("deleteAliases"))
    call.write(
        lambda transaction: collections.remove_version(
            transaction, artifact_id, with_aliases=with_aliases
        )
    )
    return _payload(call, artifact_id)


def use_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """UseArtifact: notes that a run uses it."""
    artifact_id = artifact_id_in(given["artifactID"])
    start = call.start(given.get("entityName"), given.get("projectName"), str(given["runName"]))

    def use(transaction: Transaction) -> None:
        project_id = catalogue.open_project(transaction, start.entity, start.project)
        uid = run_placed(transaction.connection, project_id, start.run_id)
        if uid is None:
            raise GraphQLError(f"there is no run {start.run_id!r} in {start.project}")
        artifacts.use(transaction, artifact_id, run_uid=uid)

    call.write(use)
    return _payload(call, artifact_id)


def add_aliases(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """AddAliases, in the collections that the aliases name."""
    artifact_id = artifact_id_in(given["artifactID"])

    def add(transaction: Transaction) -> None:
        for alias in given.get("aliases") or ():
            artifacts.add_aliases(
                transaction,
                artifact_id,
                [alias["alias"]],
                collection_id=_collection_of(transaction, alias),
            )

    call.write(add)
    return {"success": True}


def remove_aliases(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteAliases."""
    artifact_id = artifact_id_in(given["artifactID"])

    def remove(transaction: Transaction) -> None:
        for alias in given.get("aliases") or ():
            artifacts.remove_aliases(
                transaction,
                artifact_id,
                [alias["alias"]],
                collection_id=_collection_of(transaction, alias),
            )

    call.write(remove)
    return {"success": True}


def _collection_of(transaction: Transaction, alias: Mapping[str, Any]) -> int | None:
    entity = alias.get("entityName") or DEFAULT_ENTITY
    project_id = project_named(transaction.connection, entity, str(alias.get("projectName")))
    if project_id is None:
        return None
    name = str(alias.get("artifactCollectionName"))
    found = reads.collection_by_name(transaction.connection, project_id, name)
    return None if found is None else found.id


def link_artifact(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """LinkArtifact: the artifact becomes a version of another collection too."""
    artifact_id = _linked_id(call, given)
    entity = given.get("entityName") or DEFAULT_ENTITY
    aliases = _texts(given.get("aliases"), "alias")

    def link(transaction: Transaction) -> int:
        project = str(given.get("projectName") or "uncategorized")
        return artifacts.link(
            transaction,
            artifact_id,
            project_id=catalogue.open_project(transaction, entity, project),
            collection=str(given["artifactPortfolioName"]),
            aliases=aliases,
        )

    return {"versionIndex": call.write(link)}


def _linked_id(call: Call, given: Mapping[str, Any]) -> int:
    if given.get("artifactID"):
        return artifact_id_in(given["artifactID"])
    with call.read() as connection:
        found = reads.artifact_by_client_id(connection, str(given.get("clientID")))
    if found is None:
        raise GraphQLError("linkArtifact names no artifact that is here")
    return found.id
