"""Projects and the runs in them."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlalchemy import Connection
from starlette.responses import Response

from lossboard_server.encoding import decode_json
from lossboard_server.errors import Invalid
from lossboard_server.http.responses import answer_json
from lossboard_server.queries.catalogue.definitions import metric_definitions
from lossboard_server.queries.projects import projects
from lossboard_server.queries.projects.alerts import ProjectAlert, project_alerts
from lossboard_server.queries.runs.run_lists import RunPage, RunQuery
from lossboard_server.queries.runs.run_lists import list_runs as query_runs
from lossboard_server.queries.runs.runs import run_versions
from lossboard_server.services import Server
from lossboard_server.writing import catalogue
from lossboard_server.writing.saved_views import change_settings

__all__ = ["router"]

router = APIRouter(prefix="/api/projects", tags=["projects"])


_MOST_FIELDS = 200


class ProjectEdit(BaseModel):
    """The changes of a project."""

    settings: dict[str, Any]


@router.get("")
async def list_projects(server: Server, request: Request) -> Response:
    """All projects that have runs, last active first."""
    found = await server.database.ask(partial(projects.list_projects, sparklines=server.sparklines))
    return await answer_json(request, {"projects": found})


@router.get("/{entity}/{project}")
async def get_project(server: Server, request: Request, entity: str, project: str) -> Response:
    """One project."""
    found = await server.database.ask(
        lambda connection: projects.one_project(connection, server.sparklines, entity, project)
    )
    return await answer_json(request, found)


@router.put("/{entity}/{project}")
async def make_project(server: Server, request: Request, entity: str, project: str) -> Response:
    """Make a project, if there is none."""
    await server.writer.write(
        lambda transaction: catalogue.open_project(transaction, entity, project)
    )
    return await get_project(server, request, entity, project)


@router.patch("/{entity}/{project}")
async def edit_project(
    server: Server, request: Request, entity: str, project: str, edit: ProjectEdit
) -> Response:
    """Replace all settings of a project; http/routes/saved_views.py changes one view alone."""
    await server.writer.write(
        lambda transaction: change_settings(
            transaction, (entity, project), edit.settings, server.settings.request_limit_bytes
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
    since: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Runs of a project: searched, filtered, sorted, a page of them; of what changed `since`."""
    query = RunQuery(
        search=search,
        filter=_filter_of(filter),
        sort=sort,
        descending=order == "desc",
        limit=limit,
        offset=offset,
        since=since,
    )

    def read(connection: Connection) -> RunPage:
        project_id = projects.find_project(connection, entity, project)
        return query_runs(connection, server.runs, project_id, query)

    return await answer_json(request, await server.database.ask(read))


@router.get("/{entity}/{project}/keys")
async def list_keys(
    server: Server, request: Request, entity: str, project: str, runs: str = ""
) -> Response:
    """The series that there are, over some runs (numbers with commas) or all of the project."""
    chosen = _numbers_of(runs)

    def read(connection: Connection) -> dict[str, Any]:
        project_id = projects.find_project(connection, entity, project)
        versions = run_versions(connection, project_id, chosen)
        found = server.keys.keys(connection, versions)
        return {"keys": found, "metrics": metric_definitions(connection, list(versions))}

    return await answer_json(request, await server.database.ask(read))


@router.get("/{entity}/{project}/alerts")
async def list_alerts(
    server: Server,
    request: Request,
    entity: str,
    project: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """The alerts of runs of the project, the newest first."""

    def read(connection: Connection) -> list[ProjectAlert]:
        project_id = projects.find_project(connection, entity, project)
        return project_alerts(connection, project_id, limit)

    return await answer_json(request, {"alerts": await server.database.ask(read)})


@router.get("/{entity}/{project}/metrics")
async def metric_values(
    server: Server,
    request: Request,
    entity: str,
    project: str,
    field: Annotated[list[str], Query(max_length=_MOST_FIELDS)],
    runs: str = "",
) -> Response:
    """Last, least, greatest or best values of metrics, over some runs or all of the project."""
    chosen = _numbers_of(runs)

    def read(connection: Connection) -> dict[str, Any]:
        project_id = projects.find_project(connection, entity, project)
        versions = run_versions(connection, project_id, chosen)
        columns = {
            name: server.runs.metrics.column(connection, name, versions)
            for name in sorted({*field})
        }
        return {"values": columns}

    return await answer_json(request, await server.database.ask(read))


def _numbers_of(text: str) -> set[int] | None:
    if not text:
        return None
    try:
        return {int(part) for part in text.split(",")}
    except ValueError as error:
        raise Invalid(f"runs is {text[:80]!r}: expected numbers such as 1,2,3") from error


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
