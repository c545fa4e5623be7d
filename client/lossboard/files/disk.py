"""Files as every system has them: positions, line ends, locks, and removal without raising."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from filelock import lock_descriptor

__all__ = [
    "closed",
    "file_name",
    "opened",
    "opened_for_lock",
    "read_at",
    "removed",
    "removed_if_empty",
    "synced",
    "try_lock",
    "write_at",
]

_BINARY: Final = getattr(os, "O_BINARY", 0)  # without it Windows writes "\n" as two bytes
_HAS_POSITIONS: Final = hasattr(os, "pread") and hasattr(os, "pwrite")  # Windows has neither
_FORBIDDEN: Final = '<>:"|?*' if _BINARY else ""  # in names on Windows
_seeking: Final = threading.Lock()  # there a handle has one position for all threads


def opened(path: Path, flags: int) -> int:
    """A handle of a file of bytes. Raises OSError."""
    return os.open(path, flags | _BINARY, 0o644)


def opened_for_lock(path: Path) -> int:
    """A handle of an existing file that can be locked: of one that may only be read too, where the
    system locks such files. Raises OSError."""
    try:
        return opened(path, os.O_RDWR)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return opened(path, os.O_RDONLY)


def read_at(handle: int, length: int, offset: int) -> bytes:
    """Up to `length` bytes from `offset` on."""
    if _HAS_POSITIONS:
        return os.pread(handle, length, offset)
    with _seeking:
        os.lseek(handle, offset, os.SEEK_SET)
        return os.read(handle, length)


def write_at(handle: int, content: bytes | memoryview, offset: int) -> None:
    """Writes all of it. Raises OSError, when some of it may be written."""
    view = memoryview(content)
    while view:
        written = _written_at(handle, view, offset)
        view, offset = view[written:], offset + written


def _written_at(handle: int, view: memoryview, offset: int) -> int:
    if _HAS_POSITIONS:
        return os.pwrite(handle, view, offset)
    with _seeking:
        os.lseek(handle, offset, os.SEEK_SET)
        return os.write(handle, view)


def synced(handle: int) -> None:
    """Returns once what was written survives a loss of power, as far as the system promises."""
    getattr(os, "fdatasync", os.fsync)(handle)  # macOS and Windows have fsync alone


def try_lock(handle: int) -> bool:
    """Whether the file is this handle's now, until all copies of it are closed; never waits.

    It is so until the process ends in whatever way. A forked child has a copy: closing that leaves
    the lock with the parent. Raises OSError where the file system has no locks.
    """
    return lock_descriptor(handle, blocking=False)


def file_name(name: str) -> str:
    """The name with `-` for each character that no file of this system may have in it."""
    return name.translate(dict.fromkeys(map(ord, _FORBIDDEN), "-"))


def closed(close: Callable[[], object], path: Path) -> str:
    """Closes what is open of a file; why that failed, or an empty string. The program may have
    closed all handles there were, ours too, as daemons do."""
    try:
        close()
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return ""


def removed(path: Path) -> str:
    """Removes a file; why it is there still, or an empty string."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):  # it is not there
        return ""
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    return ""


def removed_if_empty(folder: Path) -> str:
    """Removes a folder in which nothing is left; why that failed, or an empty string."""
    try:
        if not any(folder.iterdir()):
            folder.rmdir()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"{folder}: {error.strerror or error}"
    return ""
