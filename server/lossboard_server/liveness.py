"""When runs were last heard of, on this process's monotonic clock.

Only the running ones are watched. A run that was running when the server stopped counts from
the server's start, so that a restart never makes a living run look crashed.
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

    def seen(self, uids: Iterable[int]) -> None:
        """These runs were heard of now."""
        now_secs = time.monotonic()
        for uid in uids:
            self._last_secs[uid] = now_secs

    def silent(self, running: Iterable[int]) -> list[int]:
        """Those of the `running` runs that were silent for too long; forgets all others."""
        now_secs = time.monotonic()
        self._last_secs = {uid: self._last_secs.get(uid, now_secs) for uid in running}
        limit_secs = now_secs - self._crashed_after_secs
        return [uid for uid, last_secs in self._last_secs.items() if last_secs < limit_secs]
