"""Reads of projects."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, select

from lossboard_server.database import schema
from lossboard_server.encoding import decode_json
from lossboard_server.errors import NotFound
from lossboard_server.queries.projects.sparklines import Sparkline, SparklineMemo
from lossboard_server.queries.runs.run_rows import state_of

__all__ = ["Project", "find_project", "list_projects", "one_project", "project_row", "view_state"]


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


# Digits of a view's hash that tell it from all others.
_LEAST_VIEW_DIGITS = 16


def find_project(connection: Connection, entity: str, name: str) -> int:
    """Id of the project; raises NotFound."""
    project = schema.project
    found = connection.execute(
        select(project.c.id).where(project.c.entity == entity, project.c.name == name)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(
            f"there is no project {entity}/{name}: it appears with the first run logged to it"
        )
    return int(found)


def project_row(
    connection: Connection, *, id: int | None = None, entity: str = "", name: str = ""
) -> Any:
    """The row of the project of that id, or of those names, if there is one."""
    project = schema.project
    named = (project.c.entity == entity) & (project.c.name == name)
    query = select(project).where(named if id is None else project.c.id == id)
    return connection.execute(query).first()


def list_projects(connection: Connection, sparklines: SparklineMemo | None = None) -> list[Project]:
    """Projects that have runs, last active first; without sparklines if there is no memo."""
    groups: dict[int, list[Row[Any]]] = {}
    for group in connection.execute(_state_groups()):
        groups.setdefault(group.project_id, []).append(group)
    projects = [
        _project_of(row, groups[row.id], sparklines.get(connection, row.id) if sparklines else None)
        for row in connection.execute(_projects())
        if row.id in groups
    ]
    return sorted(projects, key=lambda project: -project.last_activity_us)


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
