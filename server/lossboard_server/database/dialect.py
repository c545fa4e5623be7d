"""Everything that differs between SQLite and PostgreSQL.

SQLite: WAL, pages returned in steps (auto_vacuum=INCREMENTAL, set before the first table),
one writer that begins IMMEDIATE, readers that are query_only. Elsewhere the database's own
transactions do the same work.

One server writes a database. The lock of the data directory sees to that for SQLite; PostgreSQL is
reached from anywhere, so there the writing connection itself holds an advisory lock. A connection
that breaks loses it with all it was about to write, and the next one writes only with the lock.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    any_,
    bindparam,
    collate,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool, StaticPool

from lossboard_server.errors import Busy, TimedOut

__all__ = [
    "DatabaseInUse",
    "DriverError",
    "among",
    "begin_read",
    "begin_write",
    "by_code_point",
    "checkpoint",
    "file_of",
    "open_reader",
    "open_writer",
    "reclaim_pages",
    "sqlite_url",
    "time_limit",
    "unindexed",
    "upsert",
]

_WAL_LIMIT_BYTES = 64 << 20
_CACHE_KIB = 64 << 10
_CHECKPOINT_PAGES = 4000  # 16 MB of log: a checkpoint holds up the commit that starts it
_MOST_VARIABLES = 10_000  # SQLite takes 32,766, PostgreSQL's drivers 65,535
_BUSY_MILLIS = 10_000
_OPCODES_PER_LOOK = 20_000  # of SQLite's virtual machine: some 0.2 ms between looks at the clock


_LOCK_CLASS = int.from_bytes(b"loss")  # of advisory locks; the other half names the schema
_TAKE_LOCK = f"SELECT pg_try_advisory_lock({_LOCK_CLASS}, hashtext(current_schema()))"
_FIND_HOLDER = f"""
SELECT application_name, coalesce(host(client_addr), 'its own machine'), backend_start
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = {_LOCK_CLASS} AND granted
AND objid = hashtext(current_schema())::bigint & 4294967295
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class DriverError(RuntimeError):
    """The database's driver isn't installed."""


class DatabaseInUse(Busy):
    """Another server writes the database, with which one."""


def sqlite_url(path: Path) -> URL:
    """The URL of a database file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path))


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database; None for a database of a server."""
    return Path(url.database or "").resolve() if _is_sqlite(url) else None


def open_writer(url: URL, synchronous: Literal["FULL", "NORMAL"]) -> Engine:
    """The engine of the one writing connection."""
    if not _is_sqlite(url):
        return _server_engine(url)
    engine = _sqlite_engine(url, StaticPool)
    _on_connect(
        engine,
        # auto_vacuum comes first: it only holds if set before the first page is written.
        "PRAGMA auto_vacuum = INCREMENTAL",
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {synchronous}",
        f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}",
        "PRAGMA foreign_keys = ON",
        f"PRAGMA cache_size = -{_CACHE_KIB}",
        f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    )
    return engine


def _server_engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, pool_size=1, max_overflow=0)
    except ModuleNotFoundError as error:
        raise DriverError(
            f"the database needs the Python package {error.name!r}, which isn't installed: for"
            " PostgreSQL install 'psycopg[binary]' and begin the URL with postgresql+psycopg://"
        ) from error
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _take_lock)
    return engine


def _take_lock(connection: Any, record: object) -> None:
    """Make a new writing connection the only one, as long as it lives; raises DatabaseInUse."""
    cursor = connection.cursor()
    try:
        name = f"lossboard on {socket.gethostname()}, process {os.getpid()}"[:63]
        cursor.execute("SELECT set_config('application_name', %s, false)", (name,))
        cursor.execute(_TAKE_LOCK)
        if not cursor.fetchone()[0]:
            cursor.execute(_FIND_HOLDER)
            raise _in_use(cursor.fetchone())
    finally:
        cursor.close()
        connection.commit()  # the lock is the connection's, not the transaction's


def _in_use(holder: Any) -> DatabaseInUse:
    by = "" if holder is None else f" ({holder[0]}, from {holder[1]}, since {holder[2]:%F %T})"
    return DatabaseInUse(
        f"another lossboard server uses this database{by}: two servers would lose what runs send."
        " Stop it, or choose another database with --database-url",
        retry_after_secs=5,
    )


def open_reader(url: URL, connections: int) -> Engine:
    """The engine of the reading connections, which can't write."""
    if not _is_sqlite(url):
        return create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,  # or each of them fails once when the database was away
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
        )
    engine = _sqlite_engine(url, QueuePool, pool_size=connections, max_overflow=0)
    _on_connect(engine, "PRAGMA query_only = ON", f"PRAGMA cache_size = -{_CACHE_KIB // 4}")
    return engine


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite_engine(url: URL, pool: type[QueuePool] | type[StaticPool], **options: Any) -> Engine:
    arguments = {"check_same_thread": False, "isolation_level": None}
    return create_engine(url, connect_args=arguments, poolclass=pool, **options)


def _on_connect(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:
        for pragma in (f"PRAGMA busy_timeout = {_BUSY_MILLIS}", *pragmas):
            connection.execute(pragma).fetchall()


def begin_write(connection: Connection) -> None:
    """Take the write lock at once, in a transaction that was just begun.

    SQLite's driver is in autocommit mode here and leaves BEGIN to us. An engine event would do,
    but any event makes every statement on the engine dearer.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def begin_read(connection: Connection) -> None:
    """Make the reads of a transaction that was just begun see one moment."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")


@contextmanager
def time_limit(
    connection: Connection, limit_secs: float, is_over: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Give up what runs on `connection` after `limit_secs`, or, with SQLite, as soon as `is_over`
    says so; raises TimedOut."""
    if connection.dialect.name != "sqlite":
        millis = max(1, int(limit_secs * 1000))
        connection.execute(text(f"SET LOCAL statement_timeout = {millis}"))
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + limit_secs
    driver.set_progress_handler(lambda: time.monotonic() > deadline or is_over(), _OPCODES_PER_LOOK)
    try:
        yield
    except OperationalError as error:
        if "interrupted" not in str(error):
            raise
        raise TimedOut(
            f"the read took longer than {limit_secs:g} s: ask for fewer runs, keys or steps,"
            " or raise LOSSBOARD_SERVER_READ_LIMIT_SECS"
        ) from error
    finally:
        driver.set_progress_handler(None, 0)


def among(
    connection: Connection, column: ColumnElement[Any], values: Collection[Any]
) -> ColumnElement[bool]:
    """`column IN values`, for any number of ids or names: a statement takes some 32,000 variables
    at the most, so that many values go into one."""
    if len(values) <= _MOST_VARIABLES:
        return column.in_(values)
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, list(values), postgresql.ARRAY(column.type)))


def by_code_point(connection: Connection, text_: ColumnElement[str]) -> ColumnElement[str]:
    """`text_` compared and ordered as Python does it, whatever language the database speaks."""
    return text_ if connection.dialect.name == "sqlite" else collate(text_, "C")


def unindexed(column: ColumnElement[int]) -> ColumnElement[int]:
    """`column` in a condition that isn't what rows are to be found by: SQLite has no statistics
    and takes any index over a column that equals something, be it of all rows."""
    return column + 0


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], keys: Sequence[str]
) -> None:
    """Insert `rows`; a row that is there by `keys` gets the new values of the other columns."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    unique = [table.c[key] for key in keys]
    if others:
        statement = statement.on_conflict_do_update(index_elements=unique, set_=others)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=unique)
    connection.execute(statement, list(rows))


def reclaim_pages(engine: Engine, pages: int) -> None:
    """Give up to `pages` free pages back to the file system."""
    if engine.dialect.name == "sqlite":
        # executescript, since one execute() of this pragma frees one page only.
        _driver(engine).executescript(f"PRAGMA incremental_vacuum({pages})")


def checkpoint(engine: Engine) -> None:
    """Move the write-ahead log into the database and truncate it, if no reader is in the way.

    Raises OperationalError where the database can't be written.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _driver(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.connection.dbapi_connection
