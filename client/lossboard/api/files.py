"""Files of a run."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from lossboard import wire
from lossboard.api.joining import RunPlace, join_run
from lossboard.connection import Connection
from lossboard.errors import CommError
from lossboard.files.mime_types import guessed_type
from lossboard.files.placing import inside, placed
from lossboard.times import iso_time

__all__ = ["File", "like", "upload_file"]


def upload_file(connection: Connection, place: RunPlace, path: Path, root: Path) -> str:
    """Stores a file with a run; its name there, the path as seen from `root`. Raises ValueError for
    one outside of it, OSError for one that can't be read."""
    name = Path(os.path.relpath(path, root)).as_posix()
    if name.startswith("../"):
        raise ValueError(f"{path} does not lie below {root}: give its folder as root")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    connection.put_blob(sha256, path)
    size_bytes, now_us = path.stat().st_size, time.time_ns() // 1000
    entry = wire.FileEntry(name, sha256, size_bytes, now_us, guessed_type(name))
    join_run(connection, place, files=[entry])
    return name


def like(pattern: str) -> Callable[[str], bool]:
    """A test of names by SQL's LIKE: `%` is any text, `_` one character; case counts."""
    parts = {"%": ".*", "_": "."}
    expression = re.compile("".join(parts.get(mark, re.escape(mark)) for mark in pattern), re.S)
    return lambda name: expression.fullmatch(name) is not None


class File:
    """A file that belongs to a run."""

    def __init__(self, connection: Connection, run_uid: int, attributes: Mapping[str, Any]) -> None:
        self._connection = connection
        self._run_uid = run_uid
        self._attributes = attributes

    @property
    def name(self) -> str:
        """Its name in the run, which may have folders."""
        return str(self._attributes["name"])

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return int(self._attributes["size_bytes"])

    @property
    def sha256(self) -> str:
        """The SHA-256 of its content, in hex; empty for one that is made when it is asked for, of
        the config, the summary, the metadata or the output."""
        return str(self._attributes["sha256"])

    @property
    def mimetype(self) -> str:
        """Its type."""
        return str(self._attributes["mime_type"])

    @property
    def url(self) -> str:
        """The address of its content."""
        base = self._connection.settings.base_url.rstrip("/")
        if not self.sha256:
            return f"{base}/api/runs/{self._run_uid}/files/{quote(self.name)}"
        return f"{base}/api/blobs/{self.sha256}"

    direct_url = path_uri = url

    @property
    def updated_at(self) -> str:
        """When it came, in ISO 8601."""
        return iso_time(self._attributes["time_us"])

    updatedAt = updated_at

    def delete(self) -> None:
        """Takes it off the run."""
        self._connection.delete("runs", self._run_uid, "files", *self.name.split("/"))

    def download(
        self,
        root: str | os.PathLike[str] = ".",
        replace: bool = False,
        exist_ok: bool = False,
        api: object = None,
    ) -> TextIO:
        """Writes it below `root`, with its folders, and returns the open file.

        Raises ValueError if it is there already, unless it may be replaced or `exist_ok` (then
        it is left as it is), and where its name leads out of `root`; CommError when what came is
        not what the run has.
        """
        target = inside(Path(root), self.name)
        if target.exists() and not replace:
            if exist_ok:
                return target.open(encoding="utf-8")
            raise ValueError(f"{target} is there already: use replace=True or exist_ok=True")
        with placed(Path(root), self.name) as file:
            self._connection.download(file, "runs", self._run_uid, "files", *self.name.split("/"))
            file.flush()
            self._check(Path(file.name))
        return target.open(encoding="utf-8")

    def _check(self, path: Path) -> None:
        if not self.sha256:  # it may have grown, as the run does
            return
        size_bytes = path.stat().st_size
        if size_bytes < self.size:
            raise CommError(f"the download of {self.name!r} broke off before its {self.size} bytes")
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 != self.sha256:
            raise CommError(
                f"{self.name!r} is not what it was when it was listed ({size_bytes} bytes came, of"
                f" {self.size}): it was damaged, or logged anew; ask for the file again"
            )

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype}, {self.size} bytes)>"
