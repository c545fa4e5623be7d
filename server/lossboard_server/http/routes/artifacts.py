"""Artifacts: versions of collections of files, what they hold, who made and used them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection
from starlette.responses import Response

from lossboard_server.errors import NotFound
from lossboard_server.http.responses import answer_json
from lossboard_server.queries.artifacts import artifact_answers as answers
from lossboard_server.queries.artifacts import artifacts as reads
from lossboard_server.services import Server
from lossboard_server.writing import artifacts, catalogue
from lossboard_server.writing import collections as artifact_collections
from lossboard_server.writing.writer import Transaction

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["artifacts"])

_BY_PROJECT = "/projects/{entity}/{project}/artifacts"


class ArtifactEdit(BaseModel):
    """The changes of an artifact; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    description: str | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = None
    add_aliases: list[str] = []
    remove_aliases: list[str] = []
    collection_id: int | None = None  # whose aliases; default: the one it was logged to


class CollectionEdit(BaseModel):
    """The changes of a collection; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    type: str | None = None
    description: str | None = None
    tags: list[str] | None = None


class ArtifactLink(BaseModel):
    """A further collection that an artifact becomes a version of."""

    model_config = ConfigDict(extra="forbid")

    entity: str
    project: str
    collection: str
    aliases: list[str] = []


@router.get(_BY_PROJECT)
async def of_project(
    server: Server, request: Request, entity: str, project: str, type: str | None = None
) -> Response:
    """Types and collections of a project."""

    def read(connection: Connection) -> dict[str, Any]:
        project_id = answers.project_id_of(connection, entity, project)
        found = reads.collections_of_project(connection, project_id, type=type)
        return {
            "types": reads.types_of_project(connection, project_id),
            "collections": [answers.collection_answer(one) for one in found],
        }

    return await answer_json(request, await server.database.ask(read))


@router.get(_BY_PROJECT + "/{collection}")
async def of_collection(
    server: Server, request: Request, entity: str, project: str, collection: str
) -> Response:
    """A collection and its versions, the newest first."""

    def read(connection: Connection) -> dict[str, Any]:
        found = answers.collection_of(connection, entity, project, collection)
        versions = answers.artifact_answers(connection, reads.versions_of(connection, found.id))
        return {"collection": answers.collection_answer(found), "versions": versions}

    return await answer_json(request, await server.database.ask(read))


@router.patch(_BY_PROJECT + "/{collection}")
async def edit_collection(
    server: Server,
    request: Request,
    entity: str,
    project: str,
    collection: str,
    edit: CollectionEdit,
) -> Response:
    """Change what is said of a collection: its name, description, tags, and type."""

    def write(transaction: Transaction) -> dict[str, Any]:
        connection = transaction.connection
        found = answers.collection_of(connection, entity, project, collection)
        artifact_collections.edit(transaction, found.id, **edit.model_dump())
        changed = answers.collection_of(connection, entity, project, edit.name or collection)
        return answers.collection_answer(changed)

    return await answer_json(request, await server.writer.write(write))


@router.delete(_BY_PROJECT + "/{collection}")
async def remove_collection(
    server: Server, request: Request, entity: str, project: str, collection: str
) -> Response:
    """Delete a collection with the artifacts that were logged to it."""

    def write(transaction: Transaction) -> int:
        found = answers.collection_of(transaction.connection, entity, project, collection)
        artifact_collections.remove(transaction, found.id)
        return found.id

    return await answer_json(request, {"id": await server.writer.write(write)})


@router.get(_BY_PROJECT + "/{collection}/{alias}")
async def by_alias(
    server: Server, request: Request, entity: str, project: str, collection: str, alias: str
) -> Response:
    """The version that has an alias, or whose number is in `v3`."""
    name = f"{collection}:{alias}"

    def find(connection: Connection) -> reads.Artifact | None:
        project_id = answers.project_id_of(connection, entity, project)
        return reads.artifact_by_name(connection, project_id, name)

    return await _told(server, request, find, f"{entity}/{project} has no artifact {name!r}")


@router.get("/artifacts/by_client_id/{client_id}")
async def by_client_id(server: Server, request: Request, client_id: str) -> Response:
    """The artifact that a client announced under this id, also while it is pending."""
    find = partial(reads.artifact_by_client_id, client_id=client_id)
    return await _told(server, request, find, f"no artifact came under the id {client_id!r}")


@router.get("/artifacts/{artifact_id}")
async def by_id(server: Server, request: Request, artifact_id: int) -> Response:
    """An artifact as a version of the collection it was logged to."""
    find = partial(reads.artifact_by_id, artifact_id=artifact_id)
    return await _told(server, request, find, f"there is no artifact {artifact_id}")


async def _told(
    server: Server,
    request: Request,
    find: Callable[[Connection], reads.Artifact | None],
    missing: str,
) -> Response:
    def read(connection: Connection) -> dict[str, Any]:
        found = find(connection)
        if found is None or found.state == "DELETED":
            raise NotFound(missing)
        return answers.artifact_answer(connection, found)

    return await answer_json(request, await server.database.ask(read))


@router.get("/artifacts/{artifact_id}/entries")
async def entries(
    server: Server,
    request: Request,
    artifact_id: int,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """Files of an artifact in order of their paths, from the one after `after` on."""
    found = await server.database.ask(
        partial(reads.entries_of, artifact_id=artifact_id, after=after, limit=limit)
    )
    told = [
        {
            "path": entry.path,
            "digest": entry.digest,
            "sha256": entry.sha256,
            "reference": entry.reference,
            "size_bytes": entry.size_bytes,
        }
        for entry in found
    ]
    following = found[-1].path if len(found) == limit else None
    return await answer_json(request, {"entries": told, "next": following})


@router.get("/artifacts/{artifact_id}/runs")
async def runs(server: Server, request: Request, artifact_id: int) -> Response:
    """The run that logged the artifact, and those that used it."""

    def read(connection: Connection) -> dict[str, Any]:
        maker = reads.created_by(connection, artifact_id)
        made = answers.run_answers(connection, [] if maker is None else [maker])
        users = answers.run_answers(connection, reads.used_by(connection, artifact_id))
        return {"logged_by": made[0] if made else None, "used_by": users}

    return await answer_json(request, await server.database.ask(read))


@router.get("/artifacts/{artifact_id}/places")
async def places(server: Server, request: Request, artifact_id: int) -> Response:
    """The artifact as a version of each collection that it is in."""

    def read(connection: Connection) -> dict[str, Any]:
        found = reads.places_of(connection, artifact_id)
        return {"versions": answers.artifact_answers(connection, found)}

    return await answer_json(request, await server.database.ask(read))


@router.get("/runs/{uid}/artifacts")
async def of_run(server: Server, request: Request, uid: int) -> Response:
    """The artifacts that a run logged and those it used."""

    def read(connection: Connection) -> dict[str, Any]:
        logged, used = reads.logged_by_run(connection, uid), reads.used_by_run(connection, uid)
        return {
            "logged": answers.artifact_answers(connection, logged),
            "used": answers.artifact_answers(connection, used),
        }

    return await answer_json(request, await server.database.ask(read))


@router.patch("/artifacts/{artifact_id}")
async def edit(server: Server, request: Request, artifact_id: int, edit: ArtifactEdit) -> Response:
    """Change what is said of an artifact, and its aliases."""

    def write(transaction: Transaction) -> None:
        artifacts.update_description(
            transaction,
            artifact_id,
            description=edit.description,
            metadata=edit.metadata,
            tags=edit.tags,
        )
        where = {"collection_id": edit.collection_id}
        artifacts.remove_aliases(transaction, artifact_id, edit.remove_aliases, **where)
        artifacts.add_aliases(transaction, artifact_id, edit.add_aliases, **where)

    await server.writer.write(write)
    return await by_id(server, request, artifact_id)


@router.delete("/artifacts/{artifact_id}")
async def remove(
    server: Server, request: Request, artifact_id: int, delete_aliases: bool = False
) -> Response:
    """Delete a version; its number is not given again. One with aliases only if they are to go."""
    await server.writer.write(
        lambda transaction: artifact_collections.remove_version(
            transaction, artifact_id, with_aliases=delete_aliases
        )
    )
    return await answer_json(request, {"id": artifact_id})


@router.post("/artifacts/{artifact_id}/link")
async def link(server: Server, request: Request, artifact_id: int, link: ArtifactLink) -> Response:
    """Make an artifact a version of another collection too, which is made if need be."""

    def write(transaction: Transaction) -> int:
        return artifacts.link(
            transaction,
            artifact_id,
            project_id=catalogue.open_project(transaction, link.entity, link.project),
            collection=link.collection,
            aliases=link.aliases,
        )

    version = await server.writer.write(write)
    return await by_alias(
        server, request, link.entity, link.project, link.collection, f"v{version}"
    )


@router.delete("/artifacts/{artifact_id}/links/{collection_id}")
async def unlink(
    server: Server, request: Request, artifact_id: int, collection_id: int
) -> Response:
    """Take an artifact out of a collection that it is linked to."""
    await server.writer.write(
        lambda transaction: artifact_collections.unlink(
            transaction, artifact_id, collection_id=collection_id
        )
    )
    return await answer_json(request, {"id": artifact_id})
