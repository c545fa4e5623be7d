"""Room that is kept for deletions: a file that is given up when the disk is full.

Deleting needs room too, in the write-ahead log. Once the file is gone nothing is taken in that
makes the store larger, until there is room for it again. At a start it helps where there is some
of it left.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from lossboard_server.errors import Busy

__all__ = ["Reserve"]

_NAME: Final = "reserve"
_TIMES: Final = 2  # as much has to be free before it is made anew


class Reserve:
    """The reserve of a data directory; used from any thread."""

    def __init__(self, data_dir: Path, size_bytes: int) -> None:
        self._data_dir = data_dir
        self._path = data_dir / _NAME
        self._size_bytes = size_bytes
        self.is_given_up = False

    def open(self) -> None:
        """At a start: give it up if there is less room than it has itself."""
        if self._path.exists() and self._free_bytes() < self._size_bytes:
            self.give_up()

    def give_up(self) -> None:
        """The disk is full."""
        if self._size_bytes and not self.is_given_up:
            self._path.unlink(missing_ok=True)
            self.is_given_up = True

    def renew(self) -> None:
        """Make it, if it isn't there and there is room for it and for more."""
        if self._path.exists() or not self._size_bytes:
            return
        if self._free_bytes() < _TIMES * self._size_bytes:
            return
        try:
            self._make()
        except OSError:  # there is less room than it seemed, by a quota or by others that took it
            self._path.unlink(missing_ok=True)
        else:
            self.is_given_up = False

    def _make(self) -> None:
        with self._path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, self._size_bytes)
            else:
                file.write(os.urandom(self._size_bytes))

    def check(self) -> None:
        """Raises Busy while nothing may be taken in that makes the store larger."""
        if self.is_given_up:
            raise Busy(
                "the server's disk is full: only deletions and edits are taken until there is room"
                f" again in {self._data_dir}; clients keep what they have and try again",
                retry_after_secs=5,
            )

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self._data_dir).free
