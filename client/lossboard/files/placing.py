"""Files at places that others name: never out of the folder, and never in part."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import BinaryIO, Final

from lossboard.files.disk import removed

__all__ = ["folder_inside", "inside", "is_being_written", "placed"]

_PARTIAL: Final = re.compile(r"\.lossboard-[0-9a-f]{16}\.part")
_STALE_SECS: Final = 3600.0  # a file that nobody has written to for so long was left by a crash


def inside(root: Path, name: str) -> Path:
    """The path of `name` below `root`. Raises ValueError for a name that leads out of it: by `..`,
    as a whole path of any system, or over a link to a folder elsewhere."""
    # Windows' rules know both kinds of slashes, and drives.
    parts = PureWindowsPath(name)
    if not parts.parts or parts.root or ".." in parts.parts or "\0" in name:
        raise _leads_out(root, name)
    if os.name == "nt" and ":" in name:  # a drive, or a stream of another file
        raise _leads_out(root, name)
    target = root / name
    if not target.parent.resolve().is_relative_to(root.resolve()):
        raise _leads_out(root, name)
    return target


def folder_inside(root: Path, name: str) -> Path:
    """The folder `name` right below `root`. Raises ValueError as `inside` does, and for a name
    that has several parts."""
    if len(PureWindowsPath(name).parts) != 1:
        raise _leads_out(root, name)
    return inside(root, name)


def _leads_out(root: Path, name: str) -> ValueError:
    return ValueError(f"the path {name!r} leads out of {root}: nothing is written there")


@contextmanager
def placed(root: Path, name: str) -> Iterator[BinaryIO]:
    """A new file that is at its place, `name` below `root`, once the block has ended without an
    error; what was there is replaced. Any number of processes may write to one place.

    Until then it has a random name beside that place; after an error nothing is left of it.
    Raises ValueError as `inside` does.
    """
    target = inside(root, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    inside(root, name)  # the folders are there now, and none of them leads elsewhere
    partial = target.with_name(f".lossboard-{secrets.token_hex(8)}.part")
    try:
        with partial.open("xb") as file:
            yield file
        partial.replace(target)
    except BaseException as error:
        if trouble := removed(partial):
            error.add_note(f"what was there of it is left behind: {trouble}")
        raise


def is_being_written(path: Path) -> bool:
    """Whether a file is one that some process is about to put in its place."""
    if _PARTIAL.fullmatch(path.name) is None:
        return False
    try:
        return time.time() - path.stat().st_mtime < _STALE_SECS
    except FileNotFoundError:  # it just was
        return True
