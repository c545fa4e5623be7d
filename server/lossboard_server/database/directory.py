"""The data directory: one server at a time, on a file system that can lock, and still there."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

from lossboard_server.errors import Misplaced

__all__ = ["DataDirectory", "DirectoryError", "file_system_of"]

_log = logging.getLogger("lossboard.server")

# SQLite's write-ahead log needs shared memory, which these don't give between machines.
# fmt: off
_NETWORK_FILE_SYSTEMS = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
})
# fmt: on


class DirectoryError(RuntimeError):
    """The data directory can't be used, with what to do."""


class DataDirectory:
    """A directory held by this process from `open` to `close`.

    `database` is the file of the database, which may lie elsewhere: then it has a lock of its own,
    since servers with other directories can be told to use it too.
    """

    def __init__(self, path: Path, database: Path | None = None) -> None:
        self.path = path
        self.database = database
        self._locks: list[IO[str]] = []
        self._held: dict[Path, tuple[int, int]] = {}  # device and inode of what is in use
        self._missing: Path | None = None  # what `check` last found missing
        self._telling = threading.Lock()

    def open(self) -> None:
        """Make and lock the directory; raises DirectoryError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DirectoryError(
                f"can't make the data directory {self.path}: {error.strerror};"
                " choose another with --data-dir"
            ) from error
        for used in self._used():
            _refuse_network_file_system(used)
        try:
            for lock in self._lock_files():
                self._take_lock(lock)
        except DirectoryError:
            self.close()
            raise

    def _lock_files(self) -> list[Path]:
        own = self.path / "server.lock"
        if self.database is None or self.database.parent == self.path.resolve():
            return [own]
        return [own, self.database.with_name(self.database.name + ".lock")]

    def _used(self) -> list[Path]:
        return [self.path] if self.database is None else [self.path, self.database.parent]

    def close(self) -> None:
        while self._locks:
            self._locks.pop().close()
        self._held.clear()

    def hold(self) -> None:
        """Remember which files the locks and the database are; `check` compares them."""
        used = [Path(lock.name) for lock in self._locks]
        used += [] if self.database is None else [self.database]
        self._held = {path: _identity(path) for path in used}

    def check(self) -> None:
        """Raise Misplaced when the locks or the database aren't the files that were opened.

        What is written then goes to files that nobody finds again, so nothing may be acknowledged.
        """
        missing = next((path for path in self._held if not self._is_held(path)), None)
        if missing != self._missing:
            self._tell(missing)
        if missing is not None:
            raise Misplaced(
                f"{missing} was removed or replaced while the server runs: put the directory"
                " back, or start the server again; clients keep what they have and try again"
            )

    def _is_held(self, path: Path) -> bool:
        try:
            return _identity(path) == self._held[path]
        except OSError:
            return False

    def _tell(self, missing: Path | None) -> None:
        """Log once what is missing, or that it is back; several threads may notice at once."""
        with self._telling:
            before, self._missing = self._missing, missing
        if missing is None and before is not None:
            _log.warning("%s is back: the server takes data again", before)
        elif missing is not None and before is None:
            _log.error(
                "%s was removed or replaced while the server runs: nothing is taken until it is"
                " back or the server is started again",
                missing,
            )

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free

    def _take_lock(self, path: Path) -> None:
        try:
            lock = open(path, "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise DirectoryError(
                f"can't write in the data directory {path.parent}: {error.strerror};"
                " choose another with --data-dir"
            ) from error
        if not _is_ours(lock):
            holder = _holder(lock)
            lock.close()
            raise DirectoryError(
                f"another lossboard server (process {holder}) uses the data directory"
                f" {path.parent}: stop it or choose another directory with --data-dir"
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._locks.append(lock)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _refuse_network_file_system(path: Path) -> None:
    kind = file_system_of(path)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise DirectoryError(
            f"the data directory {path} is on a network file system ({kind}), where"
            " SQLite loses data: choose a local directory with --data-dir"
        )


def _is_ours(lock: IO[str]) -> bool:
    try:
        return lock_descriptor(lock.fileno(), blocking=False)
    except OSError as error:
        lock.close()
        raise DirectoryError(
            f"can't lock {lock.name}: {error.strerror or error};"
            " choose a data directory on a local disk with --data-dir"
        ) from error


def _holder(lock: IO[str]) -> str:
    """The process that wrote itself into the lock file."""
    try:
        lock.seek(0)
        return lock.read().strip() or "unknown"
    except OSError:  # Windows lets nobody else read what is locked
        return "unknown"


def file_system_of(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Type of the file system that holds `path`, as the kernel names it; "" where unknown."""
    if not mounts.exists():
        return ""
    best, kind = "", ""
    place = str(path.resolve())
    for line in mounts.read_text(encoding="utf-8").splitlines():
        left, _, right = line.partition(" - ")
        # mountinfo spells a space in a path as \040
        mounted = left.split()[4].replace("\\040", " ")
        inside = place == mounted or place.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) >= len(best):
            best, kind = mounted, right.split()[0]
    return kind
