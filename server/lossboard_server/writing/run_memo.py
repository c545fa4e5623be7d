"""Memory of the writer of runs and writers, so that a record costs no look-up.

Only the writer's thread uses it. Whoever changes a run's row forgets the run; a transaction
that is rolled back forgets everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema

__all__ = ["Facts", "LaunchFacts", "RunFacts", "WriterFacts"]

_REMEMBERED = 20_000


@dataclass(slots=True)
class RunFacts:
    """A run as its row says; `last_step` and `heartbeat_us` may be ahead of the row until the
    transaction ends."""

    uid: int
    entity: str
    project: str
    run_id: str
    name: str
    generation: int
    heartbeat_us: int
    last_step: int | None
    ended: bool
    stop_requested: bool
    deleted: bool


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """The latest launch of a run: its number, and when its first process came."""

    number: int
    began_us: int


@dataclass(slots=True)
class WriterFacts:
    """A writer as its row says."""

    id: int
    token: str
    run_uid: int
    attempt_id: int
    next_seq: int
    heard_us: int  # may be ahead of the row until the transaction ends
    is_primary: bool
    vanished: bool  # it was silent for too long
    launch: int
    must_end: bool
    clock_offset_us: int  # what is added to its times


class Facts:
    """A memo over the rows of `run` and `writer`."""

    def __init__(self) -> None:
        self._runs: dict[int, RunFacts] = {}
        self._writers: dict[str, WriterFacts] = {}
        self._launches: dict[int, LaunchFacts] = {}
        self.contests: dict[int, str] = {}  # by run: who writes it although another one does

    def run(self, connection: Connection, uid: int) -> RunFacts | None:
        """The run with number `uid`, if there is one."""
        known = self._runs.get(uid)
        if known is None:
            known = _read_run(connection, uid)
            if known is not None:
                _make_room(self._runs)
                self._runs[uid] = known
        return known

    def writer(self, connection: Connection, token: str) -> WriterFacts | None:
        """The writer called `token`, if it has sent anything."""
        known = self._writers.get(token)
        if known is None:
            known = _read_writer(connection, token)
            if known is not None:
                _make_room(self._writers)
                self._writers[token] = known
        return known

    def launch(self, connection: Connection, uid: int) -> LaunchFacts:
        """The latest launch of the run with number `uid`, which has a writer."""
        known = self._launches.get(uid)
        if known is None:
            known = _read_launch(connection, uid)
            _make_room(self._launches)
            self._launches[uid] = known
        return known

    def forget_run(self, uid: int) -> None:
        self._runs.pop(uid, None)

    def forget_launches(self, uid: int) -> None:
        """Forgets what the writers of a run are to it, and their ends."""
        self._launches.pop(uid, None)
        self.contests.pop(uid, None)
        for writer in [one for one in self._writers.values() if one.run_uid == uid]:
            del self._writers[writer.token]

    def forget_writers(self, attempt_id: int) -> None:
        """Forgets the writers of an attempt; what is known of runs ahead of their rows stays."""
        mine = [known.token for known in self._writers.values() if known.attempt_id == attempt_id]
        for token in mine:
            del self._writers[token]

    def clear(self) -> None:
        self._runs.clear()
        self._writers.clear()
        self._launches.clear()
        self.contests.clear()


def _make_room(
    memo: dict[int, RunFacts] | dict[str, WriterFacts] | dict[int, LaunchFacts],
) -> None:
    if len(memo) >= _REMEMBERED:
        memo.clear()


def _read_run(connection: Connection, uid: int) -> RunFacts | None:
    run, project = schema.run, schema.project
    row = connection.execute(
        select(run, project.c.entity, project.c.name.label("project"))
        .join(project)
        .where(run.c.id == uid)
    ).one_or_none()
    if row is None:
        return None
    return RunFacts(
        uid=row.id,
        entity=row.entity,
        project=row.project,
        run_id=row.run_id,
        name=row.name,
        generation=row.generation,
        heartbeat_us=row.heartbeat_us,
        last_step=row.last_step,
        ended=row.ended_us is not None,
        stop_requested=row.stop_requested,
        deleted=row.deleted_us is not None,
    )


def _read_writer(connection: Connection, token: str) -> WriterFacts | None:
    writer = schema.writer
    row = connection.execute(select(writer).where(writer.c.token == token)).one_or_none()
    if row is None:
        return None
    return WriterFacts(
        id=row.id,
        token=token,
        run_uid=row.run_uid,
        attempt_id=row.attempt_id,
        next_seq=row.next_seq,
        heard_us=row.heard_us,
        is_primary=row.is_primary,
        launch=row.launch,
        must_end=row.must_end,
        clock_offset_us=row.clock_offset_us,
        vanished=row.ended_us is not None and row.exit_code is None,
    )


def _read_launch(connection: Connection, uid: int) -> LaunchFacts:
    writer = schema.writer.c
    row = connection.execute(
        select(writer.launch, func.min(writer.created_us).label("began_us"))
        .where(writer.run_uid == uid)
        .group_by(writer.launch)
        .order_by(writer.launch.desc())
        .limit(1)
    ).one()
    return LaunchFacts(row.launch, row.began_us)
