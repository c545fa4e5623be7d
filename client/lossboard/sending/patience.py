"""How long `finish` goes on: as long as anything moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from lossboard.sending.outflow import Outflow

__all__ = ["Patience"]

_SLOWEST_BYTES_PER_SEC: Final = 1000.0  # what trickles slower than that counts as standing still


class Patience:
    """Is over when nothing has moved for `limit_secs`.

    Something moves when `marks()` changes (what was done with), or when bytes go out. A server
    that has a whole body gets time to store it.
    """

    def __init__(
        self,
        limit_secs: float,
        marks: Callable[[], tuple[int, ...]],
        outflows: Sequence[Outflow] = (),
    ) -> None:
        self.limit_secs = limit_secs
        self._marks = marks
        self._outflows = outflows
        self._least_bytes = max(1.0, _SLOWEST_BYTES_PER_SEC * limit_secs)
        self._seen = marks()
        self._start_anew()

    @property
    def still_secs(self) -> float:
        """For how long nothing has moved."""
        return time.monotonic() - self._moved_at

    def lasts(self) -> bool:
        """Looks whether something moved; whether it is worth to go on. To be asked often."""
        seen = self._marks()
        if seen != self._seen:
            self._seen = seen
            for outflow in self._outflows:
                outflow.forgive()
            self._start_anew()
        elif self._bytes() - self._moved_bytes >= self._least_bytes:
            self._start_anew()
        grace_secs = max((outflow.answer_secs for outflow in self._outflows), default=0.0)
        return self.still_secs < self.limit_secs + grace_secs

    def _start_anew(self) -> None:
        self._moved_at, self._moved_bytes = time.monotonic(), self._bytes()

    def _bytes(self) -> int:
        return sum(outflow.moved_bytes for outflow in self._outflows)
