"""Blobs that announced artifacts wait for: of each the one blob that has to come next.

An artifact's entries are looked at from the last path back (clients upload by path, so what is
missing is soon found) and each once: where a blob is missing the look stops until it comes, and
goes on from there. So a blob that comes costs no look at others, however many files there are.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from sqlalchemy import Connection

from lossboard_server.blobs import BlobStore
from lossboard_server.queries.artifacts.pending_artifacts import Announced, EntryBlob, blobs_before

__all__ = ["AwaitedBlobs"]

_PAGE: Final = 200


class _Look:
    """How far the entries of one artifact were looked at."""

    def __init__(self, artifact_id: int) -> None:
        self._artifact_id = artifact_id
        self._page: deque[EntryBlob] = deque()
        self._before: str | None = None
        self._ended = False

    def current(self, connection: Connection) -> str | None:
        """The SHA-256 that the look is at; empty for a reference, None past the first entry."""
        if not self._page and not self._ended:
            page = blobs_before(connection, self._artifact_id, self._before, limit=_PAGE)
            self._page.extend(page)
            self._ended = len(page) < _PAGE
        return self._page[0].sha256 if self._page else None

    def go_on(self) -> None:
        """The blob is here."""
        self._before = self._page.popleft().path


class AwaitedBlobs:
    """Used from several threads; what it knows is in memory."""

    def __init__(self, blobs: BlobStore) -> None:
        self.is_informed = False  # of what the database holds since before the server's start
        self._blobs = blobs
        self._looks: dict[Announced, _Look] = {}
        self._waiting: dict[str, tuple[Announced, ...]] = {}
        self._lock = threading.Lock()

    def waiting_for(self, sha256: str) -> tuple[Announced, ...]:
        """The artifacts that wait for this blob next; to be asked once the blob is stored."""
        return self._waiting.get(sha256, ())

    def has_all(self, connection: Connection, artifact: Announced) -> bool:
        """Whether all blobs of the artifact are here; else it waits for the next missing one."""
        with self._lock:
            look = self._looks.setdefault(artifact, _Look(artifact.id))
            while (sha256 := look.current(connection)) is not None:
                if sha256 and not self._has(sha256, artifact):
                    return False
                look.go_on()
            del self._looks[artifact]
            return True

    def _has(self, sha256: str, artifact: Announced) -> bool:
        """Says that the artifact waits before it looks: who stores the blob in between sees it."""
        others = tuple(one for one in self._waiting.get(sha256, ()) if one != artifact)
        self._waiting[sha256] = (*others, artifact)
        if not self._blobs.has(sha256):
            return False
        if others:
            self._waiting[sha256] = others
        else:
            del self._waiting[sha256]
        return True
