"""The database: opened and migrated at start, read in threads, written by one writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from sqlalchemy import URL, Connection, Engine, Table, insert, make_url

from lossboard_server.database import dialect
from lossboard_server.database.migration import migrate
from lossboard_server.settings import Settings

__all__ = ["Database", "insert_row", "url_of"]

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
        migrate(self.write_engine)
        self._read_engine = dialect.open_reader(url, settings.read_threads)
        self._limiter = CapacityLimiter(settings.read_threads)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in one read transaction: all its reads see the same moment."""
        self._check()
        with (
            self._read_engine.connect() as connection,
            connection.begin(),
            dialect.time_limit(connection, self._read_limit_secs),
        ):
            dialect.begin_read(connection)
            yield connection

    async def ask(self, query: Callable[[Connection], Answer]) -> Answer:
        """The answer of `query`, run in a thread in one read transaction."""
        return await anyio.to_thread.run_sync(self._ask, query, limiter=self._limiter)

    def _ask(self, query: Callable[[Connection], Answer]) -> Answer:
        with self.read() as connection:
            return query(connection)

    def close(self) -> None:
        self._read_engine.dispose()
        self.write_engine.dispose()
