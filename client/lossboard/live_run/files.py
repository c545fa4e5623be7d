"""The files of a run: `save` uploads them, `restore` brings them back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TextIO

from lossboard.files.disk import file_name
from lossboard.files.mime_types import guessed_type
from lossboard.live_run.core import Beginning, Core, while_running
from lossboard.live_run.saving import LiveFiles, Match, matches, policy_checked
from lossboard.times import now_us

__all__ = ["Files"]

_CLOUD = ("s3://", "gs://")


class Files(Core):
    """The calls of a run that keep files."""

    def __init__(self, beginning: Beginning) -> None:
        self._live_files = LiveFiles(self._upload, self._warn)
        super().__init__(beginning)

    @property
    def dir(self) -> str:
        """The folder of files that belong to the run."""
        return str(self._directory.files)

    @while_running("save")
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
        policy_checked(policy)
        if glob_str is None:
            return []
        text = os.fsdecode(glob_str)
        if text.startswith(_CLOUD):
            self._warn(f"{text} is a cloud storage address: it is not saved with the run")
            return []
        base = None if base_path is None else Path(base_path)
        if base is None and Path(text).is_absolute():
            self._say_base(Path(text))
        try:
            found = matches(Path(text), base, Path(self.dir))
        except OSError as error:  # a folder that is gone or can't be read, also the current one
            self._warn(f"{text} can't be saved: {error}")
            return []
        return [self._save(match, policy) for match in found]

    def _say_base(self, path: Path) -> None:
        if not path.is_relative_to(self.dir):
            self._warn(
                f"{path} is saved with its last folder alone: give base_path= to choose how much"
                " of the path is kept"
            )

    def _save(self, match: Match, policy: str) -> str:
        target = self._directory.files / file_name(match.name)
        if target != match.source:
            self._home.mirror(match.name, lambda place: _place(match.source, place))
        if policy == "now":
            self._upload(match)
        else:
            self._live_files.add(match, live=policy == "live")
        return str(target)

    def _upload(self, match: Match) -> None:
        self._sender.put_file(
            match.source,
            name=match.name,
            time_us=now_us(),
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

    def _start_in_fork(self) -> None:
        super()._start_in_fork()
        self._live_files.start_in_fork()


def _place(source: Path, target: Path) -> None:
    """A link to the source, so that the run's folder shows it as it changes; else a copy."""
    target.unlink(missing_ok=True)
    try:
        target.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)
