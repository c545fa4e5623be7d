"""Reads of the official client's sweeps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from lossboard_server.database import schema

__all__ = ["find_sweep", "sweep_by_name", "sweep_name", "sweep_names", "sweep_of_agent"]

_SWEEP, _PROJECT = schema.sweep, schema.project


def sweep_names(connection: Connection, project_id: int) -> list[str]:
    """Names of the sweeps of a project, the newest first."""
    query = select(_SWEEP.c.name).where(_SWEEP.c.project_id == project_id)
    return list(connection.execute(query.order_by(_SWEEP.c.id.desc())).scalars())


def sweep_name(connection: Connection, sweep_id: int) -> str | None:
    """The name of the sweep of that number, if there is one."""
    return connection.execute(select(_SWEEP.c.name).where(_SWEEP.c.id == sweep_id)).scalar()


def find_sweep(connection: Connection, entity: str, project: str, name: str) -> int | None:
    """The number of a sweep by its names, if there is one."""
    return connection.execute(
        select(_SWEEP.c.id)
        .join(_PROJECT, _PROJECT.c.id == _SWEEP.c.project_id)
        .where(_PROJECT.c.entity == entity, _PROJECT.c.name == project, _SWEEP.c.name == name)
    ).scalar()


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
