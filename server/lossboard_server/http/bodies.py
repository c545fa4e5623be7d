"""One budget for the bodies of all requests that are in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lossboard_server.errors import Busy
from lossboard_server.http.error_answers import RefusedBody

__all__ = ["Bodies", "Share"]

# Bodies larger than this have three quarters of the room, so that small ones, which most records
# and all signs of life are, never wait for them.
_SMALL_BYTES: Final = 1 << 20


class Bodies:
    """Counts what has come of bodies whose requests aren't answered yet; used from the event
    loop."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._large_bytes = 0  # of it, in bodies that aren't small

    @contextmanager
    def share(self) -> Iterator[Share]:
        """The part of the room that one request has; given back when it ends."""
        share = Share(self)
        try:
            yield share
        finally:
            self.add(-share.size_bytes, share.size_bytes > _SMALL_BYTES)

    def add(self, size_bytes: int, is_large: bool) -> None:
        self._held_bytes += size_bytes
        self._large_bytes += size_bytes if is_large else 0

    @property
    def is_full(self) -> bool:
        return self._held_bytes > self._limit_bytes

    @property
    def is_full_of_large(self) -> bool:
        return self._large_bytes > self._limit_bytes * 3 // 4


class Share:
    """The bytes that have come of one body."""

    def __init__(self, bodies: Bodies) -> None:
        self.size_bytes = 0
        self._bodies = bodies

    def take(self, size_bytes: int) -> None:
        """Count bytes that came; raises RefusedBody where there is no room for them."""
        before, self.size_bytes = self.size_bytes, self.size_bytes + size_bytes
        is_large = self.size_bytes > _SMALL_BYTES
        self._bodies.add(-before, before > _SMALL_BYTES)
        self._bodies.add(self.size_bytes, is_large)
        if self._bodies.is_full or (is_large and self._bodies.is_full_of_large):
            raise RefusedBody(
                Busy(
                    "the bodies of other requests take all the room there is: send this one again",
                    retry_after_secs=1,
                )
            )
