"""Reads of projects."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.database.places import project_named
from lossboard_server.encoding import decode_json
from lossboard_server.errors import NotFound
from lossboard_server.queries.projects.sparklines import Sparkline, SparklineMemo
from lossboard_server.queries.runs.run_rows import state_of

__all__ = [
    "Project",
    "ProjectQuery",
    "find_project",
    "list_projects",
    "one_project",
    "project_row",
    "view_state",
]


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """A project as the list shows it (docs/http_api.md)."""

    entity: str
    name: str
    created_us: int
    last_activity_us: int
    runs: int
    states: dict[str, int]
    sparkline: Sparkline | None
    settings: dict[str, Any]
    description: str = ""


class ProjectQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A page of projects, of those with `search` in `entity/name`, whatever the case."""

    search: str = ""
    limit: int = 100_000
    offset: int = 0


class ProjectPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of projects; `total` counts all that match. Where it is not `complete`, sparklines
    that take time to draw are missing: who asks again has more of them."""

    projects: list[Project]
    total: int
    complete: bool


# Digits of a view's hash that tell it from all others.
_LEAST_VIEW_DIGITS = 16


def find_project(connection: Connection, entity: str, name: str) -> int:
    """Id of the project that has the name, or had it; raises NotFound."""
    found = project_named(connection, entity, name)
    if found is None:
        raise NotFound(
            f"there is no project {entity}/{name}: it appears with the first run logged to it"
        )
    return found


def project_row(
    connection: Connection, *, id: int | None = None, entity: str = "", name: str = ""
) -> Any:
    """The row of the project of that id, or that has or had those names, if there is one."""
    project = schema.project
    named = (project.c.entity == entity) & (project.c.name == name)
    query = select(project)
    found = connection.execute(query.where(named if id is None else project.c.id == id)).first()
    if found is not None or id is not None:
        return found
    former = project_named(connection, entity, name)
    return connection.execute(query.where(project.c.id == former)).first()


def list_projects(
    connection: Connection,
    sparklines: SparklineMemo | None = None,
    page: ProjectQuery | None = None,
) -> ProjectPage:
    """Projects that have runs, last active first; without sparklines if there is no memo."""
    page = page or ProjectQuery()
    rows = connection.execute(_page(page)).all()
    ids = [row.id for row in rows]
    groups: dict[int, list[Row[Any]]] = {}
    mine = among(connection, schema.run.c.project_id, ids)
    for group in connection.execute(_state_groups().where(mine)):
        groups.setdefault(group.project_id, []).append(group)
    drawn, complete = sparklines.some(connection, ids) if sparklines else ({}, True)
    projects = [_project_of(row, groups[row.id], drawn.get(row.id)) for row in rows]
    return ProjectPage(projects=projects, total=_total(connection, page), complete=complete)


def _page(page: ProjectQuery) -> Select[Any]:
    active_us = _lives().subquery()
    return (
        select(schema.project, active_us.c.active_us)
        .join(active_us, active_us.c.project_id == schema.project.c.id)
        .where(*_named(page))
        .order_by(active_us.c.active_us.desc(), schema.project.c.id.desc())
        .limit(page.limit)
        .offset(page.offset)
    )


def _lives() -> Select[Any]:
    """The last sign of life in each project that has runs."""
    run = schema.run.c
    return (
        select(run.project_id, func.max(run.heartbeat_us).label("active_us"))
        .where(run.deleted_us.is_(None))
        .group_by(run.project_id)
    )


def _named(page: ProjectQuery) -> list[ColumnElement[bool]]:
    project = schema.project.c
    name = project.entity + "/" + project.name
    return [name.icontains(page.search, autoescape=True)] if page.search else []


def _total(connection: Connection, page: ProjectQuery) -> int:
    present = schema.project.c.id.in_(select(_lives().subquery().c.project_id))
    count = select(func.count()).select_from(schema.project).where(present, *_named(page))
    return int(connection.execute(count).scalar_one())


def one_project(
    connection: Connection, sparklines: SparklineMemo, entity: str, name: str
) -> Project:
    """The project; raises NotFound."""
    project_id = find_project(connection, entity, name)
    row = connection.execute(_projects().where(schema.project.c.id == project_id)).one()
    groups = connection.execute(_state_groups().where(schema.run.c.project_id == project_id)).all()
    return _project_of(row, list(groups), sparklines.get(connection, project_id))


def _projects() -> Select[Any]:
    """Projects with the last sign of life of their runs: of each the end of an index."""
    project, run = schema.project, schema.run
    active_us = (
        select(func.max(run.c.heartbeat_us))
        .where(run.c.project_id == project.c.id, run.c.deleted_us.is_(None))
        .scalar_subquery()
    )
    return select(project, active_us.label("active_us"))


def _state_groups() -> Select[Any]:
    """Counts of runs that share a project and what their state depends on, all from one index."""
    run = schema.run
    ended = func.min(run.c.ended_us).label("ended_us")  # alike absent or present in a group
    columns = (run.c.project_id, run.c.exit_code, run.c.preempting, run.c.stop_requested)
    return (
        select(*columns, ended, func.count().label("runs"))
        .where(run.c.deleted_us.is_(None))
        .group_by(*columns, run.c.ended_us.is_(None))
    )


def _project_of(row: Row[Any], groups: list[Row[Any]], sparkline: Sparkline | None) -> Project:
    states: dict[str, int] = {}
    for group in groups:
        state = state_of(group)
        states[state] = states.get(state, 0) + group.runs
    return Project(
        entity=row.entity,
        name=row.name,
        created_us=row.created_us,
        last_activity_us=row.created_us if row.active_us is None else row.active_us,
        runs=sum(states.values()),
        states=states,
        sparkline=sparkline,
        settings=decode_json(row.settings_json),
        description=row.description,
    )


def view_state(connection: Connection, digest: str) -> str:
    """JSON text of a saved view's state by its hash or the start of it; raises NotFound."""
    hash_ = schema.view.c.hash
    begins_so = hash_.between(digest, digest + "g")  # "g" follows every hexadecimal digit
    question = select(schema.view.c.state_json).where(begins_so).order_by(hash_).limit(1)
    found = connection.execute(question).scalar_one_or_none()
    if found is None or len(digest) < _LEAST_VIEW_DIGITS:
        raise NotFound(f"there is no view {digest[:64]!r}: the link may come from another server")
    return str(found)
