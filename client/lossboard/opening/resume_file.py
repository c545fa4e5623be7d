"""The word that a run leaves for `resume="auto"`: one file for each rank of each job."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lossboard.files.disk import opened, removed
from lossboard.files.processes import is_alive, this_process
from lossboard.opening.current import runs
from lossboard.sending.interface import Say

__all__ = ["LeftRun", "ResumeFile"]


@dataclass(frozen=True)
class LeftRun:
    """A run of which word was left, and the process that writes it, "" once that has ended it.
    `taken`: another process goes on with it from this moment on."""

    run_id: str
    process: str
    taken: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether a process that lives writes it, which may be this one."""
        if self.process == this_process():
            return any(run.id == self.run_id for run in runs.active)
        return self.taken or is_alive(self.process)

    @property
    def words(self) -> str:
        """Who writes it, in words."""
        if self.taken:
            return f"another process goes on with run {self.run_id}"
        host, number, _ = self.process.split(" ", 2)
        return f"run {self.run_id} is written by process {number} on {host}"


class ResumeFile:
    """`wandb-resume.json` in the folder of runs. Processes with a `slot` (a rank, or a scheduler's
    job) have one of their own: what another rank or job left is not theirs to go on with."""

    def __init__(self, folder: Path, slot: str) -> None:
        name = re.sub(r"[^\w.\[\]-]", "_", slot)[:200]
        self._path = folder / (f"wandb-resume-{name}.json" if name else "wandb-resume.json")

    def read(self) -> LeftRun | None:
        """The run that has not ended well; an unreadable file is none."""
        try:
            left: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(left, dict) or not isinstance(left.get("run_id"), str):
            return None
        return LeftRun(left["run_id"], str(left.get("process", "")))

    def take(self, say: Say) -> LeftRun | None:
        """The run that was left, which is this process's from now on unless it is alive: of several
        processes that ask at the same moment one gets it."""
        left = self.read()
        if left is None or left.is_alive:
            return left
        mark = self._mark_of(left)
        try:
            os.close(opened(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return replace(left, taken=True)
        except OSError:  # nobody may write here, so that nobody can leave another word
            return left
        return self._taken(left, mark, say)

    def _mark_of(self, left: LeftRun) -> Path:
        """A file that is there while a process takes this very word."""
        digest = hashlib.sha256(f"{left.run_id} {left.process}".encode()).hexdigest()[:16]
        return self._path.with_name(f".{self._path.name}-{digest}")

    def _taken(self, left: LeftRun, mark: Path, say: Say) -> LeftRun | None:
        """The word while the mark is this process's: it may have been taken before that."""
        now = self.read()
        if now == left:
            self.write(left.run_id, say)
        if trouble := removed(mark):
            say(f"a file of resume='auto' can't be removed: {trouble}", "warn")
        return now if now is None or now == left else replace(now, taken=True)

    def write(self, run_id: str, say: Say) -> None:
        """Leaves word of a run that this process writes."""
        self._write(run_id, this_process(), say)

    def _write(self, run_id: str, process: str, say: Say) -> None:
        temporary = self._path.with_name(f".{self._path.name}-{secrets.token_hex(8)}")
        content = json.dumps({"run_id": run_id, "process": process})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(content, encoding="utf-8")
            temporary.replace(self._path)  # whole, or not at all, for those who read it just now
        except OSError as error:
            say(f"resume='auto' will not find this run: {error.strerror or error}", "warn")

    def forget(self, say: Say) -> None:
        """Removes the word of a run that has ended, as one without resume="auto" does."""
        left = self.read()
        if left is None or not left.is_alive:
            self._remove(say)

    def _remove(self, say: Say) -> None:
        if trouble := removed(self._path):
            say(f"the word of the run before can't be removed: {trouble}", "warn")

    def ended(self, run_id: str, exit_code: int, say: Say) -> None:
        """A run of this process has ended: well, and its word goes; or it waits for the next."""
        if self.read() != LeftRun(run_id, this_process()):
            return
        if exit_code == 0:
            self._remove(say)
        else:
            self._write(run_id, "", say)
