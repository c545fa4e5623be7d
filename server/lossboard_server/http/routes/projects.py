"""Projects and the runs in them."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.responses import Response

from lossboard_server.database.places import path_of_project
from lossboard_server.errors import Invalid
from lossboard_server.http.responses import answer_json
from lossboard_server.queries.catalogue.definitions import metric_definitions
from lossboard_server.queries.catalogue.key_list import key_list
from lossboard_server.queries.projects import projects
from lossboard_server.queries.projects.alerts import ProjectAlert, project_alerts
from lossboard_server.queries.projects.sweeps import Sweep, project_sweeps
from lossboard_server.queries.runs.run_lists import RunPage, RunQuery
from lossboard_server.queries.runs.run_lists import list_runs as query_runs
from lossboard_server.queries.runs.runs import run_versions
from lossboard_server.services import Server
from lossboard_server.writing import catalogue, places
from lossboard_server.writing.saved_views import change_settings
from lossboard_server.writing.writer import Transaction

__all__ = ["router"]

router = APIRouter(prefix="/api/projects", tags=["projects"])


_MOST_FIELDS = 200
_MOST_INTEGER = 2**63 - 1
_MOST_CHARACTERS = 20_000  # of a description


class ProjectEdit(BaseModel):
    """The changes of a project; what is absent stays as it is."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[str, Any] | None = None
    name: Annotated[str, Field(min_length=1)] | None = None
    description: Annotated[str, Field(max_length=_MOST_CHARACTERS)] | None = None
    was: str | None = None
    """The description that the edit started from: another one isn't replaced, the answer is 409."""


@router.get("")
async def list_projects(
    server: Server,
    request: Request,
    search: str = "",
    limit: Annotated[int, Query(ge=0, le=100_000)] = 100_000,
    offset: Annotated[int, Query(ge=0, le=_MOST_INTEGER)] = 0,
) -> Response:
    """Projects that have runs, last active first: those whose name has `search` in it, a page of
    them."""
    page = projects.ProjectQuery(search=search, limit=limit, offset=offset)
    found = await server.database.ask(
        partial(projects.list_projects, sparklines=server.sparklines, page=page)
    )
    return await answer_json(request, found)


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
    """Rename a project, describe it, or replace all its settings; http/routes/saved_views.py
    changes one view alone."""

    def change(transaction: Transaction) -> None:
        if edit.settings is not None:
            limit = server.settings.request_limit_bytes
            change_settings(transaction, (entity, project), edit.settings, limit)
        if edit.description is not None:
            places.describe_project(transaction, entity, project, edit.description, edit.was)
        if edit.name is not None:
            places.rename_project(transaction, entity, project, edit.name)

    await server.writer.write(change)
    return await get_project(server, request, entity, edit.name or project)


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
    after: str = "",
) -> Response:
    """Runs of a project: searched, filtered, sorted, a page of them; of what changed `since`;
    `after` goes on at the `next` of the page before."""
    query = RunQuery(
        search=search,
        filter=_filter_of(filter),
        sort=sort,
        descending=order == "desc",
        limit=limit,
        offset=offset,
        since=since,
        after=after,
    )

    def read(connection: Connection) -> tuple[RunPage, str]:
        project_id = projects.find_project(connection, entity, project)
        page = query_runs(connection, server.runs, project_id, query)
        return page, path_of_project(connection, project_id)

    page, present = await server.database.ask(read)
    told = {"runs": page.runs, "total": page.total, "version": page.version, "gone": page.gone}
    return await answer_json(request, told | {"next": page.next, "project": present})


@router.get("/{entity}/{project}/keys")
async def list_keys(
    server: Server,
    request: Request,
    entity: str,
    project: str,
    runs: str = "",
    form: Literal["full", "short"] = "full",
    known: str = "",
) -> Response:
    """The series that there are, over some runs (numbers with commas) or all of the project; in
    the short form without names that the asker has, which it tells by their tag."""
    chosen = _numbers_of(runs)

    def read(connection: Connection) -> dict[str, Any]:
        project_id = projects.find_project(connection, entity, project)
        versions = run_versions(connection, project_id, chosen)
        found = server.keys.keys(connection, versions)
        keys = key_list(found, known) if form == "short" else found
        return {"keys": keys, "metrics": metric_definitions(connection, list(versions))}

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


@router.get("/{entity}/{project}/sweeps")
async def list_sweeps(server: Server, request: Request, entity: str, project: str) -> Response:
    """The sweeps of the project, the newest first."""

    def read(connection: Connection) -> list[Sweep]:
        return project_sweeps(connection, projects.find_project(connection, entity, project))

    return await answer_json(request, {"sweeps": await server.database.ask(read)})


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
        filters = json.loads(text)  # it knows the bare words NaN and Infinity too
    except (ValueError, RecursionError) as error:
        raise Invalid(f"filter isn't JSON: {error}") from error
    if not isinstance(filters, dict):
        raise Invalid(f"filter is an object such as {{'state': 'finished'}}, not {text[:80]!r}")
    return filters
