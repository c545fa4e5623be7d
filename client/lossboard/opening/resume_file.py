"""The word that a run leaves for `resume="auto"`: one file for each rank of each job."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lossboard.files.disk import removed
from lossboard.files.processes import is_alive, this_process
from lossboard.sending.interface import Say

__all__ = ["LeftRun", "ResumeFile"]


@dataclass(frozen=True)
class LeftRun:
    """A run of which word was left, and the process that left it ("" by older versions)."""

    run_id: str
    process: str

    @property
    def is_alive(self) -> bool:
        """Whether another process, which lives, writes it."""
        return self.process != this_process() and is_alive(self.process)

    @property
    def words(self) -> str:
        """Who writes it, in words."""
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

    def write(self, run_id: str, say: Say) -> None:
        """Leaves word of a run that this process writes."""
        temporary = self._path.with_name(f".{self._path.name}-{secrets.token_hex(8)}")
        content = json.dumps({"run_id": run_id, "process": this_process()})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(content, encoding="utf-8")
            temporary.replace(self._path)  # whole, or not at all, for those who read it just now
        except OSError as error:
            say(f"resume='auto' will not find this run: {error.strerror or error}", "warn")

    def forget(self, say: Say) -> None:
        """Removes the word of a run that has ended, as one without resume="auto" does."""
        left = self.read()
        if left is not None and left.is_alive:
            return
        if trouble := removed(self._path):
            say(f"the word of the run before can't be removed: {trouble}", "warn")

    def ended(self, exit_code: int, say: Say) -> None:
        """The run of this process has ended: well, and its word goes; or it waits for the next."""
        left = self.read()
        if exit_code == 0 and left is not None and left.process == this_process():
            self.forget(say)
