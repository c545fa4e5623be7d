"""The state of the git repository that the program lies in."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

__all__ = ["DIFF_LIMIT_BYTES", "Repository"]

DIFF_LIMIT_BYTES: Final = 10_000_000
_TIMEOUT_SECS: Final = 10.0


@dataclass(frozen=True)
class Repository:
    """A repository, by any folder in it. What git does not answer in ten seconds is unknown."""

    folder: Path

    @classmethod
    def around(cls, folder: Path) -> Self | None:
        """The repository that `folder` lies in, if there is one."""
        found = any(os.path.exists(root / ".git") for root in (folder, *folder.parents))
        return cls(folder) if found else None

    def facts(self) -> dict[str, Any]:
        """Commit, branch and remote, as far as they are known."""
        remote = self._says("config", "--get", "remote.origin.url")
        found = {
            "commit": self._says("rev-parse", "HEAD"),
            "branch": self._says("rev-parse", "--abbrev-ref", "HEAD"),
            "remote": _without_password(remote) if remote else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def diff(self) -> bytes | None:
        """The changes in tracked files since the last commit; None where git says nothing.

        Raises ValueError for a diff larger than DIFF_LIMIT_BYTES.
        """
        text = self._output("diff", "--no-ext-diff", "--no-color", "--submodule=diff", "HEAD")
        if text is not None and len(text) > DIFF_LIMIT_BYTES:
            raise ValueError(
                f"the diff is larger than {DIFF_LIMIT_BYTES / 1e6:g} MB: commit large files, or"
                " put them into .gitignore"
            )
        return text

    def _says(self, *arguments: str) -> str | None:
        text = self._output(*arguments)
        return (text.decode(errors="replace").strip() or None) if text is not None else None

    def _output(self, *arguments: str) -> bytes | None:
        command = ["git", "-C", str(self.folder), *arguments]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_SECS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):  # no git, or a slow disk: the run goes on
            return None
        return done.stdout if done.returncode == 0 else None


def _without_password(remote: str) -> str:
    scheme, separator, rest = remote.partition("://")
    return scheme + separator + rest.rpartition("@")[2] if separator else remote
