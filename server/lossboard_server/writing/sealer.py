"""When tails are sealed: past a size, at the end of a run, in silence, at shutdown.

A tail is sealed in plans, and a plan in short steps between which it can be given up. What waits
is counted; past a limit records are refused until some of it is sealed.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import anyio.to_thread
from sqlalchemy import Connection, update

from lossboard.wire import Notice
from lossboard_server.changes import Heard
from lossboard_server.damage import Place, describe
from lossboard_server.database import schema
from lossboard_server.database.engines import Database
from lossboard_server.encoding import encode_json_text
from lossboard_server.errors import Busy
from lossboard_server.queries.points.tails import tail_sizes
from lossboard_server.queries.runs.runs import run_version
from lossboard_server.queries.runs.summaries import summaries
from lossboard_server.settings import Settings
from lossboard_server.storage import TailMemo
from lossboard_server.storage.sealing import (
    SEAL_RECORDS,
    SealPlan,
    apply_seal,
    plan_bytes,
    plan_seal,
)
from lossboard_server.writing import catalogue
from lossboard_server.writing.writer import Transaction, Writer

__all__ = ["Sealer"]


_LARGE_BYTES = 16 << 20  # of a record, or of records that are sealed together
_TURN_SECS = 5.0  # of sealing before other work of the background has its turn


@dataclass(slots=True)
class _Waiting:
    """The records that wait in the tail of one run."""

    records: int = 0
    rows: int = 0
    size_bytes: int = 0
    ended: bool = False
    last_secs: float = 0.0
    series: int = 0  # in its last seal

    def take_off(self, plan: SealPlan) -> None:
        self.records -= plan.records
        self.rows -= plan.rows
        self.size_bytes -= plan.tail_bytes
        self.series = len(plan.series)


class Sealer:
    """Knows what waits in each tail; used from the event loop, by one task at a time."""

    def __init__(
        self, settings: Settings, database: Database, writer: Writer, tails: TailMemo
    ) -> None:
        self._settings = settings
        self._database = database
        self._writer = writer
        self._tails = tails
        self._waiting: dict[int, _Waiting] = {}
        self._size_bytes = 0  # of all tails
        self._due = asyncio.Event()
        self._until_secs = math.inf  # when a seal that isn't finished is given up
        self._large = asyncio.Lock()

    async def start(self) -> None:
        """Count what an earlier server left."""
        for uid, heard in (await self._database.ask(tail_sizes)).items():
            self._add(uid, heard)

    def note(self, heard: Mapping[int, Heard]) -> None:
        """Records were added to tails, or runs ended."""
        for uid, added in heard.items():
            if added.restored:
                self._forget(uid)
            if added.records or added.ended:
                self._add(uid, added)

    def admit(self) -> None:
        """Raises Busy while more than the limit waits to be sealed."""
        limit = self._settings.tail_limit_bytes
        if self._size_bytes >= limit:
            raise Busy(
                f"{self._size_bytes >> 20} MB of records wait to be sealed, the limit is"
                f" {limit >> 20} MB: send this one again in a second",
                retry_after_secs=1,
            )

    @asynccontextmanager
    async def alone(self, size_bytes: int) -> AsyncIterator[None]:
        """While something of so many bytes is handled, nothing else that is large is: decoded,
        written or sealed it takes several times as much memory."""
        if size_bytes < _LARGE_BYTES:
            yield
        else:
            async with self._large:
                yield

    def hurry(self) -> None:
        """Give up the seal that is being planned, and begin none: the server is about to stop."""
        self._until_secs = 0.0

    def _add(self, uid: int, added: Heard) -> None:
        waiting = self._waiting.setdefault(uid, _Waiting())
        waiting.records += added.records
        waiting.rows += added.rows
        waiting.size_bytes += added.size_bytes
        self._size_bytes += added.size_bytes
        waiting.ended |= added.ended
        waiting.last_secs = time.monotonic()
        if self._is_full(waiting):
            self._due.set()

    def _is_full(self, waiting: _Waiting) -> bool:
        return (
            waiting.ended
            or waiting.rows >= self._settings.seal_rows
            or waiting.size_bytes >= self._due_bytes(waiting)
            or waiting.records >= SEAL_RECORDS
        )

    def _due_bytes(self, waiting: _Waiting) -> int:
        """Many series wait until there is more of each, unless all tails together grow large."""
        least = self._settings.seal_bytes
        if self._size_bytes >= self._settings.tail_limit_bytes // 2:
            return min(least, self._size_bytes // (2 * len(self._waiting)))
        return max(least, plan_bytes(waiting.series)) if waiting.series else least

    async def wait(self, timeout_secs: float) -> None:
        """Until a tail is full, but at most so long."""
        try:
            await asyncio.wait_for(self._due.wait(), timeout_secs)
        except TimeoutError:
            return

    async def seal_due(self) -> None:
        """Seal the tails that are full, ended or silent, in turn one plan of each."""
        self._due.clear()
        due, until_secs = list(self._waiting), time.monotonic() + _TURN_SECS
        while due and time.monotonic() < until_secs:
            due = [uid for uid in due if self._is_due(uid) and await self._seal_some(uid)]
        if due:
            self._due.set()

    def _is_due(self, uid: int) -> bool:
        waiting = self._waiting.get(uid)
        silent_secs = time.monotonic() - self._settings.seal_idle_secs
        return waiting is not None and (self._is_full(waiting) or waiting.last_secs < silent_secs)

    async def seal_quickly(self, limit_secs: float) -> None:
        """Seal tails until the time is over; those that remain are sealed after the next start."""
        self._until_secs = time.monotonic() + limit_secs
        for uid in list(self._waiting):
            await self.seal(uid)

    async def seal(self, uid: int) -> None:
        """Seal the whole tail of a run."""
        while await self._seal_some(uid):
            pass

    async def _seal_some(self, uid: int) -> bool:
        """Seal as much of a tail as one plan takes; whether there may be more of it."""
        waiting = self._waiting.get(uid)
        async with self.alone(waiting.size_bytes if waiting else 0):
            return await self._seal_plan(uid)

    async def _seal_plan(self, uid: int) -> bool:
        plan = await self._database.ask(partial(plan_seal, uid=uid, stop=self._is_late))
        if plan is None:
            if not self._is_late():
                self._forget(uid)
            return False
        if plan.damaged:
            await anyio.to_thread.run_sync(self._set_apart, plan.damaged)
        sealed = await self._writer.write(partial(_apply, plan=plan))
        if sealed:
            self._take_off(uid, plan)
        if sealed and not plan.more:
            await self._keep_summary(uid)
        return True

    def _set_apart(self, damaged: Mapping[Place, bytes]) -> None:
        """Keep what can't be read as files, before it is replaced."""
        folder = self._settings.data_dir / "damaged"
        folder.mkdir(exist_ok=True)
        for place, kept in damaged.items():
            name = describe(place).replace(" ", "-")
            (folder / f"{name}.bin").write_bytes(kept)

    def _is_late(self) -> bool:
        return time.monotonic() > self._until_secs

    def _forget(self, uid: int) -> None:
        """The tail is empty, or its run was deleted."""
        waiting = self._waiting.pop(uid, None)
        self._size_bytes -= waiting.size_bytes if waiting else 0

    def _take_off(self, uid: int, plan: SealPlan) -> None:
        waiting = self._waiting.get(uid)
        if waiting is not None:
            waiting.take_off(plan)
            self._size_bytes -= plan.tail_bytes

    async def _keep_summary(self, uid: int) -> None:
        """Write the summary into the run's row, so that lists needn't compose it: once for a seal,
        as the catalogue has it now."""
        found = await self._database.ask(partial(_summary, tails=self._tails, uid=uid))
        await self._writer.write(partial(_write_summary, uid=uid, found=found))


def _apply(transaction: Transaction, plan: SealPlan) -> bool:
    """Whether the plan was written: not if its run was deleted or sealed since."""
    run = transaction.run(plan.run_uid)
    if run is None or run.deleted or not apply_seal(transaction.connection, plan):
        return False
    transaction.update_run(plan.run_uid, "rows", "histograms", summary_json="{}")
    for kind, count in Counter(_kind_of(place) for place in plan.damaged).items():
        text = f"{kind} that were damaged on the server's disk, which keeps them in damaged/"
        notice = Notice(f"damaged_{kind}", text, transaction.now_us, float(count))
        catalogue.add_notices(transaction, plan.run_uid, [notice])
    return True


def _kind_of(place: Place) -> str:
    return "blocks" if place.series_id else "records"


def _summary(connection: Connection, tails: TailMemo, uid: int) -> tuple[int, str]:
    """The run's version and its summary at that version."""
    summary = summaries(connection, tails, [uid])[uid]
    return run_version(connection, uid), encode_json_text(summary)


def _write_summary(transaction: Transaction, uid: int, found: tuple[int, str]) -> None:
    """Readers of this version compose the same: the version stays."""
    version, summary_json = found
    run = schema.run
    transaction.connection.execute(
        update(run)
        .where(run.c.id == uid, run.c.version == version)
        .values(summary_json=summary_json)
    )
