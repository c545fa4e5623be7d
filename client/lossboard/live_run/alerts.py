"""`run.alert`: its levels, and not the same one again and again."""

from __future__ import annotations

import time
from datetime import timedelta
from enum import Enum
from typing import Final, Literal

from lossboard import wire
from lossboard.times import now_us

__all__ = ["AlertGate", "AlertLevel"]

_DEFAULT_WAIT_SECS: Final = 60.0


class AlertLevel(Enum):
    """How urgent an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class AlertGate:
    """Lets an alert through unless one of its title came a short while ago."""

    def __init__(self) -> None:
        self._sent_at: dict[str, float] = {}

    def accept(
        self,
        title: str,
        text: str,
        level: str | AlertLevel | None,
        wait_duration: float | timedelta | None,
        step: int | None,
    ) -> wire.Alert | None:
        """The alert, of the step that the run has come to, or None where it is too early. Raises
        ValueError for an unknown level,
        TypeError for a wait that is neither seconds nor a timedelta."""
        checked = _level(level)
        wait_secs, now = _seconds(wait_duration), time.monotonic()
        if now - self._sent_at.get(title, -float("inf")) < wait_secs:
            return None
        self._sent_at[title] = now
        return wire.Alert(title=title, text=text, time_us=now_us(), level=checked, step=step)


def _level(level: str | AlertLevel | None) -> Literal["INFO", "WARN", "ERROR"]:
    name = AlertLevel.INFO if level is None else level
    try:
        found = name if isinstance(name, AlertLevel) else AlertLevel(name.upper())
    except (ValueError, AttributeError):
        raise ValueError(f"alert level {level!r} is none of INFO, WARN, ERROR") from None
    return found.value


def _seconds(wait_duration: float | timedelta | None) -> float:
    if wait_duration is None:
        return _DEFAULT_WAIT_SECS
    if isinstance(wait_duration, timedelta):
        return wait_duration.total_seconds()
    if isinstance(wait_duration, int | float):
        return float(wait_duration)
    raise TypeError(f"wait_duration is seconds or a timedelta, not {wait_duration!r}")
