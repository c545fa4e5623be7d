"""`lossboard check`, `backup`, `restore` and `disk`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from lossboard_server.database import dialect
from lossboard_server.database.directory import DataDirectory, DirectoryError
from lossboard_server.keeping import backups, checks, repairs
from lossboard_server.keeping import disk as use
from lossboard_server.keeping.backups import BackupError, Progress
from lossboard_server.keeping.checks import Fault
from lossboard_server.settings import Settings, SettingsError

__all__ = ["backup", "check", "disk", "restore"]

SOUND, DAMAGED, FAILED = 0, 1, 2  # exit codes
_MOST_TOLD = 20


def check(arguments: list[str]) -> int:
    """`lossboard check`: 0 where all of the store is as it was written, 1 where it isn't, 2 where
    it can't be looked through."""
    parser = _parser("check", "Look through all of a store: pages, checksums, catalogue, files.")
    parser.add_argument("--repair", action="store_true", help="rebuild what can be made anew")
    return _guarded("check", parser.parse_args(arguments), _check)


def _check(options: Any, data_dir: Path, progress: Progress) -> int:
    database = _database_in(data_dir)
    if options.repair:
        return _repaired(options, data_dir, database, progress)
    with _reading(database) as connection:
        faults = list(checks.check_store(connection, data_dir, progress))
    _tell(options, faults, [])
    return DAMAGED if faults else SOUND


def _repaired(options: Any, data_dir: Path, database: Path, progress: Progress) -> int:
    directory = DataDirectory(data_dir, database.resolve())
    directory.open()  # no server writes meanwhile
    with closing(directory):
        engine = dialect.open_writer(dialect.sqlite_url(database), "FULL")
        with engine.connect() as connection:
            faults = list(checks.check_store(connection, data_dir, progress))
        mended: list[Fault] = []
        if faults:
            print(f"copied to {repairs.copy_before(database)}", file=sys.stderr)  # noqa: T201
            with engine.begin() as connection:
                dialect.begin_write(connection)
                mended = repairs.repair(connection, faults)
        engine.dispose()
    left = [fault for fault in faults if fault not in mended]
    _tell(options, left, mended)
    return DAMAGED if left else SOUND


def _tell(options: Any, faults: list[Fault], mended: list[Fault]) -> None:
    if options.json:
        print(json.dumps(msgspec.to_builtins({"faults": faults, "mended": mended})))  # noqa: T201
        return
    for fault in faults[:_MOST_TOLD]:
        where = f" ({fault.run}, {fault.key!r})" if fault.run else ""
        print(f"{fault.kind}: {fault.text}{where}")  # noqa: T201
    if len(faults) > _MOST_TOLD:
        print(f"and {len(faults) - _MOST_TOLD:,} more; --json names all of them")  # noqa: T201
    if mended:
        print(f"mended: {len(mended):,}")  # noqa: T201
    print(f"{len(faults):,} faults" if faults else "no faults")  # noqa: T201


def disk(arguments: list[str]) -> int:
    """`lossboard disk`: the use of the disk by project, or, with --json, by project, run and kind;
    --free gives back at once what nothing names."""
    parser = _parser("disk", "Show what a store takes on the disk.")
    parser.add_argument("--free", action="store_true", help="remove what nothing names; no server")
    return _guarded("disk", parser.parse_args(arguments), _disk)


def _disk(options: Any, data_dir: Path, progress: Progress) -> int:
    database = _database_in(data_dir)
    freed_bytes = _freed(data_dir, database) if options.free else 0
    with _reading(database) as connection:
        found = use.use_of(connection)
    if options.json:
        print(json.dumps({"use": msgspec.to_builtins(found), "freed_bytes": freed_bytes}))  # noqa: T201
        return SOUND
    by_project: Counter[str] = Counter()
    for one in found:
        by_project[one.project] += one.size_bytes
    for project, size_bytes in by_project.most_common():
        print(f"{size_bytes / 1e6:>12,.1f} MB  {project}")  # noqa: T201
    if options.free:
        print(f"freed {freed_bytes / 1e6:,.1f} MB of files that nothing names")  # noqa: T201
    return SOUND


def _freed(data_dir: Path, database: Path) -> int:
    directory = DataDirectory(data_dir, database.resolve())
    directory.open()  # a server does it by itself
    with closing(directory):
        engine = dialect.open_writer(dialect.sqlite_url(database), "FULL")
        unused_secs = Settings.from_environment(data_dir=data_dir).blob_unused_secs
        freed_bytes = use.free(engine, data_dir, unused_secs)
        engine.dispose()
    return freed_bytes


def backup(arguments: list[str]) -> int:
    """`lossboard backup TARGET`: 0 for a whole backup, 1 where something is damaged or missing, 2
    where none could be made."""
    parser = _parser("backup", "Copy the store, also while a server uses it.")
    parser.add_argument("target", type=Path, help="directory of the backup; an older one goes on")
    parser.add_argument("--verify", action="store_true", help="look through a backup instead")
    return _guarded("backup", parser.parse_args(arguments), _backup)


def _backup(options: Any, data_dir: Path, progress: Progress) -> int:
    if options.verify:
        options.repair = False
        return _check(options, options.target, progress)
    return _copied(options, backups.back_up(data_dir, options.target, progress))


def restore(arguments: list[str]) -> int:
    """`lossboard restore BACKUP`: makes an empty data directory one with the backup's content."""
    parser = _parser("restore", "Make a data directory of a backup.")
    parser.add_argument("backup", type=Path, help="directory that `lossboard backup` made")
    return _guarded("restore", parser.parse_args(arguments), _restore)


def _restore(options: Any, data_dir: Path, progress: Progress) -> int:
    return _copied(options, backups.restore(options.backup, data_dir, progress))


def _copied(options: Any, copied: backups.Copied) -> int:
    if options.json:
        print(json.dumps(msgspec.to_builtins(copied)))  # noqa: T201
    else:
        print(  # noqa: T201
            f"database {copied.database_bytes / 1e6:.1f} MB, files {copied.files:,}"
            f" ({copied.new:,} new)"
        )
        for name in copied.missing[:_MOST_TOLD]:
            print(f"missing or damaged: file {name}")  # noqa: T201
    return DAMAGED if copied.missing else SOUND


def _database_in(data_dir: Path) -> Path:
    database = data_dir / backups.DATABASE
    if not database.exists():
        raise BackupError(f"there is no {database.name} in {data_dir}: choose it with --data-dir")
    return database


@contextmanager
def _reading(database: Path) -> Iterator[Connection]:
    engine = dialect.open_reader(dialect.sqlite_url(database), 1)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _parser(name: str, about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"lossboard {name}", description=about)
    parser.add_argument("--data-dir", type=Path, help="where the data lies that a server serves")
    parser.add_argument("--json", action="store_true", help="print the result as a line of JSON")
    return parser


def _guarded(name: str, options: Any, work: Callable[[Any, Path, Progress], int]) -> int:
    try:
        data_dir = Settings.from_environment(data_dir=options.data_dir).data_dir.expanduser()
        return work(options, data_dir, _bar())
    except (BackupError, DirectoryError, SettingsError) as error:
        print(f"lossboard {name}: {error}", file=sys.stderr)  # noqa: T201
    except (OSError, SQLAlchemyError) as error:
        print(f"lossboard {name}: {getattr(error, 'orig', None) or error}", file=sys.stderr)  # noqa: T201
    return FAILED


def _bar() -> Progress:
    """Shows on a terminal how far the work is, a few times a second."""
    if not sys.stderr.isatty():
        return lambda what, done, total: None
    shown_secs = 0.0

    def show(what: str, done: int, total: int) -> None:
        nonlocal shown_secs
        if time.monotonic() - shown_secs < 0.2 and done < total:
            return
        shown_secs = time.monotonic()
        share = done / max(total, 1)
        bar = "#" * int(30 * share)
        print(f"\r{what:<12}[{bar:<30}] {share:4.0%}", end="", file=sys.stderr)  # noqa: T201
        if done >= total:
            print(file=sys.stderr)  # noqa: T201

    return show
