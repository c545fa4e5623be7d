"""Attempts: each stretch of logging that a run is composed of (docs/architecture.md, section 6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from lossboard.wire import RunStart
from lossboard_server.database import schema
from lossboard_server.database.engines import insert_row
from lossboard_server.database.places import run_placed
from lossboard_server.writing.writer import Transaction

__all__ = ["joined_early", "open_attempt", "opening_times", "show_beside"]


def open_attempt(transaction: Transaction, uid: int, project_id: int, start: RunStart) -> int:
    """Id of the attempt that `start` opens or joins.

    A fork from a run that isn't here starts from nothing; the caller tells by the attempt's
    parent being absent.
    """
    latest = _latest(transaction, uid)
    if start.opens == "join":
        joined = _opened_at(transaction, uid, start.started_us) or latest
        if joined is not None:
            return joined
    values: dict[str, Any] = {"run_uid": uid, "opened_us": start.started_us, "kind": "fresh"}
    if start.opens == "join":
        values["kind"] = "join"
    if start.opens in ("resume", "rewind") and latest is not None:
        values |= {"kind": start.opens, "parent_id": latest}
    if start.opens == "rewind" and latest is not None:
        values["cut_step"] = start.cut_step
    if start.opens == "fork":
        parent = _latest_of(transaction, project_id, start.parent_run_id)
        values |= {"kind": "fork", "parent_id": parent, "cut_step": start.cut_step}
    early = joined_early(transaction, uid)
    if early is not None and start.opens != "join":
        return _take_over(transaction, early, values)
    return insert_row(transaction.connection, schema.attempt, values)


def opening_times(transaction: Transaction, uid: int) -> dict[int, int]:
    """When the process that opened it had started, for each attempt of the run."""
    attempt = schema.attempt.c
    found = select(attempt.id, attempt.opened_us).where(attempt.run_uid == uid)
    return {row.id: row.opened_us for row in transaction.connection.execute(found)}


def joined_early(transaction: Transaction, uid: int) -> int | None:
    """The run's first attempt while it has only writers that join: a forked child or another rank
    was faster than the process whose `start` opens the run."""
    attempt = schema.attempt
    found = select(attempt.c.id).where(attempt.c.run_uid == uid, attempt.c.kind == "join")
    return transaction.connection.execute(found).scalar_one_or_none()


def _opened_at(transaction: Transaction, uid: int, opened_us: int) -> int | None:
    attempt = schema.attempt
    found = (
        select(attempt.c.id)
        .where(attempt.c.run_uid == uid, attempt.c.opened_us == opened_us)
        .order_by(attempt.c.id.desc())
        .limit(1)
    )
    return transaction.connection.execute(found).scalar_one_or_none()


def _take_over(transaction: Transaction, attempt_id: int, values: dict[str, Any]) -> int:
    attempt = schema.attempt
    if values.get("parent_id") == attempt_id:  # a resume of what this server doesn't have
        values = values | {"parent_id": None}
    transaction.connection.execute(update(attempt).where(attempt.c.id == attempt_id).values(values))
    return attempt_id


def _latest(transaction: Transaction, uid: int) -> int | None:
    attempt = schema.attempt
    found = (
        select(attempt.c.id).where(attempt.c.run_uid == uid).order_by(attempt.c.id.desc()).limit(1)
    )
    return transaction.connection.execute(found).scalar_one_or_none()


def _latest_of(transaction: Transaction, project_id: int, run_id: str) -> int | None:
    uid = run_placed(transaction.connection, project_id, run_id)
    return None if uid is None else _latest(transaction, uid)


def show_beside(transaction: Transaction, uid: int, attempt_id: int) -> None:
    """Lets the run's latest attempt, where it began anew, continue an earlier one that still grows,
    so that the rows of both are shown."""
    attempt, latest = schema.attempt, _latest(transaction, uid)
    anew = update(attempt).where(
        attempt.c.id == latest,
        attempt.c.id != attempt_id,
        attempt.c.kind == "fresh",
        attempt.c.parent_id.is_(None),
    )
    changed = transaction.connection.execute(
        anew.values(parent_id=attempt_id, kind="beside")
    ).rowcount
    run = transaction.run(uid)
    if changed and run is not None:  # the same as after a seal: nobody goes on from what he has
        generation = run.generation + 1
        transaction.update_run(uid, "rows", "histograms", generation=generation, summary_json="{}")
