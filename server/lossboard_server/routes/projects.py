"""Projects and the runs in them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from lossboard_server import catalogue
from lossboard_server.encoding import decode_json
from lossboard_server.errors import Invalid
from lossboard_server.queries import projects, runs
from lossboard_server.responses import answer_json
from lossboard_server.services import Server

__all__ = ["router"]

router = APIRouter(prefix="/api/projects", tags=["projects"])


class ProjectEdit(BaseModel):
    """What can be changed in a project."""

    settings: dict[str, Any]


@router.get("")
async def list_projects(server: Server, request: Request) -> Response:
    """All projects that have runs, last active first."""
    found = await server.database.ask(projects.list_projects)
    return await answer_json(request, {"projects": found})


@router.get("/{entity}/{project}")
async def get_project(server: Server, request: Request, entity: str, project: str) -> Response:
    """One project."""
    found = await server.database.ask(lambda c: projects.one_project(c, entity, project))
    return await answer_json(request, found)


@router.patch("/{entity}/{project}")
async def edit_project(
    server: Server, request: Request, entity: str, project: str, edit: ProjectEdit
) -> Response:
    """Replace the settings of a project (workspace, saved views)."""
    await server.writer.write(
        lambda transaction: catalogue.set_project_settings(
            transaction, entity, project, edit.settings
        )
    )
    return await get_project(server, request, entity, project)


@router.delete("/{entity}/{project}")
async def delete_project(server: Server, request: Request, entity: str, project: str) -> Response:
    """Mark all runs of a project deleted."""
    count = await server.writer.write(
        lambda transaction: catalogue.delete_project(transaction, entity, project)
    )
    return await answer_json(request, {"deleted": count})


@router.get("/{entity}/{project}/runs")
async def list_runs(
    server: Server,
    request: Request,
    entity: str,
    project: str,
    search: str = "",
    filter: str = "",
    sort: str = "created",
    order: Literal["asc", "desc"] = "desc",
    limit: Annotated[int, Query(ge=0, le=100_000)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Runs of a project: searched, filtered, sorted, a page of them."""
    query = runs.RunQuery(
        search=search,
        filter=_filter_of(filter),
        sort=sort,
        descending=order == "desc",
        limit=limit,
        offset=offset,
    )

    def read(connection: Connection) -> runs.RunPage:
        project_id = projects.find_project(connection, entity, project)
        return runs.list_runs(connection, server.runs, project_id, query)

    return await answer_json(request, await server.database.ask(read))


def _filter_of(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        filters = decode_json(text)
    except msgspec.DecodeError as error:
        raise Invalid(f"filter isn't JSON: {error}") from error
    if not isinstance(filters, dict):
        raise Invalid(f"filter is an object such as {{'state': 'finished'}}, not {text[:80]!r}")
    return filters
