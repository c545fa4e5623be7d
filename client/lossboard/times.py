"""The time of this process, and times as W&B's public API and its artifacts give them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

__all__ = ["iso_time", "now_us"]

# Goes on while the machine sleeps, where the system has such a clock.
_STEADY: Final = getattr(time, "CLOCK_BOOTTIME", None)
_begun: list[int] = []  # what the wall clock was ahead of the steady one when it was first asked


def now_us() -> int:
    """Microseconds since the epoch, from the wall clock at the first call and a steady clock since:
    a clock that is set while the process runs changes no duration."""
    steady_ns = time.monotonic_ns() if _STEADY is None else time.clock_gettime_ns(_STEADY)
    if not _begun:
        _begun.append(time.time_ns() - steady_ns)
    return (_begun[0] + steady_ns) // 1000


def iso_time(time_us: int) -> str:
    """Microseconds since the epoch in ISO 8601, UTC, whole seconds."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
