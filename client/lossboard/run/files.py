"""The files of a run: media, what `save` takes, what `restore` brings back."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from lossboard import wire
from lossboard.faults import Fault
from lossboard.files.directories import RunDirectory
from lossboard.files.disk import file_name
from lossboard.files.mime_types import guessed_type
from lossboard.media.base import Content
from lossboard.media.binder import Binder
from lossboard.run.described import Described
from lossboard.run.saving import LiveFiles, Match, matches, policy_checked
from lossboard.sending.sender import Sender
from lossboard.settings import Settings

if TYPE_CHECKING:
    from lossboard.media.combined import CombinedTable
    from lossboard.media.table import Table

__all__ = ["RunFiles"]

_CLOUD = ("s3://", "gs://")


class RunFiles(Described):
    """A run as the home of files. It is what media are bound to."""

    _sender: Sender
    _directory: RunDirectory
    _ended: bool

    def __init__(self, settings: Settings, start: wire.RunStart, *, resumed: bool) -> None:
        super().__init__(settings, start, resumed=resumed)
        self._binder = Binder(self, self._step_now)
        self._live_files = LiveFiles(self._upload, self.warn)
        # Charts, class labels: the config that W&B's clients keep out of sight.
        self._inner_config: dict[str, Any] = dict(start.config.get("_wandb") or {})

    def _step_now(self) -> int:
        """The step that is being logged."""
        raise NotImplementedError

    def _refuse(self, call: str) -> NoReturn:
        raise NotImplementedError

    @property
    def dir(self) -> str:
        """The folder of files that belong to the run."""
        return str(self._directory.files)

    # ---- the home of media

    def put_file(self, source: Content, *, name: str, mime_type: str) -> wire.FileEntry:
        """Stores bytes, or a copy of a file, as a file of the run."""
        if not isinstance(source, bytes):
            os.stat(source)  # what is not there raises, and that is no trouble of our folder
        self._mirror(name, lambda target: _write(source, target))
        time_us = time.time_ns() // 1000
        return self._sender.put_file(source, name=name, time_us=time_us, mime_type=mime_type)

    def _mirror(self, name: str, write: Callable[[Path], object]) -> Path:
        """Has a file of the run stand in `dir` too, where it is; a folder that takes it no more
        keeps nothing from the server."""
        target = self._directory.files / file_name(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write(target)
        except OSError as error:
            self._say_once(f"{self.dir} takes no files any more ({error.strerror or error})")
        return target

    def _say_once(self, text: str) -> None:
        """Prints a warning, the first time."""
        raise NotImplementedError

    def put_config(self, path: Sequence[str], value: Any) -> None:
        """Sets a config value below `_wandb`."""
        place = self._inner_config
        for part in path[:-1]:
            place = place.setdefault(part, {})
        if place.get(path[-1]) != value:
            place[path[-1]] = value
            self._sender.put_config({"_wandb": _copied(self._inner_config)})

    def put_table(self, key: str, table: Table | CombinedTable) -> Mapping[str, Any]:
        """Logs a table that stands in the history, with its media, as an artifact; where it is."""
        raise NotImplementedError

    def tell(self, fault: Fault) -> None:
        """Says what became of a value in media."""
        raise NotImplementedError

    # ---- files of the user

    def save(
        self,
        glob_str: str | os.PathLike[str] | None = None,
        base_path: str | os.PathLike[str] | None = None,
        policy: str = "live",
        glob: bool = True,
    ) -> list[str]:
        """Uploads the files that a path or pattern means; their paths under `dir`.

        `policy`: "live" uploads now and again when a file has changed, "now" once, "end" at the
        end of the run. Names keep the folders below `base_path` (default: the current folder; of
        absolute paths the last folder). Raises ValueError for other policies and for patterns
        that lead out of the base path.
        """
        if self._ended:
            self._refuse("save")
        policy_checked(policy)
        if glob_str is None:
            return []
        text = os.fsdecode(glob_str)
        if text.startswith(_CLOUD):
            self.warn(f"{text} is a cloud storage address: it is not saved with the run")
            return []
        base = None if base_path is None else Path(base_path)
        if base is None and Path(text).is_absolute():
            self._say_base(Path(text))
        try:
            found = matches(Path(text), base, Path(self.dir))
        except OSError as error:  # a folder that is gone or can't be read, also the current one
            self.warn(f"{text} can't be saved: {error}")
            return []
        return [self._save(match, policy) for match in found]

    def _say_base(self, path: Path) -> None:
        if not path.is_relative_to(self.dir):
            self.warn(
                f"{path} is saved with its last folder alone: give base_path= to choose how much"
                " of the path is kept"
            )

    def _save(self, match: Match, policy: str) -> str:
        target = self._directory.files / file_name(match.name)
        if target != match.source:
            self._mirror(match.name, lambda place: _place(match.source, place))
        if policy == "now":
            self._upload(match)
        else:
            self._live_files.add(match, live=policy == "live")
        return str(target)

    def _upload(self, match: Match) -> None:
        self._sender.put_file(
            match.source,
            name=match.name,
            time_us=time.time_ns() // 1000,
            mime_type=guessed_type(match.name),
        )

    def restore(
        self,
        name: str,
        run_path: str | None = None,
        replace: bool = False,
        root: str | os.PathLike[str] | None = None,
    ) -> TextIO:
        """Downloads a file of a run (default: this one) to `root` (default: `dir`); the open file.

        A file that is there is left as it is, unless `replace`. Raises ValueError when the run
        has no such file, CommError when the server can't be asked.
        """
        from lossboard.api import Api  # brings an HTTP library

        overrides = {"base_url": self._settings.base_url, "entity": self.entity}
        run = Api(overrides).run(run_path or self.path)
        return run.file(name).download(root or self.dir, replace=replace, exist_ok=True)


def _write(source: Content, target: Path) -> None:
    if isinstance(source, bytes):
        target.write_bytes(source)
    else:
        shutil.copyfile(source, target)


def _place(source: Path, target: Path) -> None:
    """A link to the source, so that the run's folder shows it as it changes; else a copy."""
    target.unlink(missing_ok=True)
    try:
        target.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)


def _copied(value: Any) -> Any:
    """Nested dicts as new ones: what is sent must not change any more."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return value
