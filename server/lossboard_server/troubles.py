"""Errors that come again and again: logged once, and then at each ten times as many."""

from __future__ import annotations

import logging
import threading
import time

__all__ = ["Troubles"]

_log = logging.getLogger("lossboard.server")


class Troubles:
    """Counts errors by what they say; used from any thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self.total = 0
        self.last = ""
        self.last_secs: float | None = None  # since the epoch

    def note(self, text: str) -> None:
        """Count an error, and log it if it is new or its count is a power of ten."""
        with self._lock:
            count = self._counts[text] = self._counts.get(text, 0) + 1
            self.total, self.last, self.last_secs = self.total + 1, text, time.time()
        if str(count).rstrip("0") == "1":
            times = "" if count == 1 else f" ({count:,} times so far)"
            _log.error("%s%s", text, times)
