"""The home of a run: what media, tables and watching need of it, and users don't see."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossboard import wire
from lossboard.faults import Fault
from lossboard.files.disk import file_name
from lossboard.live_run.tables import put_table
from lossboard.media.base import Content
from lossboard.times import now_us

if TYPE_CHECKING:
    from lossboard.live_run.core import Core
    from lossboard.media.combined import CombinedTable
    from lossboard.media.table import Table

__all__ = ["Home"]


class Home:
    """A run as the place where media are kept and watched models store their events.

    Media and `lossboard.watch` get this object and not the `Run`, whose public names are those
    of W&B.
    """

    def __init__(self, run: Core) -> None:
        self._run = run
        # Charts and class labels are config values that W&B's clients keep out of sight.
        self.table_names: dict[str, str] = {}  # of artifacts, and the keys that have them
        self._inner_config: dict[str, Any] = dict(run._start.config.get("_wandb") or {})

    # ---- for media

    def put_file(self, source: Content, *, name: str, mime_type: str) -> wire.FileEntry:
        """Stores bytes, or a copy of a file, as a file of the run."""
        if not isinstance(source, bytes):
            os.stat(source)  # what is not there raises, and that is no trouble of our folder
        self.mirror(name, lambda target: _write(source, target))
        time_us = now_us()
        return self._run._sender.put_file(source, name=name, time_us=time_us, mime_type=mime_type)

    def mirror(self, name: str, write: Callable[[Path], object]) -> Path:
        """Writes a file of the run to the run's folder too, and returns its place there. The
        server gets the file even if that folder can't be written any more."""
        target = self._run._directory.files / file_name(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(target)
        except OSError as error:
            folder, reason = self._run._directory.files, error.strerror or error
            self._run._say_once(f"{folder} takes no files any more ({reason})")
        return target

    def put_config(self, path: Sequence[str], value: Any) -> None:
        """Sets a config value below `_wandb`."""
        place = self._inner_config
        for part in path[:-1]:
            place = place.setdefault(part, {})
        if place.get(path[-1]) != value:
            place[path[-1]] = value
            self._run._sender.put_config({"_wandb": _copied(self._inner_config)})

    def put_table(self, key: str, table: Table | CombinedTable) -> Mapping[str, Any]:
        """Logs a table of the history, with its media, as an artifact; returns the artifact's
        address. Raises ValueError for a joined or partitioned table whose artifact is not logged
        yet."""
        return put_table(self._run, key, table)

    def tell(self, fault: Fault) -> None:
        """Tells the user what became of a value that can't be stored as it is."""
        self._run._faults.tell("log", fault)

    # ---- for watched models

    @property
    def step(self) -> int:
        """The step that a call of `log` without one is logged at; UsageError after the end."""
        if self._run._ended:
            self._run._refuse("step")
        return self._run._steps.step

    @property
    def finished(self) -> bool:
        """Whether the run has ended."""
        return self._run._ended

    def put_event(self, step: int, time_us: int, batch: int, histograms: Mapping[Any, Any]) -> None:
        """Stores the histograms of one backward pass."""
        self._run._sender.put_event(step, time_us, batch, histograms)

    def set_summary(self, key: str, value: Any) -> None:
        """Sets a value of the summary."""
        self._run._summary[key] = value

    def warn(self, text: str) -> None:
        """Prints a warning, from any thread."""
        self._run._warn(text)

    def notice(self, kind: str, text: str) -> None:
        """Shows something in the run's page; notices of one kind add up."""
        self._run._notice(kind, text)


def _write(source: Content, target: Path) -> None:
    if isinstance(source, bytes):
        target.write_bytes(source)
    else:
        shutil.copyfile(source, target)


def _copied(value: Any) -> Any:
    """Nested dicts as new ones: what is sent must not change any more."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return value
