"""Reads of sweeps, which the official client makes."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.database.places import project_named
from lossboard_server.queries.runs.run_lists import sweep_names as sweep_of_runs
from lossboard_server.queries.runs.runs import run_versions

__all__ = [
    "Sweep",
    "find_sweep",
    "project_sweeps",
    "sweep_by_name",
    "sweep_name",
    "sweep_names",
    "sweep_of_agent",
]

_SWEEP, _PROJECT = schema.sweep, schema.project


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """A sweep with the numbers of its runs that aren't deleted, the newest first."""

    name: str
    display_name: str
    config: str  # YAML, as the client sent it
    state: str
    given: int  # parameter sets handed out
    created_us: int
    runs: list[int]


def project_sweeps(connection: Connection, project_id: int) -> list[Sweep]:
    """The sweeps of a project, the newest first."""
    query = select(_SWEEP).where(_SWEEP.c.project_id == project_id).order_by(_SWEEP.c.id.desc())
    rows = connection.execute(query).all()
    runs = _runs_by_sweep(connection, project_id) if rows else {}
    return [
        Sweep(
            name=row.name,
            display_name=row.display_name,
            config=row.config_text,
            state=row.state,
            given=row.given,
            created_us=row.created_us,
            runs=runs.get(row.name, []),
        )
        for row in rows
    ]


def _runs_by_sweep(connection: Connection, project_id: int) -> dict[str, list[int]]:
    uids = list(run_versions(connection, project_id))
    found: dict[str, list[int]] = {}
    for uid, name in sorted(sweep_of_runs(connection, uids).items(), reverse=True):
        found.setdefault(name, []).append(uid)
    return found


def sweep_names(connection: Connection, project_id: int) -> list[str]:
    """Names of the sweeps of a project, the newest first."""
    query = select(_SWEEP.c.name).where(_SWEEP.c.project_id == project_id)
    return list(connection.execute(query.order_by(_SWEEP.c.id.desc())).scalars())


def sweep_name(connection: Connection, sweep_id: int) -> str | None:
    """The name of the sweep of that number, if there is one."""
    return connection.execute(select(_SWEEP.c.name).where(_SWEEP.c.id == sweep_id)).scalar()


def find_sweep(connection: Connection, entity: str, project: str, name: str) -> int | None:
    """The number of a sweep by its names, if there is one."""
    project_id = project_named(connection, entity, project)
    query = select(_SWEEP.c.id).where(_SWEEP.c.project_id == project_id, _SWEEP.c.name == name)
    return connection.execute(query).scalar()


def sweep_by_name(connection: Connection, project_id: int, name: str) -> Any:
    """The row of a sweep of the project, with `entity` and `project`, if there is one."""
    return connection.execute(
        select(_SWEEP, _PROJECT.c.entity, _PROJECT.c.name.label("project"))
        .join(_PROJECT, _PROJECT.c.id == _SWEEP.c.project_id)
        .where(_SWEEP.c.project_id == project_id, _SWEEP.c.name == name)
    ).first()


def sweep_of_agent(connection: Connection, agent_id: int) -> Any:
    """The row of the sweep that an agent works for, if both are there."""
    agent = schema.sweep_agent
    return connection.execute(
        select(_SWEEP).join(agent, agent.c.sweep_id == _SWEEP.c.id).where(agent.c.id == agent_id)
    ).first()
