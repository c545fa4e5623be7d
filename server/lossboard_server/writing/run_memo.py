"""What the writer remembers of runs and writers, so that a record costs no look-up.

Only the writer's thread uses it. Whoever changes a run's row forgets the run; a transaction
that is rolled back forgets everything.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from lossboard_server.database import schema

__all__ = ["Facts", "RunFacts", "WriterFacts"]

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
    crashed: bool  # ended without an exit
    stop_requested: bool
    deleted: bool


@dataclass(slots=True)
class WriterFacts:
    """A writer as its row says."""

    id: int
    token: str
    run_uid: int
    attempt_id: int
    next_seq: int


class Facts:
    """A memo over the rows of `run` and `writer`."""

    def __init__(self) -> None:
        self._runs: dict[int, RunFacts] = {}
        self._writers: dict[str, WriterFacts] = {}

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

    def forget_run(self, uid: int) -> None:
        self._runs.pop(uid, None)

    def forget_writers(self, attempt_id: int) -> None:
        """Those of an attempt; what is known of runs and is ahead of their rows stays."""
        mine = [known.token for known in self._writers.values() if known.attempt_id == attempt_id]
        for token in mine:
            del self._writers[token]

    def clear(self) -> None:
        self._runs.clear()
        self._writers.clear()


def _make_room(memo: dict[int, RunFacts] | dict[str, WriterFacts]) -> None:
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
        crashed=row.ended_us is not None and row.exit_code is None,
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
    )
