"""The data directory: one server at a time, on a file system that can lock."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

__all__ = ["DataDirectory", "DirectoryError", "file_system_of"]

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
    """A directory held by this process from `open` to `close`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make and lock the directory; raises DirectoryError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DirectoryError(
                f"can't make the data directory {self.path}: {error.strerror};"
                " choose another with --data-dir"
            ) from error
        self._refuse_network_file_system()
        self._take_lock()

    def close(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free

    def _refuse_network_file_system(self) -> None:
        kind = file_system_of(self.path)
        if kind in _NETWORK_FILE_SYSTEMS:
            raise DirectoryError(
                f"the data directory {self.path} is on a network file system ({kind}), where"
                " SQLite loses data: choose a local directory with --data-dir"
            )

    def _take_lock(self) -> None:
        try:
            lock = open(self.path / "server.lock", "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise DirectoryError(
                f"can't write in the data directory {self.path}: {error.strerror};"
                " choose another with --data-dir"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise DirectoryError(
                f"another lossboard server (process {holder}) uses the data directory"
                f" {self.path}: stop it or choose another directory with --data-dir"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock


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
