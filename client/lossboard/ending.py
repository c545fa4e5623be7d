"""The end of a run, step by step: a step that fails is told and takes none of the others along."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lossboard.terms import Say

__all__ = ["Ending"]

_T = TypeVar("_T")


class Ending:
    """Runs the steps that end something. What they raise ends no training that went well."""

    def __init__(self) -> None:
        self._failures: list[str] = []

    def step(self, what: str, action: Callable[[], _T]) -> _T | None:
        """What `action` returns, or None when it raises; `what` names it for people."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - told by `tell`; the next step is still due
            self._failures.append(f"{what} ({type(error).__name__}: {error})")
            return None

    def tell(self, say: Say) -> None:
        """One warning for everything that failed, if anything did."""
        if self._failures:
            failed = "; ".join(self._failures)
            say(f"the run has ended, but this went wrong at its end: {failed}", "warn")
