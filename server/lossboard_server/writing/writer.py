"""The one writer: a thread through which every change of the database goes.

Tasks that wait together are committed together (group commit). A task is a function of a
`Transaction`; it must change nothing else, since a group in which one task fails is rolled back
and its tasks are run again one by one, so that only the failing one fails.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, bindparam, func, select, update
from sqlalchemy.exc import OperationalError

from lossboard_server.changes import NO_RUN, Change, Committed, Heard
from lossboard_server.database import schema
from lossboard_server.database.dialect import begin_write
from lossboard_server.errors import ApiError, Busy
from lossboard_server.troubles import Troubles
from lossboard_server.writing.run_memo import Facts, RunFacts

__all__ = ["Transaction", "Writer"]

Result = TypeVar("Result")

_GROUP_TASKS = 1000

_stamp_run = (
    update(schema.run)
    .where(schema.run.c.id == bindparam("uid"))
    .values(
        version=bindparam("new_version"),
        heartbeat_us=bindparam("heartbeat"),
        last_step=bindparam("step"),
    )
)


class Transaction:
    """The open transaction that tasks work in."""

    def __init__(self, connection: Connection, facts: Facts) -> None:
        self.connection = connection
        self.facts = facts
        self.now_us = time.time_ns() // 1000
        self.touched: dict[int, set[str]] = {}
        self.heard: dict[int, Heard] = {}
        self.settings_of: set[str] = set()  # projects, entity/name
        self.left: dict[int, str] = {}  # by run that is moved: the project that it was in

    def hear(self, uid: int) -> Heard:
        """Note that a writer of run `uid` lives; what it added to the tail goes into the answer."""
        return self.heard.setdefault(uid, Heard())

    def touch(self, uid: int, *what: str) -> None:
        """Say that run `uid` was changed; its version moves when the transaction ends."""
        self.touched.setdefault(uid, set()).update(what)

    def leave(self, uid: int) -> None:
        """Say that run `uid` leaves its project, before it does."""
        run = self.run(uid)
        assert run is not None, "a run that is moved has a row"
        self.left[uid] = f"{run.entity}/{run.project}"

    def run(self, uid: int) -> RunFacts | None:
        return self.facts.run(self.connection, uid)

    def update_run(self, uid: int, *what: str, **values: Any) -> None:
        """Set columns of the row of run `uid` and say so."""
        known = self.facts.run(self.connection, uid)
        if known is None:
            raise LookupError(f"there is no run with number {uid}")
        heartbeat = {"heartbeat_us": known.heartbeat_us, "last_step": known.last_step}
        self.connection.execute(
            update(schema.run).where(schema.run.c.id == uid).values(heartbeat | values)
        )
        self.facts.forget_run(uid)
        self.touch(uid, *what)


@dataclass(slots=True)
class _Job:
    work: Callable[[Any], Any]
    size_bytes: int
    future: asyncio.Future[Any]
    bare: bool = False  # works on the engine, outside any transaction


def _words_of(error: Exception) -> str:
    """An error of the database without the statement, which differs each time."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}"


def _last_version(connection: Connection) -> int:
    last = select(func.coalesce(func.max(schema.run.c.version), 0))
    return int(connection.execute(last).scalar_one())


class Writer:
    """Owns the writing connection from `start` to `stop`; used from the event loop."""

    def __init__(
        self,
        engine: Engine,
        *,
        group_limit_bytes: int,
        queue_limit_bytes: int,
        publish: Callable[[Committed], None],
        check: Callable[[], None] = lambda: None,
        troubles: Troubles | None = None,
        admit: Callable[[], None] = lambda: None,
        on_full: Callable[[], None] = lambda: None,
        announce: Callable[[Committed], None] = lambda committed: None,
        remember: Callable[[Committed], None] = lambda committed: None,
    ) -> None:
        self._engine = engine
        self._group_limit_bytes = group_limit_bytes
        self._queue_limit_bytes = queue_limit_bytes
        self._publish = publish
        self._check = check  # raises when nothing may be acknowledged
        self._troubles = troubles or Troubles()
        self._admit = admit
        self._on_full = on_full
        # Both in the writer's thread: readers see a commit before it returns, and a checkpoint
        # may be part of it.
        self._announce, self._remember = announce, remember
        self._jobs: deque[_Job] = deque()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # one entry for each job
        self._stopping = False
        self._queued_bytes = 0
        self._facts = Facts()
        self._thread = threading.Thread(target=self._run, name="lossboard-writer", daemon=True)
        self.loop: asyncio.AbstractEventLoop
        self._version = 0
        self.can_write = True  # as the last transaction showed
        self.last_write_us: int | None = None
        self._is_apart = False  # the connection was lost since the last transaction

    @property
    def version(self) -> int:
        """Version of the last committed change."""
        return self._version

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        with self._engine.begin() as connection:
            self._version = _last_version(connection)
        self._thread.start()

    async def stop(self) -> None:
        """Do what is queued, then end the thread."""
        self._stopping = True
        self._wake.put(None)
        await self.loop.run_in_executor(None, self._thread.join)

    def write(
        self, task: Callable[[Transaction], Result], *, size_bytes: int = 0
    ) -> asyncio.Future[Result]:
        """The result of `task`, once what it wrote is committed.

        Raises Busy while more than the queue's limit of bytes waits, and for a record (that is
        what has a size) what `admit` raises.
        """
        if size_bytes:
            self._admit()
        if self._queued_bytes + size_bytes > self._queue_limit_bytes and self._queued_bytes:
            raise Busy(
                f"{self._queued_bytes >> 20} MB of records wait for the database, the limit is"
                f" {self._queue_limit_bytes >> 20} MB: send this one again in a second",
                retry_after_secs=1,
            )
        return self._put(_Job(task, size_bytes, self.loop.create_future()))

    def maintain(self, work: Callable[[Engine], Result]) -> asyncio.Future[Result]:
        """The result of `work`, run between transactions."""
        return self._put(_Job(work, 0, self.loop.create_future(), bare=True))

    def _put(self, job: _Job) -> asyncio.Future[Any]:
        self._queued_bytes += job.size_bytes
        self._jobs.append(job)
        self._wake.put(None)
        return job.future

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while self._jobs or not self._stopping:
                self._wake.get()
                while self._jobs:
                    self._work(connection, self._next_group())

    def _next_group(self) -> list[_Job]:
        """The jobs that wait and fit into one transaction; at least one."""
        group = [self._jobs.popleft()]
        size_bytes = group[0].size_bytes
        while self._jobs and len(group) < _GROUP_TASKS and not group[0].bare:
            size_bytes += self._jobs[0].size_bytes
            if self._jobs[0].bare or size_bytes > self._group_limit_bytes:
                break
            group.append(self._jobs.popleft())
        return group

    def _work(self, connection: Connection, group: list[_Job]) -> None:
        try:
            if group[0].bare:
                results, committed = [group[0].work(self._engine)], Committed([], {})
            else:
                results, committed = self._transact(connection, group)
        except Exception as error:  # noqa: BLE001  the loop of the worker: told to who waits
            self._facts.clear()
            self._is_apart = self._is_apart or connection.invalidated
            if len(group) > 1:
                for job in group:
                    self._work(connection, [job])
                return
            if not isinstance(error, ApiError):
                self.can_write = not isinstance(error, OperationalError)
                if "disk is full" in str(error):
                    self._on_full()
                self._troubles.note(f"a write failed: {_words_of(error)}")
            self.loop.call_soon_threadsafe(self._fail, group[0], error)
        else:
            self.can_write = True
            self.last_write_us = time.time_ns() // 1000
            self._remember(committed)
            self.loop.call_soon_threadsafe(self._resolve, group, results, committed)

    def _transact(self, connection: Connection, group: list[_Job]) -> tuple[list[Any], Committed]:
        with connection.begin():
            begin_write(connection)
            self._catch_up(connection)
            transaction = Transaction(connection, self._facts)
            results = [job.work(transaction) for job in group]
            changes = self._stamp(transaction)
            committed = Committed(changes, transaction.heard)
            self._check()
            self._announce(committed)
        if changes:
            self._version = changes[-1].version
        changes += [
            Change(self._version, NO_RUN, project, frozenset({"settings"}), 0)
            for project in sorted(transaction.settings_of)
        ]
        return results, committed

    def _catch_up(self, connection: Connection) -> None:
        """While the connection was lost another server may have written."""
        if self._is_apart:
            self._version = _last_version(connection)
            self._is_apart = False

    def _stamp(self, transaction: Transaction) -> list[Change]:
        """Give every touched run its new version, in the transaction that touched it."""
        changes, stamps = [], []
        for version, (uid, what) in enumerate(transaction.touched.items(), self._version + 1):
            run = transaction.run(uid)
            assert run is not None, "a touched run has a row"
            path = f"{run.entity}/{run.project}"
            for project in dict.fromkeys((path, transaction.left.get(uid, path))):
                changes.append(Change(version, uid, project, frozenset(what), run.generation))
            stamps.append(
                {
                    "uid": uid,
                    "new_version": version,
                    "heartbeat": run.heartbeat_us,
                    "step": run.last_step,
                }
            )
        if stamps:
            transaction.connection.execute(_stamp_run, stamps)
        return changes

    def _resolve(self, group: list[_Job], results: list[Any], committed: Committed) -> None:
        for job, result in zip(group, results, strict=True):
            self._queued_bytes -= job.size_bytes
            if not job.future.done():
                job.future.set_result(result)
        self._publish(committed)

    def _fail(self, job: _Job, error: Exception) -> None:
        self._queued_bytes -= job.size_bytes
        if not job.future.done():
            job.future.set_exception(error)
