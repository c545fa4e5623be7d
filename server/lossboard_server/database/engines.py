"""The database: opened and migrated at start, read in threads, written by one writer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter, fail_after
from sqlalchemy import URL, Connection, Engine, Table, insert, make_url

from lossboard_server.damage import Place, describe, noting
from lossboard_server.database import dialect
from lossboard_server.database.migration import migrate
from lossboard_server.database.starting import check_progress
from lossboard_server.errors import Busy
from lossboard_server.settings import Settings

_log = logging.getLogger("lossboard.server")

__all__ = ["Database", "insert_row", "url_of"]

# Reads that take long, and requests of the official door, are so much fewer than short ones.
_LONG: Final = 4
_CALLS: Final = 2

Answer = TypeVar("Answer")


def url_of(settings: Settings) -> URL:
    """The address of the database; raises ArgumentError for a text that is no URL."""
    if settings.database_url:
        return make_url(settings.database_url)
    return dialect.sqlite_url(settings.data_dir / "lossboard.db")


def insert_row(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert one row; the number that its `id` got."""
    made = connection.execute(insert(table).values(values).returning(table.c.id))
    return int(made.scalar_one())


class Database:
    """Engines of one writing and several reading connections.

    Opening it migrates; raises MigrationError for a database of a newer lossboard. `check` raises
    what a read answers with when the files are no longer those that were opened.
    """

    def __init__(self, settings: Settings, check: Callable[[], None] = lambda: None) -> None:
        url = url_of(settings)
        self._check = check
        self._read_limit_secs = settings.read_limit_secs
        self.write_engine: Engine = dialect.open_writer(url, settings.synchronous)
        file = dialect.file_of(url)
        if file is not None:
            check_progress(self.write_engine, settings.data_dir, file)
        migrate(self.write_engine)
        lanes = [max(1, settings.read_threads // share) for share in (1, _LONG, _CALLS)]
        self._short, self._long, self._calls = map(CapacityLimiter, lanes)
        self._read_engine = dialect.open_reader(url, sum(lanes))
        self._stopping = threading.Event()
        self.damage: set[Place] = set()  # what reads have found so far
        self._threads = CapacityLimiter(sum(lanes))

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in one read transaction: all its reads see the same moment."""
        self._check()
        with (
            self._read_engine.connect() as connection,
            connection.begin(),
            dialect.time_limit(connection, self._read_limit_secs, self._stopping.is_set),
            self._told(),
        ):
            dialect.begin_read(connection)
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Remember what a read finds damaged; each is logged once."""
        with noting() as found:
            yield
        for place in found.keys() - self.damage:
            _log.error("left out of answers: %s: %s", describe(place), found[place].reason)
        self.damage |= found.keys()

    async def ask(self, query: Callable[[Connection], Answer], *, is_long: bool = False) -> Answer:
        """The answer of `query`, run in a thread in one read transaction.

        What may take long waits for others of its kind, and nothing else waits for it. Raises Busy
        where those that are before it take longer than a read may.
        """
        return await self._in_turn(self._long if is_long else self._short, lambda: self._ask(query))

    async def in_call(self, work: Callable[[], Answer]) -> Answer:
        """The result of what reads in steps of its own (`read`), run in a thread."""
        return await self._in_turn(self._calls, work)

    async def _in_turn(self, limiter: CapacityLimiter, work: Callable[[], Answer]) -> Answer:
        turn = object()
        try:
            with fail_after(self._read_limit_secs):
                await limiter.acquire_on_behalf_of(turn)
        except TimeoutError as error:
            raise Busy(
                f"reads that came before take more than {self._read_limit_secs:g} s: ask again",
                retry_after_secs=5,
            ) from error
        try:
            return await anyio.to_thread.run_sync(
                work, limiter=self._threads, abandon_on_cancel=True
            )
        finally:
            limiter.release_on_behalf_of(turn)

    def _ask(self, query: Callable[[Connection], Answer]) -> Answer:
        with self.read() as connection:
            return query(connection)

    def hurry(self, *, ended: bool = False) -> None:
        """Give up all reads: the server is about to stop. Once requests have `ended`, what is left
        to do reads again."""
        if ended:
            self._stopping.clear()
        else:
            self._stopping.set()

    def close(self) -> None:
        self._read_engine.dispose()
        self.write_engine.dispose()
