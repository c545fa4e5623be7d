"""A progress bar of bytes, on a terminal; a line at the end elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TextIO

from lossboard.sizes import size_text

__all__ = ["ProgressBar"]

_WIDTH: Final = 30
_REDRAW_SECS: Final = 0.1


class ProgressBar:
    """Draws to `stream` (stderr, usually) while something of `total_bytes` gets done."""

    def __init__(self, stream: TextIO, label: str, total_bytes: int) -> None:
        self._stream = stream
        self._label = label
        self._total_bytes = max(total_bytes, 1)
        self._is_terminal = stream.isatty()
        self._drawn_at = float("-inf")

    def update(self, waiting_bytes: Callable[[], int]) -> None:
        """Draws again, at most ten times a second; only then it asks what still waits."""
        now = time.monotonic()
        if self._is_terminal and now - self._drawn_at >= _REDRAW_SECS:
            self._drawn_at = now
            self._draw(self._total_bytes - waiting_bytes())

    def clear(self) -> None:
        """Leaves nothing behind: somebody else says how it ended."""
        if self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def close(self, words: str) -> None:
        """Draws for the last time, with how it ended."""
        self.clear()
        self._stream.write(f"{self._label}: {words}\n")
        self._stream.flush()

    def _draw(self, done_bytes: int) -> None:
        share = min(done_bytes / self._total_bytes, 1.0)
        bar = ("█" * round(share * _WIDTH)).ljust(_WIDTH, "·")
        self._stream.write(f"\r\x1b[K{self._label} {bar} {size_text(done_bytes)}")
        self._stream.flush()
