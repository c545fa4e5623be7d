"""Looks at the files of a store before it is used: what isn't whole is refused, with what to do.

A store that begins anew beside its files, or goes on from an older copy of itself, loses what it
had without a word; so the directory remembers how far its database had come.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from lossboard_server.database.directory import DirectoryError

__all__ = ["check_files", "check_progress", "note_progress"]

_MARK: Final = "store.json"
_LOOK_SECS: Final = 2.0  # for what may be damaged
_OPCODES_PER_LOOK: Final = 20_000
_TO_DO: Final = (
    "put the right file back or use `lossboard restore` with a backup; to begin anew, choose an"
    " empty directory with --data-dir"
)


def check_files(data_dir: Path, database: Path) -> None:
    """Raises DirectoryError where the database is missing or empty beside what belongs to one."""
    if database.exists() and database.stat().st_size:
        return
    kind = "is empty" if database.exists() else "is missing"
    log = database.with_name(database.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise DirectoryError(
            f"{database} {kind}, and its write-ahead log {log.name} isn't: {_TO_DO}"
        )
    if _has_files(data_dir / "blobs") or (data_dir / _MARK).exists():
        raise DirectoryError(
            f"{database} {kind}, and files of its runs are in {data_dir}: {_TO_DO}"
        )


def _has_files(blobs: Path) -> bool:
    return any(True for _ in blobs.glob("??/*"))


def check_progress(engine: Engine, data_dir: Path, database: Path) -> None:
    """Raises DirectoryError where the database is behind what the directory remembers, or doesn't
    fit its write-ahead log."""
    log = database.with_name(database.name + "-wal")
    is_interrupted = log.exists() and log.stat().st_size > 0
    with engine.connect() as connection:
        if is_interrupted:
            _check_log(connection, database)
        version = _version_in(connection)
    noted = _noted(data_dir, database)
    if version < noted:
        raise DirectoryError(
            f"{database} ends at change {version}, this directory has had change {noted}: it is an"
            f" older copy, or one without its write-ahead log. {_TO_DO}. To go on from the older"
            f" state all the same, remove {data_dir / _MARK}"
        )


def _version_in(connection: Any) -> int:
    try:
        return int(connection.execute(text("SELECT max(version) FROM run")).scalar() or 0)
    except DatabaseError as error:
        if "no such table" in str(error):  # a new database
            return 0
        raise


def _check_log(connection: Any, database: Path) -> None:
    """A log that is applied to another database than its own leaves pages that don't fit."""
    driver = connection.connection.dbapi_connection
    deadline = time.monotonic() + _LOOK_SECS
    driver.set_progress_handler(lambda: time.monotonic() > deadline, _OPCODES_PER_LOOK)
    try:
        found = driver.execute("PRAGMA quick_check(1)").fetchone()[0]
    except driver.OperationalError as error:
        if "interrupted" not in str(error):
            raise
        return  # it is large, and what was looked at is sound
    except driver.DatabaseError as error:
        found = str(error)
    finally:
        driver.set_progress_handler(None, 0)
    if found != "ok":
        raise DirectoryError(
            f"{database} is damaged or older than its write-ahead log ({found}): {_TO_DO}."
            " `lossboard check` says what is damaged"
        )


def _noted(data_dir: Path, database: Path) -> int:
    """The version that was noted for this database; 0 where nothing that can be read was."""
    try:
        mark = json.loads((data_dir / _MARK).read_text(encoding="utf-8"))
        return int(mark["version"]) if mark["database"] == _name_of(data_dir, database) else 0
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0


def _name_of(data_dir: Path, database: Path) -> str:
    """The same wherever the directory lies."""
    is_inside = database.parent == data_dir.resolve()
    return database.name if is_inside else str(database)


def note_progress(data_dir: Path, database: Path, version: int) -> None:
    """Remember how far the database has come, after it is on disk."""
    if version <= _noted(data_dir, database):
        return
    scratch = data_dir / (_MARK + ".new")
    mark = {"database": _name_of(data_dir, database), "version": version}
    scratch.write_text(json.dumps(mark) + "\n", encoding="utf-8")
    os.replace(scratch, data_dir / _MARK)
