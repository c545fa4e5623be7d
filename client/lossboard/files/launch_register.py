"""Tells launches of this machine apart that have nothing but an address and port to name them."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from lossboard.files.disk import opened, read_at, try_lock, write_at
from lossboard.files.processes import is_alive, this_process

__all__ = ["launch_mark"]

_PATIENCE_SECS: Final = 2.0
_LIMIT_BYTES: Final = 1 << 20
_LATE_SECS: Final = 600.0  # a rank that comes so long after all others ended is of another launch


def launch_mark(place: str, rank: int, folder: Path | None = None) -> str:
    """A text that this rank shares with the other ranks of its launch, and with no other launch.

    The first rank of a launch makes it, and the others find it in a file of this machine; a rank
    that another process of the same launch has already belongs to a new one. An empty string where
    no such file can be had: then the place is all that names the launch. Raises nothing.
    """
    home = folder or Path(tempfile.gettempdir(), f"lossboard-launches-{_user()}")
    path = home / hashlib.sha256(place.encode()).hexdigest()[:16]
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = opened(path, os.O_RDWR | os.O_CREAT)
    except OSError:  # nobody may write there: said in docs/distributed.md
        return ""
    try:
        return _entered(handle, rank) if _has_lock(handle) else ""
    except OSError:  # as above
        return ""
    finally:
        os.close(handle)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


def _has_lock(handle: int) -> bool:
    until_secs = time.monotonic() + _PATIENCE_SECS
    while not try_lock(handle):
        if time.monotonic() > until_secs:
            return False
        time.sleep(0.002)
    return True


def _entered(handle: int, rank: int) -> str:
    """Enters this process as the rank of the launch that is under way, or of a new one."""
    launch = _read(handle)
    if _is_another(launch, rank):
        launch = {"mark": secrets.token_hex(3), "ranks": {}}
    launch["ranks"][str(rank)] = this_process()
    launch["at"] = time.time()
    content = json.dumps(launch).encode()
    os.ftruncate(handle, 0)
    write_at(handle, content, 0)
    return str(launch["mark"])


def _read(handle: int) -> dict[str, Any]:
    try:
        launch = json.loads(read_at(handle, _LIMIT_BYTES, 0))
        return launch if {"mark", "ranks", "at"} <= launch.keys() else {}
    except (ValueError, AttributeError):  # it is new, or was cut short: a launch begins
        return {}


def _is_another(launch: dict[str, Any], rank: int) -> bool:
    if not launch:
        return True
    holder = launch["ranks"].get(str(rank))
    if holder is not None:
        return bool(holder != this_process())
    is_old = time.time() - launch["at"] > _LATE_SECS
    return is_old and not any(map(is_alive, launch["ranks"].values()))
