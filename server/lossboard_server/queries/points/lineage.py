"""The parts of a run: its latest attempt and, up to the cuts, those it continues."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.errors import NotFound

__all__ = ["Lineage", "Part", "attempts_of_several", "lineages"]

_ATTEMPTS_BIT = 32  # a state counts seals below this bit and attempts above


@dataclass(frozen=True)
class Part:
    """An attempt of a lineage; of its points those up to step `cut` count, all if it is None.

    `beside`: it was opened while the one before it went on.
    """

    attempt_id: int
    run_uid: int
    cut: int | None
    opened_us: int
    beside: bool = False


@dataclass(frozen=True)
class Lineage:
    """A run as it reads: parts in order, eldest first.

    `generation` grows with every seal and every new attempt. As long as it is the same, the same
    points are in the same blocks, and only the tail has grown. For a run that was never resumed
    or forked it is the run's count of seals.
    """

    run_uid: int
    started_us: int
    parts: tuple[Part, ...]
    generation: int

    @property
    def run_uids(self) -> set[int]:
        """The runs whose tails and series it reads."""
        return {part.run_uid for part in self.parts} | {self.run_uid}


def lineages(connection: Connection, uids: Sequence[int]) -> list[Lineage]:
    """The lineages of these runs, in their order; raises NotFound for a run that isn't there."""
    runs = _runs(connection, uids)
    for uid in uids:
        if uid not in runs:
            raise NotFound(f"there is no run with uid {uid}: take uids from the run list")
    attempts, counts = _attempts(connection, uids)
    elders = {row.run_uid for row in attempts.values()} - runs.keys()
    runs |= _runs(connection, sorted(elders))
    latest = {attempts[id_].run_uid: id_ for id_ in sorted(attempts)}
    return [_lineage(runs, attempts, latest.get(uid), counts.get(uid, 0), uid) for uid in uids]


def _runs(connection: Connection, uids: Sequence[int]) -> dict[int, Any]:
    run = schema.run.c
    query = select(run.id, run.started_us, run.generation).where(among(connection, run.id, uids))
    return {row.id: row for row in connection.execute(query)} if uids else {}


def _attempts(connection: Connection, uids: Sequence[int]) -> tuple[dict[int, Any], dict[int, int]]:
    """All attempts that the latest ones of the runs continue, and how many each run has."""
    attempt = schema.attempt.c
    latest = connection.execute(
        select(attempt.run_uid, func.max(attempt.id).label("id"), func.count().label("attempts"))
        .where(among(connection, attempt.run_uid, uids))
        .group_by(attempt.run_uid)
    ).all()
    counts = {row.run_uid: row.attempts for row in latest}
    found: dict[int, Any] = {}
    wanted: Collection[int] = {row.id for row in latest}
    while wanted:
        names = ("id", "run_uid", "parent_id", "cut_step", "opened_us", "kind")
        query = select(*(attempt[name] for name in names))
        rows = connection.execute(query.where(among(connection, attempt.id, wanted))).all()
        found |= {row.id: row for row in rows}
        parents = {row.parent_id for row in rows if row.parent_id is not None}
        wanted = parents - found.keys()
    return found, counts


def _lineage(
    runs: dict[int, Any], attempts: dict[int, Any], latest: int | None, count: int, uid: int
) -> Lineage:
    parts: list[Part] = []
    cut: int | None = None
    row = None if latest is None else attempts[latest]
    while row is not None:
        parts.insert(0, Part(row.id, row.run_uid, cut, row.opened_us, row.kind == "beside"))
        if row.cut_step is not None and row.parent_id is not None:
            cut = row.cut_step if cut is None else min(cut, row.cut_step)
        row = attempts.get(row.parent_id)
    seals = sum(runs[id_].generation for id_ in {part.run_uid for part in parts} | {uid})
    generation = (max(count - 1, 0) << _ATTEMPTS_BIT) + seals
    return Lineage(uid, runs[uid].started_us, tuple(parts), generation)


def attempts_of_several(connection: Connection, attempts: Collection[int]) -> set[int]:
    """The attempts, of these, that several processes write or wrote."""
    writer = schema.writer.c
    mine = among(connection, writer.attempt_id, attempts)
    counted = select(writer.attempt_id).where(mine).group_by(writer.attempt_id)
    return set(connection.execute(counted.having(func.count() > 1)).scalars())
