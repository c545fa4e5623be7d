"""Writes of the official client's sweeps."""

from __future__ import annotations

from sqlalchemy import insert, update

from lossboard_server.database import schema
from lossboard_server.database.engines import insert_row
from lossboard_server.writing.writer import Transaction

__all__ = ["add_agent", "add_sweep", "count_given", "set_state"]


def add_sweep(
    transaction: Transaction, project_id: int, name: str, *, display_name: str, config_text: str
) -> None:
    """A new sweep, which runs."""
    transaction.connection.execute(
        insert(schema.sweep).values(
            project_id=project_id,
            name=name,
            display_name=display_name,
            config_text=config_text,
            state="RUNNING",
            created_us=transaction.now_us,
        )
    )


def set_state(transaction: Transaction, sweep_id: int, state: str) -> None:
    """Let a sweep run, pause, or be over."""
    sweep = schema.sweep
    transaction.connection.execute(update(sweep).where(sweep.c.id == sweep_id).values(state=state))


def count_given(transaction: Transaction, sweep_id: int, given: int) -> None:
    """Note how many parameter sets of a sweep were handed out."""
    sweep = schema.sweep
    transaction.connection.execute(update(sweep).where(sweep.c.id == sweep_id).values(given=given))


def add_agent(transaction: Transaction, sweep_id: int, host: str) -> int:
    """The number of a new agent of a sweep."""
    values = {"sweep_id": sweep_id, "host": host, "created_us": transaction.now_us}
    return insert_row(transaction.connection, schema.sweep_agent, values)
