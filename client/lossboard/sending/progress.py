"""How far something of many bytes is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final, TextIO

from lossboard.sizes import size_text

__all__ = ["Pace", "ProgressBar"]

_WIDTH: Final = 30
_REDRAW_SECS: Final = 0.1
_PRINT_SECS: Final = 5.0  # where each line stays
_PACE_SECS: Final = 5.0  # over which a rate is taken


class Pace:
    """How many bytes got done, of how many, and how fast of late."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()  # times, and bytes that were left
        self.total_bytes = 0

    def see(self, left_bytes: int) -> None:
        """Takes note of what is left now."""
        now = time.monotonic()
        self.total_bytes = max(self.total_bytes, left_bytes)
        self._seen.append((now, left_bytes))
        while now - self._seen[0][0] > _PACE_SECS and len(self._seen) > 2:
            self._seen.popleft()

    @property
    def done_bytes(self) -> int:
        """The bytes done with since the most was left."""
        return self.total_bytes - (self._seen[-1][1] if self._seen else 0)

    @property
    def bytes_per_sec(self) -> int:
        """Over the last seconds."""
        (since, left_then), (now, left_now) = self._seen[0], self._seen[-1]
        return int(max(left_then - left_now, 0) / (now - since)) if now > since else 0

    @property
    def text(self) -> str:
        """`1.2 GB of 3.0 GB at 41.3 MB/s`; after `see`."""
        amount = f"{size_text(self.done_bytes)} of {size_text(self.total_bytes)}"
        return f"{amount} at {size_text(self.bytes_per_sec)}/s"


class ProgressBar:
    """Draws to `stream` (stderr, usually) while something of `total_bytes` gets done."""

    def __init__(self, stream: TextIO, label: str, total_bytes: int) -> None:
        self._stream = stream
        self._label = label
        self._is_terminal = stream.isatty()
        self._pace = Pace()
        self._pace.see(total_bytes)
        self._seen_at = float("-inf")
        self._printed_at = time.monotonic()

    def update(self, left_bytes: Callable[[], int]) -> None:
        """Shows how far it is, at most ten times a second; only then it asks what is left."""
        now = time.monotonic()
        if now - self._seen_at < _REDRAW_SECS:
            return
        self._seen_at = now
        self._pace.see(left_bytes())
        if self._is_terminal:
            self._draw()
        elif now - self._printed_at >= _PRINT_SECS:
            self._printed_at = now
            self._write(f"{self._label}: {self._pace.text}\n")

    def clear(self) -> None:
        """Leaves nothing behind: somebody else says how it ended."""
        if self._is_terminal:
            self._write("\r\x1b[K")

    def close(self, words: str) -> None:
        """Draws for the last time, with how it ended."""
        self.clear()
        self._write(f"{self._label}: {words}\n")

    def _draw(self) -> None:
        share = self._pace.done_bytes / max(self._pace.total_bytes, 1)
        bar = ("█" * round(share * _WIDTH)).ljust(_WIDTH, "·")
        self._write(f"\r\x1b[K{self._label} {bar} {self._pace.text}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
