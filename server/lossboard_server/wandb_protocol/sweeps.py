"""Sweeps: the server hands out parameter sets, agents run them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

import yaml
from graphql import GraphQLError

from lossboard_server.queries.projects import sweeps as reads
from lossboard_server.wandb_protocol.context import (
    DEFAULT_ENTITY,
    Call,
    global_id,
    id_parts,
    iso_time,
    page_of,
)
from lossboard_server.wandb_protocol.run_nodes import Info, project_stub
from lossboard_server.wandb_protocol.run_pages import run_count, run_page
from lossboard_server.wandb_protocol.samplers import check_sweep, parameters_of, read_sweep
from lossboard_server.writing import catalogue, sweeps
from lossboard_server.writing.writer import Transaction

__all__ = ["SweepNode", "create_agent", "heartbeat", "sweep_node", "sweep_page", "upsert_sweep"]

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
    sweep = sweep_node(call, project_id, name)
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
    sweeps.add_sweep(
        transaction,
        project_id,
        name,
        display_name=given.get("displayName") or str(config.get("name") or name),
        config_text=given["config"],
    )
    return name


def _change(transaction: Transaction, given: Mapping[str, Any]) -> str:
    number = int(id_parts(given["id"], "Sweep")[0])
    state = given.get("state")
    if state is not None and state not in _STATES:
        raise GraphQLError(f"a sweep's state is one of {', '.join(_STATES)}, not {state!r}")
    if state is not None:
        sweeps.set_state(transaction, number, state)
    name = reads.sweep_name(transaction.connection, number)
    if name is None:
        raise GraphQLError(f"there is no sweep with id {given['id']!r}")
    return name


def create_agent(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateAgent: a process that will run parameter sets of a sweep."""
    entity = given.get("entityName") or DEFAULT_ENTITY

    def create(transaction: Transaction) -> int:
        project, name = str(given.get("projectName")), str(given["sweep"])
        sweep_id = reads.find_sweep(transaction.connection, entity, project, name)
        if sweep_id is None:
            raise GraphQLError(f"there is no sweep {given['sweep']!r} in this project")
        return sweeps.add_agent(transaction, sweep_id, given.get("host") or "")

    return {"agent": {"id": global_id("Agent", call.write(create))}}


def heartbeat(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    """AgentHeartbeat: an agent without work gets the next parameter set, or is sent home."""
    agent_id = int(id_parts(given["id"], "Agent")[0])
    is_busy = any(json.loads(given.get("runState") or "{}").values())
    commands = [] if is_busy else call.write(lambda transaction: _next(transaction, agent_id))
    return {"agent": {"id": given["id"]}, "commands": json.dumps(commands)}


def _next(transaction: Transaction, agent_id: int) -> list[dict[str, Any]]:
    row = reads.sweep_of_agent(transaction.connection, agent_id)
    if row is None:
        raise GraphQLError("this agent is unknown here, or its sweep was deleted")
    if row.state == "PAUSED":
        return []
    config = yaml.safe_load(row.config_text)
    limit = config.get("run_cap")
    point = None
    if row.state == "RUNNING" and (limit is None or row.given < int(limit)):
        point = parameters_of(config, sweep=row.name, index=row.given)
    if not point:
        sweeps.set_state(transaction, row.id, _ended(row.state))
    else:
        sweeps.count_given(transaction, row.id, row.given + 1)
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
    with call.read() as connection:
        names = reads.sweep_names(connection, project_id)
    return page_of(
        enumerate(reversed(names)),
        lambda pair: sweep_node(call, project_id, pair[1]),
        key=lambda pair: [-pair[0]],  # none is deleted while its project is there
        after=after,
        first=first,
    )


def sweep_node(call: Call, project_id: int, name: str) -> SweepNode | None:
    """A sweep of the project, or None."""
    with call.read() as connection:
        row = reads.sweep_by_name(connection, project_id, name)
    return None if row is None else SweepNode(call, project_id, row)


class SweepNode:
    """A sweep; its runs are read when asked for."""

    bestLoss = None
    runCountExpected = None

    def __init__(self, call: Call, project_id: int, row: Any) -> None:
        self._call, self._project_id = call, project_id
        self._mine = json.dumps({"sweep": row.name})
        config = yaml.safe_load(row.config_text)
        self.id = global_id("Sweep", row.id)
        self.name = row.name
        self.displayName = row.display_name
        self.method = str(config.get("method")).upper()
        self.state = row.state
        self.description = config.get("description")
        self.config = row.config_text
        self.createdAt = self.updatedAt = iso_time(row.created_us)
        self.project = project_stub(project_id, row.entity, row.project)

    def runCount(self, info: Info) -> int:
        return run_count(self._call, self._project_id, self._mine)

    def runs(
        self,
        info: Info,
        order: str | None = None,
        after: str | None = None,
        first: int | None = None,
        filters: str | None = None,
    ) -> dict[str, Any]:
        return run_page(self._call, self._project_id, self._mine, order, after, first)
