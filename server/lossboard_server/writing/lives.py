"""Writes of who writes a run: a process begins, is heard of, vanishes, comes back, ends.

After each of these the run is what `queries.runs.lives` makes of its processes, whichever door they
came by.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, insert, select, update

from lossboard.wire import Exit, RunStart
from lossboard_server.database import schema
from lossboard_server.encoding import decode_json, encode_json_text
from lossboard_server.limits import check_total
from lossboard_server.queries.runs.lives import (
    Life,
    latest_launch,
    launch_of,
    lives_of,
    outcome_of,
    overtaken_by,
    parted,
)
from lossboard_server.writing.attempts import opening_times, show_beside
from lossboard_server.writing.run_memo import WriterFacts
from lossboard_server.writing.writer import Transaction

__all__ = [
    "WriterRow",
    "add_metadata",
    "begin",
    "end",
    "facts_of",
    "has_primary",
    "leave",
    "make_primary",
    "mark_preempting",
    "mark_vanished",
    "note_stranger",
    "outlive",
    "revive",
    "set_clock",
    "set_label",
    "settle",
    "withdraw",
]

_MOST_LABEL = 200  # characters


def begin(
    transaction: Transaction,
    uid: int,
    attempt: int,
    token: str,
    start: RunStart,
    clock_offset_us: int = 0,
) -> Life:
    """A process that sends its first record, with what it says of itself in `start`."""
    lives = lives_of(transaction.connection, uid)
    new = _new_life(transaction, attempt, token, start)
    launch = launch_of(lives, new)
    if launch > max((life.launch for life in lives), default=launch):
        launch = _in_order(transaction, uid, lives, start, launch)
        lives = lives_of(transaction.connection, uid)
    leads = (start.primary, new.rank, new.must_end) == (None, None, True) and not any(
        life.is_primary for life in lives if life.launch == launch
    )
    new = msgspec.structs.replace(
        new,
        launch=launch,
        clock_offset_us=clock_offset_us,
        is_primary=new.is_primary or leads,
    )
    values = {name: getattr(new, name) for name in Life.__struct_fields__ if name != "id"}
    values |= {"run_uid": uid, "joined": start.opens == "join"}
    values["metadata_json"] = encode_json_text(start.metadata)
    transaction.connection.execute(insert(schema.writer).values(values))
    if new.launch > max((life.launch for life in lives), default=1):
        transaction.update_run(uid, "state", stop_requested=False)
    transaction.facts.forget_launches(uid)
    settle(transaction, uid)
    return new


def _in_order(
    transaction: Transaction, uid: int, lives: Sequence[Life], start: RunStart, newest: int
) -> int:
    """The number of a new launch: the newest, unless others have overtaken it, which move on."""
    opened_us = opening_times(transaction, uid)
    launch = overtaken_by(lives, start.started_us, opened_us)
    if launch is None:
        return newest
    _part(transaction, [life for life in lives if life.launch >= launch])
    return launch


def _new_life(transaction: Transaction, attempt: int, token: str, start: RunStart) -> Life:
    joins = start.opens == "join"
    named = start.metadata
    host, pid, rank = named.get("host"), named.get("pid"), named.get("rank")
    rank = start.rank if start.rank is not None else rank
    # A child that was forked says nothing of its own; nobody waits for its end.
    must_end = start.must_end and not (joins and not named and start.rank is None)
    return Life(
        id=0,
        token=token,
        attempt_id=attempt,
        launch=1,
        launch_key=start.launch[:_MOST_LABEL],
        label=start.label[:_MOST_LABEL],
        rank=rank if _is_count(rank) else None,
        host=host[:_MOST_LABEL] if isinstance(host, str) else "",
        pid=pid if _is_count(pid) else None,
        is_primary=_is_primary(start),
        must_end=must_end,
        preempting=False,
        created_us=transaction.now_us,
        heard_us=min(start.started_us, transaction.now_us) if must_end else 0,
        ended_us=None,
        exit_code=None,
        clock_offset_us=0,
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_primary(start: RunStart) -> bool:
    """Whether the process names and describes the run: it opens it, or says so, or is rank 0."""
    if start.opens != "join":
        return True
    if start.primary is not None:
        return start.primary
    rank = start.rank if start.rank is not None else start.metadata.get("rank")
    return rank == 0


def has_primary(transaction: Transaction, uid: int) -> bool:
    """Whether a process that describes the run has come already."""
    writer = schema.writer.c
    found = select(writer.id).where(writer.run_uid == uid, writer.is_primary).limit(1)
    return transaction.connection.execute(found).first() is not None


def settle(transaction: Transaction, uid: int) -> None:
    """Makes the run what its processes make it."""
    lives = lives_of(transaction.connection, uid)
    latest = latest_launch(lives)
    if later := parted(latest):
        _part(transaction, later)
        transaction.facts.forget_launches(uid)
        latest = later
    outcome = outcome_of(latest)
    transaction.update_run(
        uid,
        "state",
        ended_us=outcome.ended_us,
        exit_code=outcome.exit_code,
        preempting=outcome.preempting,
    )
    if outcome.ended_us is not None:
        transaction.hear(uid).ended = True


def _part(transaction: Transaction, later: Iterable[Life]) -> None:
    writer = schema.writer
    transaction.connection.execute(
        update(writer)
        .where(writer.c.id.in_([life.id for life in later]))
        .values(launch=writer.c.launch + 1)
    )


def end(transaction: Transaction, writer: WriterFacts, exit: Exit) -> None:
    """A process says how it ended."""
    values: dict[str, Any] = {"ended_us": exit.time_us, "exit_code": exit.code}
    if exit.preempting:
        values["preempting"] = True
    _change(transaction, writer.id, **values)
    writer.vanished = False
    transaction.facts.contests.pop(writer.run_uid, None)
    settle(transaction, writer.run_uid)


def leave(transaction: Transaction, writer: WriterFacts) -> None:
    """A process says that it has ended and not how, since others decide."""
    _change(transaction, writer.id, ended_us=transaction.now_us, exit_code=None, must_end=False)
    writer.vanished = True  # until it is heard of again
    settle(transaction, writer.run_uid)


def withdraw(transaction: Transaction, attempt: int, earlier: int) -> int:
    """Processes of an attempt that turns out to be none move over to an earlier one: they began no
    launch, and nobody waits for their end. Returns the number of the run."""
    writer, table = schema.writer, schema.attempt
    first = select(func.min(writer.c.launch)).where(writer.c.attempt_id == earlier)
    uid = select(table.c.run_uid).where(table.c.id == earlier)
    values = {"attempt_id": earlier, "must_end": False, "ended_us": transaction.now_us}
    launch = transaction.connection.execute(first).scalar()
    transaction.connection.execute(
        update(writer)
        .where(writer.c.attempt_id == attempt)
        .values(values if launch is None else values | {"launch": launch})
    )
    return int(transaction.connection.execute(uid).scalar_one())


def mark_preempting(transaction: Transaction, writer: WriterFacts) -> None:
    """The machine of a process is about to be taken away: its end is no failure then."""
    _change(transaction, writer.id, preempting=True)
    settle(transaction, writer.run_uid)


def mark_vanished(transaction: Transaction, writers: Iterable[int]) -> list[int]:
    """Processes that have been silent for too long ended with their last sign of life. Returns the
    numbers of their runs."""
    table = schema.writer
    open_ones = select(table.c.id, table.c.run_uid, table.c.created_us, table.c.heard_us).where(
        table.c.id.in_(list(writers)), table.c.ended_us.is_(None)
    )
    uids: dict[int, None] = {}
    for row in transaction.connection.execute(open_ones).all():
        _change(transaction, row.id, ended_us=row.heard_us or row.created_us)
        uids[row.run_uid] = None
    for uid in uids:
        transaction.facts.forget_launches(uid)
        settle(transaction, uid)
    return list(uids)


def revive(transaction: Transaction, writer: WriterFacts) -> None:
    """A process that had vanished was heard of again."""
    _change(transaction, writer.id, ended_us=None)
    writer.vanished = False
    settle(transaction, writer.run_uid)


def outlive(transaction: Transaction, writer: WriterFacts) -> None:
    """A process that nobody waits for was heard of, and its run had ended."""
    _change(transaction, writer.id, heard_us=writer.heard_us)
    settle(transaction, writer.run_uid)


def note_stranger(transaction: Transaction, writer: WriterFacts) -> None:
    """A process of an earlier launch lives, and writes beside those of the latest: both keep what
    they log, also where the latest began anew."""
    uid = writer.run_uid
    if not writer.must_end or uid in transaction.facts.contests:
        return
    life = next(w for w in lives_of(transaction.connection, uid) if w.id == writer.id)
    transaction.facts.contests[uid] = (
        f"two processes write this run: {life.title} still does, of an earlier launch. The rows of"
        " both are kept; end it, give another id, or use mode='shared' for processes of one launch"
    )
    show_beside(transaction, uid, writer.attempt_id)
    transaction.touch(uid, "state", "meta")


def set_label(transaction: Transaction, writer: WriterFacts, label: str) -> None:
    """Sets the name of the process. A label that its launch has already is a new launch."""
    lives = lives_of(transaction.connection, writer.run_uid)
    mine = next(life for life in lives if life.id == writer.id)
    if mine.label == label:
        return
    values: dict[str, Any] = {"label": label[:_MOST_LABEL]}
    if _is_taken(lives, mine.launch, label):
        latest = max(life.launch for life in lives)
        values["launch"] = latest + 1 if _is_taken(lives, latest, label) else latest
    _change(transaction, writer.id, **values)
    transaction.facts.forget_launches(writer.run_uid)
    settle(transaction, writer.run_uid)


def _is_taken(lives: Sequence[Life], launch: int, label: str) -> bool:
    return any(life.launch == launch and life.label == label for life in lives)


def set_clock(transaction: Transaction, writer: WriterFacts, offset_us: int) -> None:
    """Sets the amount to add to the times of a process, once that is known."""
    writer.clock_offset_us = offset_us
    _change(transaction, writer.id, clock_offset_us=offset_us)
    transaction.touch(writer.run_uid, "meta")


class WriterRow(NamedTuple):
    """When a process came, and what it says of its machine and program."""

    created_us: int
    metadata: dict[str, Any]


def facts_of(transaction: Transaction, writer: WriterFacts) -> WriterRow:
    """The facts that are kept of a process."""
    table = schema.writer.c
    row = transaction.connection.execute(
        select(table.created_us, table.metadata_json).where(table.id == writer.id)
    ).one()
    return WriterRow(row.created_us, decode_json(row.metadata_json))


def make_primary(transaction: Transaction, writer: WriterFacts) -> dict[str, Any]:
    """The process turns out to be the one that describes its run. Returns what is known of its
    machine."""
    writer.is_primary = True
    _change(transaction, writer.id, is_primary=True)
    return facts_of(transaction, writer).metadata


def add_metadata(transaction: Transaction, writer: WriterFacts, values: dict[str, Any]) -> None:
    """Sets top-level keys of what a process says of its machine and program. Raises TooLarge."""
    text = encode_json_text(facts_of(transaction, writer).metadata | values)
    check_total("metadata", text)
    _change(transaction, writer.id, metadata_json=text)


def _change(transaction: Transaction, writer_id: int, **values: Any) -> None:
    writer = schema.writer
    transaction.connection.execute(update(writer).where(writer.c.id == writer_id).values(values))
