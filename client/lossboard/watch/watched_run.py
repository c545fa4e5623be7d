"""A run, as watching models sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lossboard.watch.parts import Value

__all__ = ["WatchedRun"]


class WatchedRun(Protocol):
    """The side of a run that watching needs."""

    @property
    def step(self) -> int:
        """The step current now."""

    @property
    def finished(self) -> bool:
        """Whether nothing can be logged any more."""

    def put_event(
        self, step: int, time_us: int, batch: int, histograms: Mapping[Any, Value]
    ) -> None:
        """Stores a watch event."""

    def set_summary(self, key: str, value: Any) -> None:
        """Sets a summary value."""

    def warn(self, text: str) -> None:
        """Tells the user, from any thread."""

    def notice(self, kind: str, text: str) -> None:
        """Has something seen in the run; those of one kind add up."""
