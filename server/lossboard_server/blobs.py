"""File contents, named by their SHA-256 and by nothing a client says."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import anyio.to_thread

from lossboard_server.errors import Invalid, TooLarge

__all__ = ["BlobStore", "Received", "is_sha256"]

_CHECKED_SECS: Final = 600.0
_MOST_CHECKED: Final = 100_000

_log = logging.getLogger("lossboard.server")


@dataclass(frozen=True, slots=True)
class Received:
    """Hashes (hex) and size of what was stored."""

    sha256: str
    md5: str
    size_bytes: int


def is_sha256(text: str) -> bool:
    """Whether `text` is 64 lower-case hex digits."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


class BlobStore:
    """Blobs under one directory, `ab/abcdef...`; a blob that is visible is whole.

    `check` raises what an upload answers with when the directory is no longer the one of the start.
    """

    def __init__(
        self, root: Path, limit_bytes: int, check: Callable[[], None] = lambda: None
    ) -> None:
        self._check = check
        self._root = root
        self._incoming = root / "incoming"
        self._damaged = root / "damaged"
        self._limit_bytes = limit_bytes
        self._checked: dict[str, float] = {}  # when the bytes of a blob were last compared
        self._incoming.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """The path of the blob, if it is here; raises Invalid for what isn't a SHA-256."""
        if not is_sha256(sha256):
            raise Invalid(f"{sha256[:80]!r} isn't a SHA-256: expected 64 lower-case hex digits")
        return self._root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the blob is here; asking keeps it from being removed as unused for a while."""
        path = self.path(sha256)
        if not path.exists():
            return False
        os.utime(path)
        return True

    def sweep_incoming(self) -> None:
        """Remove what uploads left that a kill cut off; to be called before there are others."""
        for path in self._incoming.iterdir():
            path.unlink(missing_ok=True)

    async def has_intact(self, sha256: str) -> bool:
        """Whether the blob is here with the bytes of its name; one with others is set apart, so
        that the right ones can be stored again. Bytes that were compared a while ago are taken
        for right."""
        if not self.has(sha256):
            return False
        if time.monotonic() - self._checked.get(sha256, -math.inf) < _CHECKED_SECS:
            return True
        return await anyio.to_thread.run_sync(self._is_intact, sha256)

    def _is_intact(self, sha256: str) -> bool:
        path = self.path(sha256)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found == sha256:
            self._note_checked(sha256)
            return True
        self._damaged.mkdir(exist_ok=True)
        os.replace(path, self._damaged / sha256)
        _log.error(
            "file %s has other bytes than were stored: set apart in %s", sha256, self._damaged
        )
        return False

    def _note_checked(self, sha256: str) -> None:
        if len(self._checked) >= _MOST_CHECKED:
            self._checked.clear()
        self._checked[sha256] = time.monotonic()

    def was_damaged(self, sha256: str) -> bool:
        """Whether the blob was set apart, and its right bytes have not come since."""
        return (self._damaged / sha256).exists()

    async def receive(self, sha256: str, chunks: AsyncIterator[bytes]) -> int:
        """Store what `chunks` yield and return its size; raises Invalid if it has another hash,
        TooLarge past the limit. The blob is visible only once it is whole and on disk."""
        self.path(sha256)
        return (await self._receive(chunks, sha256)).size_bytes

    async def receive_unnamed(self, chunks: AsyncIterator[bytes]) -> Received:
        """Store what `chunks` yield, under the hash it turns out to have."""
        return await self._receive(chunks, None)

    async def _receive(self, chunks: AsyncIterator[bytes], expected: str | None) -> Received:
        self._check()
        file = tempfile.NamedTemporaryFile(dir=self._incoming, delete=False)  # noqa: SIM115
        try:
            with file:
                received, rest = await self._write(file, chunks)
                if expected not in (None, received.sha256):
                    raise Invalid(
                        f"the bytes sent have SHA-256 {received.sha256}, the address says"
                        f" {expected}"
                    )
                target = self.path(received.sha256)
                self._check()
                await anyio.to_thread.run_sync(_publish, file, rest, target)
            (self._damaged / received.sha256).unlink(missing_ok=True)
            self._note_checked(received.sha256)
        finally:
            Path(file.name).unlink(missing_ok=True)
        return received

    async def _write(self, file: IO[bytes], chunks: AsyncIterator[bytes]) -> tuple[Received, bytes]:
        """Writes all but the last chunk, which comes back: a small file, which has one, then costs
        one turn of a thread."""
        sha256, md5, size_bytes = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        last = b""
        async for chunk in chunks:
            if not chunk:
                continue
            size_bytes += len(chunk)
            if size_bytes > self._limit_bytes:
                raise TooLarge(
                    f"the file is larger than {self._limit_bytes} bytes: raise"
                    " LOSSBOARD_SERVER_BLOB_LIMIT_BYTES to allow it",
                    limit_bytes=self._limit_bytes,
                )
            if last:
                await anyio.to_thread.run_sync(file.write, last)
            sha256.update(chunk)
            md5.update(chunk)
            last = chunk
        return Received(sha256.hexdigest(), md5.hexdigest(), size_bytes), last

    def unused(self, *, unused_secs: float) -> list[str]:
        """Blobs that nobody stored or asked for within `unused_secs`."""
        before = time.time() - unused_secs
        found = (path for path in self._root.glob("??/*") if path.stat().st_mtime < before)
        return [path.name for path in found if is_sha256(path.name)]

    def remove_unused(self, sha256: str, *, unused_secs: float) -> bool:
        """Remove the blob unless somebody asked for it within `unused_secs`."""
        path = self.path(sha256)
        if not path.exists() or time.time() - path.stat().st_mtime < unused_secs:
            return False
        path.unlink()
        return True


def _publish(file: IO[bytes], rest: bytes, target: Path) -> None:
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())
    target.parent.mkdir(exist_ok=True)
    file.close()  # Windows renames no open file
    os.replace(file.name, target)
    if not hasattr(os, "O_DIRECTORY"):  # Windows, where no folder can be opened
        return
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)  # the name, too, must survive a power loss
    finally:
        os.close(handle)
