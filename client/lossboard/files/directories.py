"""Places of a run's files on this machine: the folders W&B makes, and our spools in them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

__all__ = [
    "SPOOL_FOLDER",
    "RunDirectory",
    "create",
    "current_folder",
    "elsewhere",
    "runs_folder",
]

SPOOL_FOLDER: Final = "spool"


@dataclass(frozen=True)
class RunDirectory:
    """`<root>/wandb/run-<date>_<time>-<id>/` with `files/` (`run.dir`) and `spool/`."""

    path: Path
    fallback: str = ""  # why it is not where it was wanted

    @property
    def files(self) -> Path:
        """`run.dir`: what is saved with the run."""
        return self.path / "files"

    @property
    def spools(self) -> Path:
        """The spools of all writers of the run."""
        return self.path / SPOOL_FOLDER


def current_folder() -> Path:
    """The current directory; "." when it was removed, and has no name any more."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def runs_folder(root: str | None) -> Path:
    """The folder of all runs below `root` (default: the current directory): `wandb`, or `.wandb`
    where that is there already. It stays the same when the program changes its directory."""
    base = current_folder() / (root or "")
    hidden = base / ".wandb"
    return hidden if os.path.isdir(hidden) else base / "wandb"


def create(root: str | None, run_id: str, started: datetime, *, offline: bool) -> RunDirectory:
    """Makes the directory of a run; in the temporary directory where `root` can't be written, and
    nowhere if that can't either. Raises nothing."""
    wanted = runs_folder(root)
    name = f"{'offline-' if offline else ''}run-{started:%Y%m%d_%H%M%S}-{quote(run_id, safe=' ')}"
    try:
        return _made(RunDirectory(wanted / name), run_id)
    except OSError as error:
        reason = f"can't write to {wanted} ({error.strerror or error})"
        return _made_elsewhere(wanted, name, run_id, reason)


def _made_elsewhere(wanted: Path, name: str, run_id: str, reason: str) -> RunDirectory:
    for folder in _temporary_folders():
        with contextlib.suppress(OSError):  # another user's, or full: the next one
            return _made(RunDirectory(folder / name, f"{reason}: using {folder / name}"), run_id)
    lost = "nor to a temporary directory: what the server doesn't take is lost at the end"
    return RunDirectory(wanted / name, f"{reason}, {lost}")


def _temporary_folders() -> Iterator[Path]:
    """`wandb` in the temporary directory, which may be another user's, and a folder of our own."""
    try:
        yield Path(tempfile.gettempdir(), "wandb")
        yield Path(tempfile.mkdtemp(prefix="wandb-"))
    except OSError:  # no temporary directory that can be written
        return


def elsewhere(spool: Path) -> Path:
    """A place for a spool whose folder is gone. Raises OSError."""
    return Path(tempfile.mkdtemp(prefix="wandb-"), *spool.parts[-3:])


def _made(directory: RunDirectory, run_id: str) -> RunDirectory:
    directory.files.mkdir(parents=True, exist_ok=True)
    # Some integrations look for a file of this name to find the id of a run to resume.
    (directory.path / f"run-{quote(run_id, safe=' ')}.wandb").touch()
    _point_latest_at(directory.path)
    return directory


def _point_latest_at(path: Path) -> None:
    link = path.parent / "latest-run"
    temporary = path.parent / f".latest-run-{os.getpid()}"
    # Ranks that start together race for the link, and some file systems have none: whoever comes
    # last is as good, and nothing depends on it.
    with contextlib.suppress(OSError):
        temporary.symlink_to(path.name, target_is_directory=True)
        try:
            temporary.replace(link)
        except OSError:
            temporary.unlink()
