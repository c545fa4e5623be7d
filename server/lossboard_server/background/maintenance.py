"""The server's background work: one task that goes round as long as the server runs."""

from __future__ import annotations

import logging
import time
from functools import partial

import anyio.to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from lossboard_server.background.artifact_completion import settle_all
from lossboard_server.background.purge import purge_step, purgeable_runs
from lossboard_server.database import dialect
from lossboard_server.errors import Misplaced
from lossboard_server.queries.artifacts.blobs import unreferenced
from lossboard_server.queries.runs.lives import living_writers
from lossboard_server.services import Services
from lossboard_server.writing import lives
from lossboard_server.writing.blob_digests import forget_md5

__all__ = ["Maintenance"]

_log = logging.getLogger("lossboard.server")

_PAGES_PER_STEP = 2000
_FEW_PAGES = 200
_SWEEP_BATCH = 500
_FIRST_SWEEP_SECS = 60.0


class Maintenance:
    """Marks who vanished, seals tails, deletes what was deleted, tidies up when nothing is
    written."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._checkpointed_version = services.writer.version
        self._changed_version = services.writer.version
        self._changed_secs = time.monotonic()
        # The first look is soon: a machine that is switched off each evening has no later one.
        self._next_sweep_secs = time.monotonic() + min(
            _FIRST_SWEEP_SECS, services.settings.blob_sweep_secs
        )
        self._is_away = False  # the database, as the log has been told
        self._jobs = (
            self._seal,
            self._mark_crashed,
            self._settle,
            self._purge,
            self._sweep,
            self._tidy,
        )

    async def run(self) -> None:
        """Go round until cancelled; a job that fails is logged and tried again later."""
        while True:
            await self._services.sealer.wait(self._services.settings.maintenance_secs)
            self._tell(await self._go_round())

    async def _go_round(self) -> Exception | None:
        """Do every job once; why the database can't be used, if it can't."""
        trouble = None
        for job in self._jobs:
            try:
                await job()
            except Misplaced:
                break  # the directory has said so, once
            except (OperationalError, InterfaceError) as error:
                trouble = trouble or error
            except Exception:  # noqa: BLE001  the loop of the worker: logged, then goes on
                _log.exception("background job %s failed", job.__name__.strip("_"))
        return trouble

    def _tell(self, trouble: Exception | None) -> None:
        """Log once that the database is away, however many rounds it is, and once that it is
        back."""
        if trouble is not None and not self._is_away:
            reason = " ".join(str(getattr(trouble, "orig", trouble)).split())
            _log.error("the database can't be used, background work waits for it: %s", reason)
        if trouble is None and self._is_away:
            _log.warning("the database can be used again: background work goes on")
        self._is_away = trouble is not None

    async def _seal(self) -> None:
        if self._services.reserve.is_given_up:  # blocks come before their records go
            return
        await self._services.sealer.seal_due()

    async def _mark_crashed(self) -> None:
        living = await self._services.database.ask(living_writers)
        silent = self._services.liveness.silent(living)
        if silent:
            await self._services.writer.write(partial(lives.mark_vanished, writers=silent))

    async def _settle(self) -> None:
        await settle_all(self._services)

    async def _purge(self) -> None:
        before_us = time.time_ns() // 1000 - int(self._services.settings.undo_secs * 1e6)
        for uid in await self._services.database.ask(
            partial(purgeable_runs, deleted_before_us=before_us)
        ):
            self._next_sweep_secs = 0.0  # its files may have nobody else
            while await self._services.writer.write(partial(purge_step, uid=uid)):
                await self._reclaim()
            await self._reclaim()

    async def _reclaim(self) -> None:
        """Give free pages back; on a full disk few at a time, with the log emptied between."""
        if not self._services.reserve.is_given_up:
            await self._services.writer.maintain(_reclaim)
            return
        await self._services.writer.maintain(partial(dialect.reclaim_pages, pages=_FEW_PAGES))
        await self._services.writer.maintain(dialect.checkpoint)

    async def _sweep(self) -> None:
        """Remove the blobs that no run and no artifact names any more."""
        if time.monotonic() < self._next_sweep_secs:
            return
        self._next_sweep_secs = time.monotonic() + self._services.settings.blob_sweep_secs
        blobs, unused_secs = self._services.blobs, self._services.settings.blob_unused_secs
        names = await anyio.to_thread.run_sync(partial(blobs.unused, unused_secs=unused_secs))
        for first in range(0, len(names), _SWEEP_BATCH):
            batch = names[first : first + _SWEEP_BATCH]
            unnamed = await self._services.database.ask(partial(unreferenced, names=batch))
            for sha256 in unnamed:
                await anyio.to_thread.run_sync(
                    partial(blobs.remove_unused, sha256, unused_secs=unused_secs)
                )
            gone = [sha256 for sha256 in unnamed if not blobs.path(sha256).exists()]
            if gone:
                await self._services.writer.write(partial(forget_md5, names=gone))

    async def _tidy(self) -> None:
        """Empty the write-ahead log once nothing has been written for some seconds."""
        version, now_secs = self._services.writer.version, time.monotonic()
        if version != self._changed_version:
            self._changed_version, self._changed_secs = version, now_secs
        idle = now_secs - self._changed_secs > self._services.settings.checkpoint_idle_secs
        if idle and version != self._checkpointed_version:
            self._checkpointed_version = version
            await self._services.writer.maintain(dialect.checkpoint)
            await anyio.to_thread.run_sync(self._services.note_progress, version)
        if idle or self._services.reserve.is_given_up:
            await anyio.to_thread.run_sync(self._services.reserve.renew)


def _reclaim(engine: Engine) -> None:
    dialect.reclaim_pages(engine, _PAGES_PER_STEP)
