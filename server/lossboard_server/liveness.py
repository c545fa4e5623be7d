"""When writers were last heard of, on this process's monotonic clock.

Only those that haven't ended are watched. One that was there when the server stopped counts from
the server's start, so that a restart never makes a living process look dead.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

__all__ = ["Liveness"]


class Liveness:
    """Ages of the last signs of life."""

    def __init__(self, crashed_after_secs: float) -> None:
        self._crashed_after_secs = crashed_after_secs
        self._last_secs: dict[int, float] = {}

    def seen(self, writers: Iterable[int]) -> None:
        """These writers were heard of now."""
        now_secs = time.monotonic()
        for writer in writers:
            self._last_secs[writer] = now_secs

    def silent(self, living: Iterable[int]) -> list[int]:
        """The ones of the `living` writers that were silent for too long; forgets all others."""
        now_secs = time.monotonic()
        self._last_secs = {writer: self._last_secs.get(writer, now_secs) for writer in living}
        limit_secs = now_secs - self._crashed_after_secs
        return [writer for writer, last_secs in self._last_secs.items() if last_secs < limit_secs]
