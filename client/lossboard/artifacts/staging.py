"""The content of files on their way into an artifact: copied once, hashed on the way."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

__all__ = ["Hashed", "Staging", "hashed", "md5_of"]

_BLOCK_BYTES: Final = 1_048_576


class Hashed(NamedTuple):
    """A content: its place, base64 MD5, hex SHA-256 and size in bytes."""

    path: Path
    md5: str
    sha256: str
    size_bytes: int


def hashed(path: Path) -> Hashed:
    """The file as it lies. Raises OSError when it can't be read."""
    with path.open("rb") as source:
        return _hash(source, path, None)


def md5_of(path: Path) -> str:
    """The base64 MD5 of a file. Raises OSError when it can't be read."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
    return base64.b64encode(digest).decode()


class Staging:
    """A temporary folder that goes with its artifact."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def place(self) -> Path:
        """The path of a file to be made."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="lossboard-artifact-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._count += 1
        return self._folder / str(self._count)

    def copied(self, source: Path) -> Hashed:
        """A copy, which stays as it is whatever becomes of `source`. Raises OSError."""
        target = self.place()
        with source.open("rb") as content, target.open("xb") as copy:
            return _hash(content, target, copy)

    def kept(self, content: bytes) -> Hashed:
        """A file of these bytes."""
        target = self.place()
        target.write_bytes(content)
        return hashed(target)


def _hash(source: BinaryIO, path: Path, copy: BinaryIO | None) -> Hashed:
    md5, sha256, size_bytes = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    while block := source.read(_BLOCK_BYTES):
        md5.update(block)
        sha256.update(block)
        size_bytes += len(block)
        if copy is not None:
            copy.write(block)
    return Hashed(path, base64.b64encode(md5.digest()).decode(), sha256.hexdigest(), size_bytes)
