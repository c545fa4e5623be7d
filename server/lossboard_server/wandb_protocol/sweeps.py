"""Sweeps: the server hands out parameter sets, agents run them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

import yaml
from graphql import GraphQLError
from sqlalchemy import insert, select, update

from lossboard_server.database import schema
from lossboard_server.wandb_protocol.context import (
    DEFAULT_ENTITY,
    Call,
    global_id,
    id_parts,
    iso_time,
    page_of,
)
from lossboard_server.wandb_protocol.run_nodes import project_stub
from lossboard_server.wandb_protocol.run_pages import run_count, run_page
from lossboard_server.wandb_protocol.samplers import check_sweep, parameters_of, read_sweep
from lossboard_server.writing import catalogue
from lossboard_server.writing.writer import Transaction

__all__ = ["create_agent", "heartbeat", "sweep_node", "sweep_page", "upsert_sweep"]

_NAME_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_STATES: Final = ("RUNNING", "PAUSED", "STOPPED", "FINISHED", "CANCELED")


def upsert_sweep(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """UpsertSweep: makes a sweep, or changes the state of one that is there."""
    entity = given.get("entityName") or DEFAULT_ENTITY
    project = str(given.get("projectName") or "uncategorized")
    warnings: list[str] = []
    if given.get("config"):
        warnings = _checked(given["config"])

    def keep(transaction: Transaction) -> tuple[int, str]:
        project_id = catalogue.open_project(transaction, entity, project)
        if given.get("id"):
            return project_id, _change(transaction, given)
        return project_id, _make(transaction, project_id, given)

    project_id, name = call.write(keep)
    sweep = {**(sweep_node(call, project_id, name) or {})}
    return {"sweep": sweep, "configValidationWarnings": warnings}


def _checked(text: str) -> list[str]:
    try:
        return check_sweep(read_sweep(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise GraphQLError(f"this sweep can't be run: {error}") from error


def _make(transaction: Transaction, project_id: int, given: Mapping[str, Any]) -> str:
    if not given.get("config"):
        raise GraphQLError("a new sweep needs a config with method and parameters")
    name = "".join(secrets.choice(_NAME_LETTERS) for _ in range(8))
    config = yaml.safe_load(given["config"])
    transaction.connection.execute(
        insert(schema.sweep).values(
            project_id=project_id,
            name=name,
            display_name=given.get("displayName") or str(config.get("name") or name),
            config_text=given["config"],
            state="RUNNING",
            created_us=transaction.now_us,
        )
    )
    return name


def _change(transaction: Transaction, given: Mapping[str, Any]) -> str:
    sweep = schema.sweep
    number = int(id_parts(given["id"], "Sweep")[0])
    state = given.get("state")
    if state is not None and state not in _STATES:
        raise GraphQLError(f"a sweep's state is one of {', '.join(_STATES)}, not {state!r}")
    if state is not None:
        transaction.connection.execute(
            update(sweep).where(sweep.c.id == number).values(state=state)
        )
    return str(
        transaction.connection.execute(
            select(sweep.c.name).where(sweep.c.id == number)
        ).scalar_one()
    )


def create_agent(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateAgent: a process that will run parameter sets of a sweep."""
    entity = given.get("entityName") or DEFAULT_ENTITY

    def create(transaction: Transaction) -> int:
        sweep, project = schema.sweep, schema.project
        row = transaction.connection.execute(
            select(sweep.c.id)
            .join(project, project.c.id == sweep.c.project_id)
            .where(
                project.c.entity == entity,
                project.c.name == str(given.get("projectName")),
                sweep.c.name == str(given["sweep"]),
            )
        ).scalar()
        if row is None:
            raise GraphQLError(f"there is no sweep {given['sweep']!r} in this project")
        values = {"sweep_id": row, "host": given.get("host") or ""}
        made = transaction.connection.execute(
            insert(schema.sweep_agent).values(**values, created_us=transaction.now_us)
        )
        assert made.inserted_primary_key is not None, "an insert of one row has its key"
        return int(made.inserted_primary_key[0])

    return {"agent": {"id": global_id("Agent", call.write(create))}}


def heartbeat(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """AgentHeartbeat: an agent without work gets the next parameter set, or is sent home."""
    agent_id = int(id_parts(given["id"], "Agent")[0])
    is_busy = any(json.loads(given.get("runState") or "{}").values())
    commands = [] if is_busy else call.write(lambda transaction: _next(transaction, agent_id))
    return {"agent": {"id": given["id"]}, "commands": json.dumps(commands)}


def _next(transaction: Transaction, agent_id: int) -> list[dict[str, Any]]:
    sweep, agent = schema.sweep, schema.sweep_agent
    row = transaction.connection.execute(
        select(sweep).join(agent, agent.c.sweep_id == sweep.c.id).where(agent.c.id == agent_id)
    ).first()
    if row is None:
        raise GraphQLError("this agent is unknown here, or its sweep was deleted")
    if row.state == "PAUSED":
        return []
    config = yaml.safe_load(row.config_text)
    limit = config.get("run_cap")
    point = None
    if row.state == "RUNNING" and (limit is None or row.given < int(limit)):
        point = parameters_of(config, sweep=row.name, index=row.given)
    done = {"given": row.given + 1} if point else {"state": _ended(row.state)}
    transaction.connection.execute(update(sweep).where(sweep.c.id == row.id).values(**done))
    if point is None:
        return [{"type": "exit"}]
    run_id = "".join(secrets.choice(_NAME_LETTERS) for _ in range(8))
    arguments = {name: {"value": value} for name, value in point.items()}
    return [
        {
            "type": "run",
            "run_id": run_id,
            "run_storage_id": "",
            "program": config.get("program"),
            "args": arguments,
            "logs": [],
        }
    ]


def _ended(state: str) -> str:
    return "FINISHED" if state == "RUNNING" else state


def sweep_page(
    call: Call,
    project_id: int,
    filters: str | None = None,
    after: str | None = None,
    first: int | None = None,
) -> dict[str, Any]:
    """The sweeps of a project, the newest first."""
    if json.loads(filters or "{}"):
        raise GraphQLError("lossboard does not filter sweeps: ask for all and choose among them")
    sweep = schema.sweep
    query = select(sweep.c.name).where(sweep.c.project_id == project_id)
    with call.read() as connection:
        names = list(connection.execute(query.order_by(sweep.c.id.desc())).scalars())
    return page_of(
        names, lambda name: sweep_node(call, project_id, name) or {}, after=after, first=first
    )


def sweep_node(call: Call, project_id: int, name: str) -> dict[str, Any] | None:
    """A sweep of the project, or None."""
    sweep, project = schema.sweep, schema.project
    with call.read() as connection:
        row = connection.execute(
            select(sweep, project.c.entity, project.c.name.label("project"))
            .join(project, project.c.id == sweep.c.project_id)
            .where(sweep.c.project_id == project_id, sweep.c.name == name)
        ).first()
    if row is None:
        return None
    config = yaml.safe_load(row.config_text)
    mine = json.dumps({"sweep": row.name})
    return {
        "id": global_id("Sweep", row.id),
        "name": row.name,
        "displayName": row.display_name,
        "method": str(config.get("method")).upper(),
        "state": row.state,
        "description": config.get("description"),
        "bestLoss": None,
        "config": row.config_text,
        "createdAt": iso_time(row.created_us),
        "updatedAt": iso_time(row.created_us),
        "runCount": lambda info: run_count(call, project_id, mine),
        "runs": lambda info, order=None, after=None, first=None, filters=None: run_page(
            call, project_id, mine, order, after, first
        ),
        "runCountExpected": None,
        "project": project_stub(project_id, row.entity, row.project),
    }
