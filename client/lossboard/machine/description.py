"""The description of a run that takes a while to collect: machine, packages, git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from lossboard.duties import Duties
from lossboard.machine.gpu_metrics import GpuSampler
from lossboard.machine.host import describe_machine, main_program, program_folder, requirements
from lossboard.machine.repository import Repository
from lossboard.sending.fork import forks_wait
from lossboard.settings import Settings

__all__ = ["Collected", "Description"]

_METADATA_FILE: Final = "wandb-metadata.json"
_REQUIREMENTS_FILE: Final = "requirements.txt"
_DIFF_FILE: Final = "diff.patch"


@dataclass
class Collected:
    """`files` holds content and MIME type by name; `troubles` says what could not be had."""

    metadata: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)


class Description:
    """Collects it, as far as the settings allow; the files are those that W&B makes.

    `known` is the metadata that the run began with; `folder` is `run.dir`.
    """

    def __init__(
        self, settings: Settings, known: Mapping[str, Any], started_us: int, folder: Path
    ) -> None:
        self._settings = settings
        self._known = known
        self._started = datetime.fromtimestamp(started_us / 1e6, UTC)
        self._folder = folder

    def collect(self, gpus: GpuSampler | None) -> Collected:
        """Everything, written into the folder too. Takes about a second where git is slow."""
        found = Collected()
        parts = Duties("not all that describes the run could be had")
        if not self._settings.disable_git:
            parts.do("the state of git", lambda: self._add_git(found))
        with forks_wait:
            self._add_rest(found, gpus, parts)
        parts.tell(lambda text, _: found.troubles.append(text))
        return found

    def _add_rest(self, found: Collected, gpus: GpuSampler | None, parts: Duties) -> None:
        if not self._settings.x_disable_machine_info:
            parts.do("the machine", lambda: found.metadata.update(describe_machine()))
            parts.do("its GPUs", lambda: found.metadata.update(gpus.facts() if gpus else {}))
        if self._settings.x_save_requirements:
            parts.do("its packages", lambda: self._add_requirements(found))
        if self._settings.save_code and not self._settings.disable_code:
            parts.do("the script", lambda: self._add_program(found))
        parts.do(_METADATA_FILE, lambda: self._add_everything(found))
        self._write(found)

    def _add_requirements(self, found: Collected) -> None:
        found.files[_REQUIREMENTS_FILE] = (requirements().encode(), "text/plain")

    def _add_everything(self, found: Collected) -> None:
        everything = {**self._known, **found.metadata, "startedAt": self._started.isoformat()}
        content = msgspec.json.format(msgspec.json.encode(everything), indent=2)
        found.files[_METADATA_FILE] = (content, "application/json")

    def _add_git(self, found: Collected) -> None:
        repository = Repository.around(program_folder(self._settings))
        facts = repository.facts() if repository else {}
        if repository is None or not facts:
            return
        found.metadata["git"] = facts
        try:
            diff = None if self._settings.disable_code else repository.diff()
        except ValueError as error:
            found.troubles.append(f"no {_DIFF_FILE}: {error}")
            return
        if diff:
            found.files[_DIFF_FILE] = (diff, "text/x-diff")

    def _add_program(self, found: Collected) -> None:
        """The script itself, as `code/<name>`."""
        program = main_program(self._settings)
        if program is None or not program.is_file():
            found.troubles.append("save_code: there is no script; log_code() keeps a folder")
            return
        found.metadata["codePath"] = program.name
        found.files[f"code/{program.name}"] = (program.read_bytes(), "text/x-python")

    def _write(self, found: Collected) -> None:
        for name, (content, _) in found.files.items():
            try:
                path = self._folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                found.troubles.append(f"{name} is not in {self._folder}: {error.strerror or error}")
