"""Finds spools that wait for delivery."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lossboard.files.disk import opened_for_lock, try_lock
from lossboard.sending.segment import read_head, segment_paths
from lossboard.sending.spool import DELETED_NAME, LOCK_NAME
from lossboard.sizes import counted_text

__all__ = ["WaitingSpool", "spool_directories", "waiting_spools", "waiting_text"]

_GLANCE_SECS: Final = 0.002


@dataclass(frozen=True)
class WaitingSpool:
    """A spool whose process has ended, with something left to deliver."""

    directory: Path
    size_bytes: int


def spool_directories(directory: Path) -> list[Path]:
    """All spools in or below `directory`, each once, in the order in which to deliver them.

    What started earlier comes first, and a run's own writer before those of its children, so
    that the children find the attempt that they join. Others may remove theirs meanwhile.
    """
    walk = os.walk(directory)  # unlike rglob, it doesn't mind directories that go away
    found = {Path(path).resolve() for path, _, files in walk if LOCK_NAME in files}
    return sorted(found, key=_rank)


def _rank(directory: Path) -> tuple[int, bool, Path]:
    try:
        head = read_head(directory)
    except OSError:  # gone meanwhile, or whoever opens it says what is wrong
        head = None
    return (
        (0, False, directory)
        if head is None
        else (head.start.started_us, head.start.opens == "join", directory)
    )


def waiting_text(spools: Iterable[WaitingSpool], folder: Path) -> str:
    """The hint to deliver the spools, which lie below `folder`; empty without any."""
    runs = {spool.directory.parent for spool in spools if spool.size_bytes}  # writers' spools
    if not runs:
        return ""
    what = f"{counted_text(len(runs), 'earlier runs')} {'is' if len(runs) == 1 else 'are'}"
    return f"{what} not delivered yet. Run: lossboard sync {shlex.quote(str(folder))}"


def waiting_spools(directory: Path) -> list[WaitingSpool]:
    """Spools in or below `directory` that no living process owns, for a hint to deliver them;
    without those of runs that were deleted on the server, which takes nothing more of them."""
    found = [_waiting_spool(path) for path in spool_directories(directory)]
    return [spool for spool in found if spool is not None]


def _waiting_spool(directory: Path) -> WaitingSpool | None:
    try:
        if not segment_paths(directory) or _is_owned(directory):
            return None
        if (directory / DELETED_NAME).exists():
            return None
        return WaitingSpool(directory, _size_bytes(directory))
    except OSError:  # its process delivers and removes it just now, or it is not ours to see
        return None


def _size_bytes(directory: Path) -> int:
    files = [*segment_paths(directory), *directory.glob("files/*")]
    return sum(path.stat().st_size for path in files)


def _is_owned(directory: Path) -> bool:
    handle = opened_for_lock(directory / LOCK_NAME)
    try:
        if try_lock(handle):
            return False
        time.sleep(_GLANCE_SECS)  # perhaps it was only another one who looks, as ranks do at once
        return not try_lock(handle)
    finally:
        os.close(handle)
