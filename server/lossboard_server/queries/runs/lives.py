"""The processes that write a run, and what their ends make of it: the one place that tells.

A launch is what one start of a training began: a process, or all its ranks, with the children that
log for them. A run is what its latest launch is: it runs while a process of that lives, and has
failed or crashed when one that has to end well didn't. Those of earlier launches decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from lossboard_server.database import schema

__all__ = [
    "Life",
    "Outcome",
    "latest_launch",
    "launch_of",
    "lives_of",
    "living_writers",
    "outcome_of",
    "overtaken_by",
    "parted",
    "strangers_among",
]


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """One process that writes a run: who it is, when it was heard of last, and how it ended.

    `launch` counts the launches of the run from 1, `launch_key` is what its launcher calls it. A
    process that vanished has an end, its last sign of life, and no exit code.
    """

    id: int
    token: str
    attempt_id: int
    launch: int
    launch_key: str
    label: str
    rank: int | None
    host: str
    pid: int | None
    is_primary: bool
    must_end: bool
    preempting: bool
    created_us: int
    heard_us: int
    ended_us: int | None
    exit_code: int | None
    clock_offset_us: int

    @property
    def lives(self) -> bool:
        return self.ended_us is None

    @property
    def vanished(self) -> bool:
        return self.ended_us is not None and self.exit_code is None

    @property
    def failed(self) -> bool:
        return self.exit_code is not None and self.exit_code != 0

    @property
    def title(self) -> str:
        """As people call it, such as "rank 2 on host-a (process 4711)"."""
        own = "" if self.label == f"{self.host}:{self.pid}" else self.label
        named = f"rank {self.rank}" if self.rank is not None else own
        process = f"process {self.pid}" if self.pid is not None else ""
        who = named or process or "the process"
        where = f" on {self.host}" if self.host else ""
        return f"{who}{where}" + (f" ({process})" if named and process else "")


class Outcome(msgspec.Struct, frozen=True):
    """The result of a launch, as the columns of its run say it; `cause` is the process that made it
    other than well."""

    ended_us: int | None
    exit_code: int | None
    preempting: bool
    cause: Life | None = None


def lives_of(connection: Connection, uid: int) -> list[Life]:
    """All processes that ever wrote the run, in order of their first word."""
    writer = schema.writer.c
    columns = [writer[name] for name in Life.__struct_fields__]
    rows = connection.execute(select(*columns).where(writer.run_uid == uid).order_by(writer.id))
    return [_life(row) for row in rows]


def _life(row: Row[Any]) -> Life:
    return Life(**row._mapping)


def living_writers(connection: Connection) -> list[int]:
    """Numbers of all processes that haven't ended, of runs that aren't deleted."""
    writer, run = schema.writer, schema.run
    found = (
        select(writer.c.id)
        .join(run, run.c.id == writer.c.run_uid)
        .where(writer.c.ended_us.is_(None), run.c.deleted_us.is_(None))
    )
    return list(connection.execute(found).scalars())


def latest_launch(lives: Sequence[Life]) -> list[Life]:
    """The processes of the run's latest launch."""
    latest = max((life.launch for life in lives), default=0)
    return [life for life in lives if life.launch == latest]


def outcome_of(lives: Sequence[Life]) -> Outcome:
    """The result of the processes of one launch."""
    marked = any(life.preempting for life in lives)
    deciding = [life for life in lives if life.must_end] or list(lives)
    end_us = max((life.ended_us for life in lives if life.ended_us is not None), default=0)
    if any(life.lives for life in deciding) or _outlived(lives, end_us):
        return Outcome(None, None, marked)
    cause = _cause(deciding)
    code = 0 if cause is None else cause.exit_code
    return Outcome(end_us, code, marked and code != 0, cause)


def _outlived(lives: Sequence[Life], end_us: int) -> bool:
    """A child is not waited for: many end without a word. One that is heard of later goes on."""
    return any(life.lives and life.heard_us > end_us for life in lives)


def _cause(deciding: Sequence[Life]) -> Life | None:
    """The first that failed; else, as launchers kill the others then, the first that vanished."""
    failed = [life for life in deciding if life.failed] or [w for w in deciding if w.vanished]
    return min(failed, key=lambda life: life.ended_us or 0, default=None)


def launch_of(lives: Sequence[Life], new: Life) -> int:
    """The launch that the `new` process belongs to, given those that are there.

    A process that opens an attempt begins a launch. One that joins begins one too where the
    launcher's key says so; where its rank is there already; and where all others have ended.
    """
    near = [life for life in lives if life.attempt_id == new.attempt_id]
    following = 1 + max((life.launch for life in lives), default=0)
    current = latest_launch(near)
    if not current:
        return following
    members = [life for life in current if life.must_end]
    if not members or not new.must_end:
        return current[0].launch
    if new.launch_key and any(life.launch_key for life in members):
        return _keyed_launch(near, members, new, following)
    is_again = new.rank is not None and any(life.rank == new.rank for life in members)
    over = not any(life.lives for life in members)
    return following if is_again or over else current[0].launch


def overtaken_by(
    lives: Sequence[Life], started_us: int, opened_us: Mapping[int, int]
) -> int | None:
    """The first launch that began later than a process that is heard of only now, as what it wrote
    waited elsewhere while the training was launched again. None: it is of the newest launch.

    `opened_us` has when the first process of each attempt started.
    """
    numbers = sorted({life.launch for life in lives})
    later = (n for n in numbers if started_us < _began_us(lives, n, opened_us))
    return next(later, None)


def _began_us(lives: Sequence[Life], launch: int, opened_us: Mapping[int, int]) -> int:
    """When a launch had begun at the latest, as far as its processes tell."""
    members = [life for life in lives if life.launch == launch]
    first = min(members, key=lambda life: life.id)
    if first.id == min(life.id for life in lives if life.attempt_id == first.attempt_id):
        return opened_us[first.attempt_id]
    heard_us = max(max(life.heard_us, life.ended_us or 0) for life in members)
    return min(heard_us, *(life.created_us for life in members))


def _keyed_launch(near: Sequence[Life], members: Sequence[Life], new: Life, following: int) -> int:
    """That of the same key, also if it comes late; the same rank of it again is a new start."""
    same = latest_launch([life for life in near if life.launch_key == new.launch_key])
    taken = [life for life in same if life.must_end and life.rank == new.rank]
    is_latest = bool(same) and same[0].launch == members[0].launch
    is_again = bool(taken) if new.rank is not None else not any(life.lives for life in members)
    if not same or (is_latest and is_again):
        return following
    return same[0].launch


def parted(members: Sequence[Life]) -> list[Life]:
    """The processes of one launch that belong to the next one, as is seen once the others have
    vanished.

    A process that is killed and started again at once comes while the first still seems to live.
    Where nothing names the launch, silence tells later: all before it were heard of last before it.
    """
    known = [life for life in members if life.must_end]
    undecided = [life for life in known[:-1] if life.lives and life.heard_us < known[-1].created_us]
    if undecided or any(life.rank is not None for life in known):
        return []
    for place in range(len(known) - 1, 0, -1):
        began_us = min(life.created_us for life in known[place:])
        before = known[:place]
        ends = [life.ended_us for life in before if life.ended_us is not None]
        if len(ends) == len(before) and max(ends) < began_us and before[-1].vanished:
            return [life for life in members if life.id >= known[place].id]
    return []


def strangers_among(lives: Sequence[Life]) -> list[Life]:
    """Processes of earlier launches that were heard of since the latest one began, and live."""
    latest = latest_launch(lives)
    began_us = min((life.created_us for life in latest), default=0)
    launch = latest[0].launch if latest else 0
    return [
        life
        for life in lives
        if life.launch < launch and life.must_end and life.lives and life.heard_us > began_us
    ]
