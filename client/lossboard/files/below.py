"""The files below a folder, through links to other folders too."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["files_below", "folders_below"]


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, in order. Links to folders are followed, but not one that leads
    back to a folder it lies in: what that would lead to is there already."""
    found = (Path(place) / name for place, names in folders_below(folder) for name in names)
    return sorted(path for path in found if path.is_file())


def folders_below(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The folder and each one below it, with the names of its files; as with `os.walk`, what can't
    be listed is as if it were empty."""
    return _walk(str(folder), ())


def _walk(folder: str, above: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, list[str]]]:
    try:
        status = os.stat(folder)
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return
    place = (status.st_dev, status.st_ino)
    if place in above:
        return
    inner = {entry.name: entry.path for entry in entries if _is_folder(entry)}
    yield folder, [entry.name for entry in entries if entry.name not in inner]
    for path in inner.values():
        yield from _walk(path, (*above, place))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere, or round and round, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False
