"""A thread of ours, and the only place where an unexpected exception is caught."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

__all__ = ["Worker"]


class Worker:
    """A daemon thread that calls `turn` until it returns False.

    An exception ends the thread; `on_failure(text)` gets it with its traceback, and the caller of
    the next `put_*` is told: errors of ours never break training.
    """

    def __init__(
        self, name: str, turn: Callable[[], bool], on_failure: Callable[[str], None]
    ) -> None:
        self._turn = turn
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread; where the system or an ending interpreter has none left, that is a
        failure like any other."""
        try:
            self._thread.start()
        except RuntimeError as error:
            self._on_failure(f"{self._thread.name} did not start: {error}")

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def join(self, timeout_secs: float) -> bool:
        """Waits for the thread's end; whether it has ended."""
        if self._thread.ident is not None:  # else it never began
            self._thread.join(max(0.0, timeout_secs))
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._turn():
                continue
        except Exception:  # noqa: BLE001 - the worker loop; nobody above could see it
            self._on_failure(traceback.format_exc())
