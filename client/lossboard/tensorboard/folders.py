"""The folders that writers of a run write event files to, read as they grow."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lossboard.faults import words_of
from lossboard.sending.worker import Worker
from lossboard.tensorboard.frames import EventFile, event_files
from lossboard.tensorboard.values import Event, Reader

if TYPE_CHECKING:
    from lossboard.live_run.run import Run

__all__ = ["Folders"]

_LOOK_SECS: Final = 2.0  # how often the files are looked at
_STEP: Final = "global_step"  # the key that has the step of the events

Flush = Callable[[], None]


class _Folder:
    """A folder of event files, and the row that is being gathered from them."""

    def __init__(self, path: Path, root: Path | None, floor: int | None) -> None:
        self.path = path
        self.root = root
        # Files that are there already are of an earlier process. A run that goes on takes what
        # they have after its last step, others nothing.
        old = event_files(path)
        self.known = {file: EventFile(file) for file in old} if floor is not None else {}
        self.floors = {file: floor for file in self.known}
        self.ignored = set() if floor is not None else set(old)
        self.row: dict[str, Any] = {}
        self.charts: dict[str, Any] = {}
        self.step = 0
        self.wall_secs = 0.0

    def files(self) -> list[EventFile]:
        """The files to read, with those that came since."""
        for path in event_files(self.path):
            if path not in self.known and path not in self.ignored:
                self.known[path] = EventFile(path)
        return list(self.known.values())


class Folders:
    """Logs what comes into the event files of some folders to `run`, on a thread of its own.

    An event's values have the keys of their tags, below the folder's path from the root that all
    folders have in common; events of one folder and step make one row, with the step as
    `global_step` and the time of the last of them.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._folders: dict[Path, _Folder] = {}
        self._flushes: list[Flush] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._worker: Worker | None = None
        self._reader: Reader | None = None
        self._saves: dict[Path, bool] = {}

    def add(self, path: Path, root: Path | None, *, save: bool, flush: Flush) -> None:
        """Reads a folder from now on. `flush` has its writer write what it holds; `save` keeps
        the event files with the run."""
        self._reader = self._reader or Reader()
        with self._lock:
            self._flushes.append(flush)
            self._saves[path] = save
            if path not in self._folders:
                self._folders[path] = _Folder(path, root, self._floor())
        if self._worker is None:
            self._worker = Worker("lossboard-tensorboard", self._turn, self._run._recorder_failed)
            self._worker.start()

    def finish(self) -> None:
        """Reads what is left and saves the files. Starts no thread."""
        self._ending.set()
        if self._worker is not None:
            self._worker.join(threading.TIMEOUT_MAX)
        self._read()
        for folder in self._folders.values():
            self._put(folder)
            if self._saves[folder.path]:
                self._save(folder)

    def _floor(self) -> int | None:
        """The last step that a resumed run has of event files; None for a run that is new."""
        if not self._run.resumed:
            return None
        last = self._run.summary.get(_STEP)
        return last if isinstance(last, int) else -1

    def _turn(self) -> bool:
        if self._ending.wait(_LOOK_SECS):
            return False
        self._read()
        return True

    def _read(self) -> None:
        """One thread reads at a time; new folders may come meanwhile."""
        with self._lock:
            flushes, folders = list(self._flushes), list(self._folders.values())
        for flush in flushes:
            self._try(flush)
        for folder in folders:
            for file in folder.files():
                self._try(lambda folder=folder, file=file: self._read_file(folder, file))  # type: ignore[misc]

    def _try(self, action: Callable[[], None]) -> None:
        """A file or writer that fails takes no other along."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - told; others go on
            self._run._say_once(f"sync_tensorboard: {words_of(error)}")
            self._run._notice("tensorboard", words_of(error))

    def _read_file(self, folder: _Folder, file: EventFile) -> None:
        assert self._reader is not None, "it is made with the first folder"
        floor = folder.floors.get(file.path)
        for record in file.records():
            event = self._reader.event(record)
            if event is not None and (floor is None or event.step > floor):
                self._take(folder, event)

    def _take(self, folder: _Folder, event: Event) -> None:
        if event.parameters:
            self._run.config.setdefaults(event.parameters)
        if not event.values:
            return
        if folder.row and event.step != folder.step:
            self._put(folder)
        prefix = self._prefix(folder)
        folder.step, folder.wall_secs = event.step, event.wall_secs
        folder.row |= {f"{prefix}{tag}": value for tag, value in event.values.items()}
        folder.charts |= {f"{prefix}{tag}": chart for tag, chart in event.charts.items()}

    def _put(self, folder: _Folder) -> None:
        row, folder.row = folder.row, {}
        charts, folder.charts = folder.charts, {}
        if not row:
            return
        for key, chart in charts.items():
            self._run._home.put_config(("visualize", key), chart.spec(key, table_key=key))
        self._run.log({**row, _STEP: folder.step, "_timestamp": folder.wall_secs})

    def _prefix(self, folder: _Folder) -> str:
        root = folder.root or Path(os.path.commonpath(list(self._folders)))
        inner = folder.path.relative_to(root).as_posix()
        return "" if inner == "." else f"{inner}/"

    def _save(self, folder: _Folder) -> None:
        base = folder.root or Path(os.path.commonpath(list(self._folders)))
        for file in folder.known:
            self._try(lambda file=file: self._save_file(file, base))  # type: ignore[misc]

    def _save_file(self, file: Path, base: Path) -> None:
        self._run.save(str(file), base_path=str(base), policy="now")
