"""When tails are sealed: past a size, at the end of a run, in silence, at shutdown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from lossboard_server.database import Database
from lossboard_server.encoding import encode_json_text
from lossboard_server.queries.runs import run_version
from lossboard_server.queries.summaries import summaries
from lossboard_server.queries.tails import tail_sizes
from lossboard_server.settings import Settings
from lossboard_server.storage import TailMemo
from lossboard_server.storage.sealing import SEAL_RECORDS, SealPlan, apply_seal, plan_seal
from lossboard_server.writer import Heard, Transaction, Writer

__all__ = ["Sealer"]


@dataclass(slots=True)
class _Waiting:
    """What waits in the tail of one run."""

    records: int = 0
    rows: int = 0
    size_bytes: int = 0
    ended: bool = False
    last_secs: float = 0.0


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
        self._due = asyncio.Event()

    async def start(self) -> None:
        """Count what an earlier server left."""
        for uid, heard in (await self._database.ask(tail_sizes)).items():
            self._add(uid, heard)

    def note(self, heard: Mapping[int, Heard]) -> None:
        """Records were added to tails, or runs ended."""
        for uid, added in heard.items():
            if added.records or added.ended:
                self._add(uid, added)

    def _add(self, uid: int, added: Heard) -> None:
        waiting = self._waiting.setdefault(uid, _Waiting())
        waiting.records += added.records
        waiting.rows += added.rows
        waiting.size_bytes += added.size_bytes
        waiting.ended |= added.ended
        waiting.last_secs = time.monotonic()
        if self._is_full(waiting):
            self._due.set()

    def _is_full(self, waiting: _Waiting) -> bool:
        return (
            waiting.ended
            or waiting.rows >= self._settings.seal_rows
            or waiting.size_bytes >= self._settings.seal_bytes
            or waiting.records >= SEAL_RECORDS
        )

    async def wait(self, timeout_secs: float) -> None:
        """Until a tail is full, but at most so long."""
        try:
            await asyncio.wait_for(self._due.wait(), timeout_secs)
        except TimeoutError:
            return

    async def seal_due(self) -> None:
        """Seal the tails that are full, ended or silent."""
        self._due.clear()
        silent_secs = time.monotonic() - self._settings.seal_idle_secs
        for uid, waiting in list(self._waiting.items()):
            if self._is_full(waiting) or waiting.last_secs < silent_secs:
                await self.seal(uid)

    async def seal_quickly(self, limit_secs: float) -> None:
        """Seal tails until the time is over; those that remain are sealed after the next start."""
        deadline = time.monotonic() + limit_secs
        for uid in list(self._waiting):
            if time.monotonic() > deadline:
                return
            await self.seal(uid)

    async def seal(self, uid: int) -> None:
        """Seal the whole tail of a run."""
        self._waiting.pop(uid, None)
        more = True
        while more:
            seal = await self._database.ask(partial(_plan, tails=self._tails, uid=uid))
            if seal is None:
                return
            sealed = await self._writer.write(partial(_apply, seal=seal))
            more = seal.plan.more or not sealed


@dataclass(frozen=True, slots=True)
class _Seal:
    """A plan, and the run's summary and version at its moment."""

    plan: SealPlan
    summary_json: str
    version: int


def _plan(connection: Connection, tails: TailMemo, uid: int) -> _Seal | None:
    plan = plan_seal(connection, uid)
    if plan is None:
        return None
    summary = summaries(connection, tails, [uid])[uid]
    return _Seal(plan, encode_json_text(summary), run_version(connection, uid))


def _apply(transaction: Transaction, seal: _Seal) -> bool:
    """Whether the plan is done with: written, or its run was deleted since."""
    uid = seal.plan.run_id
    run = transaction.run(uid)
    if run is None or run.deleted:
        return True
    if not apply_seal(transaction.connection, seal.plan):
        return False
    unchanged = run_version(transaction.connection, uid) == seal.version
    summary_json = seal.summary_json if unchanged else "{}"
    transaction.update_run(uid, "rows", "histograms", summary_json=summary_json)
    return True
