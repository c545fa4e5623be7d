"""Files that a script saves with its run: which ones a pattern means, and those that change."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from lossboard.files.below import files_below
from lossboard.sending.worker import Worker

__all__ = ["LiveFiles", "Match", "Policy", "matches", "policy_checked"]

Policy: TypeAlias = Literal["live", "end", "now"]

_LOOK_SECS: Final = 2.0  # how often live files are looked at
_WILD: Final = frozenset("*?[")


class Match(NamedTuple):
    """A file, and its name in the run."""

    source: Path
    name: str


def policy_checked(policy: str) -> None:
    """Raises ValueError for an unknown policy."""
    if policy not in ("live", "end", "now"):
        raise ValueError(
            f'Only "live", "end" and "now" policies are currently supported, not {policy!r}.'
        )


def matches(pattern: Path, base: Path | None, run_folder: Path) -> list[Match]:
    """The files that `pattern` means; folders stand for all files below them.

    Names are relative to `base`: by default the current folder, for an absolute pattern the
    parent of its folder, and `run_folder` for what lies in it. Raises ValueError for a pattern
    that leads out of the base or begins with `*` in it.
    """
    root = _absolute(base) if base is not None else _default_base(pattern, run_folder)
    whole = _absolute(pattern)
    if not whole.is_relative_to(root):
        raise ValueError(f"Glob may not walk above the base path: {str(pattern)!r}, {str(root)!r}")
    inner = whole.relative_to(root)
    if base is not None and inner.parts[:1] and inner.parts[0].startswith("*"):
        raise ValueError("Glob may not start with '*' relative to the base path")
    has_wild = bool(_WILD & set(str(inner)))
    found = sorted(root.glob(str(inner))) if has_wild and not whole.exists() else [whole]
    return [
        Match(file, file.relative_to(root).as_posix()) for path in found for file in _files(path)
    ]


def _default_base(pattern: Path, run_folder: Path) -> Path:
    if _absolute(pattern).is_relative_to(run_folder):
        return run_folder
    return _absolute(pattern).parent.parent if pattern.is_absolute() else Path.cwd()


def _absolute(path: Path) -> Path:
    """Without `..`, and without following links: the name of a link is what the user means."""
    return Path(os.path.abspath(path))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return files_below(path)
    return [path] if path.is_file() else []


class LiveFiles:
    """Files that are uploaded again when they have changed: `live` ones as they do, all of them
    at the end. `upload(match)` is called on a thread of ours, and in `finish` on the caller's."""

    def __init__(self, upload: Callable[[Match], None], on_error: Callable[[str], None]) -> None:
        self._upload = upload
        self._on_error = on_error
        self._states: dict[Match, tuple[int, int] | None] = {}
        self._late: set[Match] = set()  # policy "end"
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._worker: Worker | None = None

    def add(self, match: Match, *, live: bool) -> None:
        """Takes a file: a live one is uploaded now, and again when it has changed."""
        if not live:
            self._late.add(match)
            return
        self._upload_if_changed(match)
        if self._worker is None:
            self._worker = Worker("lossboard-live", self._look, self._on_error)
            self._worker.start()

    def finish(self) -> None:
        """Uploads what changed since, and what waited for the end. Starts no thread."""
        self._stop.set()
        if self._worker is not None:
            self._worker.join(threading.TIMEOUT_MAX)
        for match in [*self._states, *self._late]:
            self._upload_if_changed(match)

    def start_in_fork(self) -> None:
        """In a forked child: the parent looks after them."""
        self._states, self._late, self._worker = {}, set(), None
        self._lock, self._stop = threading.Lock(), threading.Event()

    def _look(self) -> bool:
        if self._stop.wait(_LOOK_SECS):
            return False
        for match in list(self._states):
            self._upload_if_changed(match)
        return True

    def _upload_if_changed(self, match: Match) -> None:
        with self._lock:
            try:
                status = match.source.stat()
                state = (status.st_mtime_ns, status.st_size)
                if self._states.get(match) != state:
                    self._upload(match)
                    self._states[match] = state
            except OSError as error:
                if match not in self._states or self._states[match] is not None:
                    self._on_error(f"{match.source} can't be saved: {error.strerror or error}")
                self._states[match] = None
