"""Backups: a directory with the database of one moment and all files that it names.

A copy of the files of a running store is none: what is in the write-ahead log is missing from the
database, and pages change while they are copied. SQLite's own backup copies what one transaction
sees; files of runs never change once they are there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = [
    "DATABASE",
    "NAMED",
    "BackupError",
    "Copied",
    "Progress",
    "back_up",
    "files_in",
    "restore",
    "sha256_of",
]

DATABASE: Final = "lossboard.db"
_MARK: Final = "backup.json"
_KEPT: Final = ("signing.key", "store.json")  # of the directory, besides database and blobs
_PAGES: Final = 2048  # copied between two looks at the clock
_CHUNK_BYTES: Final = 1 << 20
NAMED: Final = """
    SELECT sha256 FROM file UNION SELECT sha256 FROM artifact_entry
    UNION SELECT manifest_sha256 FROM artifact
"""

Progress = Callable[[str, int, int], None]  # what, how much is done, of how much


class BackupError(RuntimeError):
    """A backup can't be made or used, with what to do."""


@dataclass
class Copied:
    """The content of a backup: `new` files came with this one; `missing` are named by the database
    and weren't there, or not with their own bytes."""

    database_bytes: int = 0
    files: int = 0
    new: int = 0
    missing: list[str] = field(default_factory=list)


def back_up(data_dir: Path, target: Path, progress: Progress) -> Copied:
    """Copy the store, which a server may use meanwhile; files that the target has are not copied
    again. Raises BackupError."""
    source = data_dir / DATABASE
    if not source.exists():
        raise BackupError(
            f"there is no {DATABASE} in {data_dir}: choose the data directory with --data-dir"
            " (of a database elsewhere, make a backup with its own programs)"
        )
    inside = target.resolve()
    if inside == data_dir.resolve() or data_dir.resolve() in inside.parents:
        raise BackupError(f"{target} is in the data directory itself: choose another place")
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()) and not (target / _MARK).exists():
        raise BackupError(f"{target} holds something else than a backup: choose an empty directory")
    if not (target / _MARK).exists():
        (target / _MARK).write_text(json.dumps({"complete": False}) + "\n", encoding="utf-8")
    copied = _copy_all(data_dir, target, progress)
    mark = {"complete": True, "created_us": time.time_ns() // 1000, "files": copied.files}
    (target / _MARK).write_text(json.dumps(mark) + "\n", encoding="utf-8")
    return copied


def _copy_all(source: Path, target: Path, progress: Progress) -> Copied:
    """The database takes its place at the end: until then the target is what it was, with more
    files. What the directory remembers is read before it and written after it, so that it is never
    ahead of the database."""
    kept = {name: (source / name).read_bytes() for name in _KEPT if (source / name).exists()}
    scratch = _copy_database(source / DATABASE, target / DATABASE, progress)
    copied = Copied(database_bytes=scratch.stat().st_size)
    _copy_blobs(source, target, _blobs_named(scratch), copied, progress)
    os.replace(scratch, target / DATABASE)
    for name, content in kept.items():
        (target / name).write_bytes(content)
        shutil.copymode(source / name, target / name)
    return copied


def _copy_database(source: Path, target: Path, progress: Progress) -> Path:
    """The database of one moment, whole, beside the place that it is for."""
    scratch = target.with_name(target.name + ".new")
    scratch.unlink(missing_ok=True)
    with closing(_opened(source)) as one, closing(sqlite3.connect(scratch)) as other:
        one.execute("BEGIN")  # its snapshot stays, however much is written meanwhile
        one.execute("SELECT count(*) FROM sqlite_master").fetchone()
        one.backup(
            other,
            pages=_PAGES,
            progress=lambda _, left, total: progress("database", total - left, total),
        )
        other.execute("PRAGMA journal_mode = DELETE").fetchone()
        (sound,) = other.execute("PRAGMA quick_check(1)").fetchone()
    if sound != "ok":
        raise BackupError(
            f"the database is damaged ({sound}), and so would its copy be: {target} is as it was."
            " `lossboard check` says what is damaged"
        )
    _flush(scratch)
    return scratch


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _copy_blobs(
    data_dir: Path, target: Path, names: list[str], copied: Copied, progress: Progress
) -> None:
    for number, name in enumerate(names):
        progress("files", number, len(names))
        place = Path("blobs", name[:2], name)
        if (target / place).exists():
            copied.files += 1
        elif _copy_blob(data_dir / place, target / place):
            copied.files += 1
            copied.new += 1
        else:
            copied.missing.append(name)
    progress("files", len(names), len(names))


def _copy_blob(source: Path, target: Path) -> bool:
    """Whether it is there with the bytes of its name, and is copied now."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(target.name + ".new")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as one, scratch.open("wb") as other:
            while chunk := one.read(_CHUNK_BYTES):
                digest.update(chunk)
                other.write(chunk)
            other.flush()
            os.fsync(other.fileno())
    except FileNotFoundError:
        return False
    if digest.hexdigest() != source.name:
        scratch.unlink()
        return False
    os.replace(scratch, target)
    return True


def _blobs_named(database: Path) -> list[str]:
    """The files that runs and artifacts in the database name."""
    with closing(_opened(database)) as connection:
        return sorted(name for (name,) in connection.execute(NAMED) if name)


def restore(backup: Path, data_dir: Path, progress: Progress) -> Copied:
    """Make a data directory of a backup. Raises BackupError where the directory isn't empty or the
    backup isn't whole."""
    mark = backup / _MARK
    if not (backup / DATABASE).exists() or not mark.exists():
        raise BackupError(f"{backup} is no backup: `lossboard backup {backup}` makes one")
    if not json.loads(mark.read_text(encoding="utf-8")).get("complete"):
        raise BackupError(f"{backup} was not finished: make the backup again, or take another one")
    if data_dir.exists() and any(data_dir.iterdir()):
        raise BackupError(
            f"{data_dir} isn't empty, and nothing in it is overwritten: move it away, or choose an"
            " empty directory with --data-dir"
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    return _copy_all(backup, data_dir, progress)


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def files_in(blobs: Path) -> Iterator[Path]:
    """All stored files of a directory of blobs."""
    yield from blobs.glob("??/" + "[0-9a-f]" * 64)
