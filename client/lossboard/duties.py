"""Work beside a training: what fails of it is told and takes nothing else along."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lossboard.sending.interface import Say

__all__ = ["Duties"]

_T = TypeVar("_T")


class Duties:
    """Does one thing after the other; `occasion` begins the warning about those that failed."""

    def __init__(self, occasion: str) -> None:
        self._occasion = occasion
        self._failures: list[str] = []

    def do(self, what: str, action: Callable[[], _T]) -> _T | None:
        """The result of `action`, or None when it raises; `what` names it for people."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - `tell` tells it; a training goes on
            self._failures.append(f"{what} ({type(error).__name__}: {error})")
            return None

    def tell(self, say: Say) -> None:
        """One warning for everything that failed, if anything did."""
        if self._failures:
            say(f"{self._occasion}: {'; '.join(self._failures)}", "warn")
