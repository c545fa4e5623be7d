"""Finds spools that wait for delivery."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lossboard.spool import LOCK_NAME, SEGMENT_SUFFIX

__all__ = ["WaitingSpool", "spool_directories", "waiting_spools"]


@dataclass(frozen=True)
class WaitingSpool:
    """A spool whose process has ended, with something left to deliver."""

    directory: Path
    size_bytes: int


def spool_directories(directory: Path) -> Iterator[Path]:
    """All spools in or below `directory`, each once, in the order of their paths."""
    yield from sorted({path.parent.resolve() for path in directory.rglob(LOCK_NAME)})


def waiting_spools(directory: Path) -> list[WaitingSpool]:
    """Spools in or below `directory` that no living process owns, for a hint to deliver them."""
    return [
        WaitingSpool(path, _size_bytes(path))
        for path in spool_directories(directory)
        if next(path.glob(f"*{SEGMENT_SUFFIX}"), None) is not None and not _is_owned(path)
    ]


def _size_bytes(directory: Path) -> int:
    files = [*directory.glob(f"*{SEGMENT_SUFFIX}"), *directory.glob("files/*")]
    return sum(path.stat().st_size for path in files)


def _is_owned(directory: Path) -> bool:
    handle = os.open(directory / LOCK_NAME, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
