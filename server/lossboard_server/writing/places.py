"""Projects that are renamed and described, runs that are moved: the names that they had go on
leading to them (database/places.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update

from lossboard_server.database import schema
from lossboard_server.database.engines import insert_row
from lossboard_server.database.places import next_slot, project_named, run_placed
from lossboard_server.errors import Conflict, NotFound
from lossboard_server.writing.catalogue import open_project, require_run
from lossboard_server.writing.names import check_project
from lossboard_server.writing.writer import Transaction

__all__ = ["describe_project", "move_runs", "rename_project"]


def describe_project(
    transaction: Transaction, entity: str, name: str, text: str, was: str | None
) -> None:
    """Set the description, unless it is neither what it `was` nor what is wanted: Conflict."""
    row = _project(transaction, entity, name)
    if was is not None and row.description not in (was, text):
        raise Conflict(
            "the description of the project changed meanwhile: look at what is there, then send"
            " this with that as `was`",
            present={"description": row.description},
        )
    table = schema.project
    changed = update(table).where(table.c.id == row.id).values(description=text)
    transaction.connection.execute(changed)
    transaction.settings_of.add(f"{row.entity}/{row.name}")


def rename_project(transaction: Transaction, entity: str, name: str, wanted: str) -> None:
    """Give the project another name; the present one leads to it from then on.

    Raises NotFound, Invalid for a name that can't be, Conflict for one that a project has. A name
    that another one had leads to this one: who asks for it here wants it so.
    """
    check_project(wanted)
    row = _project(transaction, entity, name)
    if row.name == wanted:
        return
    _check_free(transaction, row.entity, wanted)
    former, table = schema.former_name, schema.project
    theirs = (former.c.entity == row.entity) & (former.c.name == wanted)
    transaction.connection.execute(delete(former).where(theirs))
    before = {"project_id": row.id, "entity": row.entity, "name": row.name}
    insert_row(transaction.connection, former, before)
    renamed = update(table).where(table.c.id == row.id).values(name=wanted)
    transaction.connection.execute(renamed)
    _tell_runs(transaction, row)


def _check_free(transaction: Transaction, entity: str, name: str) -> None:
    table = schema.project.c
    taken = select(table.id).where(table.entity == entity, table.name == name)
    if transaction.connection.execute(taken).first() is not None:
        raise Conflict(
            f"there is a project {entity}/{name} already, if only of deleted runs: choose another"
            " name"
        )


def _tell_runs(transaction: Transaction, before: Any) -> None:
    """Every run says where it is; pages of the former name learn that it is one."""
    run = schema.run.c
    uids = select(run.id).where(run.project_id == before.id)
    for uid in transaction.connection.execute(uids).scalars().all():
        transaction.update_run(uid, "meta")
    transaction.settings_of.add(f"{before.entity}/{before.name}")


def move_runs(transaction: Transaction, uids: Sequence[int], project: str) -> None:
    """Put the runs into the project of that name and their entity, made if there is none: all of
    them, or none. The ids stay; what is addressed by the former project leads to them.

    Raises NotFound or Gone if a run isn't there, Conflict where another run has or had its id.
    """
    for uid in dict.fromkeys(uids):
        require_run(transaction, uid)
        known = transaction.run(uid)
        assert known is not None, "it is there"
        _move(transaction, uid, open_project(transaction, known.entity, project))


def _move(transaction: Transaction, uid: int, target: int) -> None:
    run = schema.run.c
    query = select(run.run_id, run.project_id, run.slot).where(run.id == uid)
    row = transaction.connection.execute(query).one()
    if row.project_id == target:
        return
    slot = _place_in(transaction, uid, row.run_id, target)
    before = {"project_id": row.project_id, "run_uid": uid}
    before |= {"known_as": row.run_id, "slot": row.slot}
    insert_row(transaction.connection, schema.former_place, before)
    transaction.leave(uid)
    transaction.update_run(uid, "meta", "state", "rows", project_id=target, slot=slot)


def _place_in(transaction: Transaction, uid: int, run_id: str, target: int) -> int:
    """The run's slot in the project: that of before, if it comes back."""
    found = run_placed(transaction.connection, target, run_id)
    if found not in (None, uid):
        raise Conflict(
            f"that project has or had another run with the id {run_id!r}: the run stays where it is"
        )
    former = schema.former_place
    here = (former.c.project_id == target) & (former.c.run_uid == uid)
    query = select(former.c.slot).where(here)
    slot = transaction.connection.execute(query).scalar_one_or_none()
    if slot is None:
        return next_slot(transaction.connection, target)
    transaction.connection.execute(delete(former).where(here))
    return int(slot)


def _project(transaction: Transaction, entity: str, name: str) -> Any:
    project_id = project_named(transaction.connection, entity, name)
    query = select(schema.project).where(schema.project.c.id == project_id)
    row = transaction.connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no project {entity}/{name}")
    return row
