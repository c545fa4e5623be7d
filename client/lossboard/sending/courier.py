"""The thread that makes attempts until nothing is left, and waits between them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from lossboard.sending.delivery import Backoff, Outcome, Verdict
from lossboard.sending.outage import Outage
from lossboard.sending.worker import Worker

__all__ = ["Courier", "Errand"]

_HURRIED_WAIT_SECS: Final = 0.5  # between attempts while somebody waits for the end


class Errand(Protocol):
    """A task of a courier; `Delivery` and `Uploads` are such."""

    def attempt(self) -> Outcome:
        """One attempt."""


class Courier:
    """Runs one errand on its worker thread until `stop`, or until the run was deleted.

    `wait_for_work(secs)` returns when there may be something to attempt. `idle_errand` is done
    every `idle_secs` in which there was nothing else to do: the heartbeat.
    """

    def __init__(
        self,
        name: str,
        errand: Errand,
        outage: Outage,
        wait_for_work: Callable[[float], object],
        *,
        on_failure: Callable[[str], None],
        idle_errand: Callable[[], Outcome] | None = None,
        idle_secs: float = 3600.0,
    ) -> None:
        self._errand = errand
        self._outage = outage
        self._wait_for_work = wait_for_work
        self._idle_errand = idle_errand
        self._idle_secs = idle_secs
        self._backoff = Backoff()
        self._stopping = False
        self._hurried = threading.Event()
        self.worker = Worker(name, self._go_on, on_failure)

    def hurry(self) -> None:
        """Ends a pause: somebody waits for the end."""
        self._hurried.set()

    def stop(self) -> None:
        """Makes the thread end after the attempt it is in."""
        self._stopping = True
        self._hurried.set()

    def _go_on(self) -> bool:
        """One attempt or one wait; False at the end."""
        if self._stopping:
            return False
        outcome = self._errand.attempt()
        if outcome.verdict is Verdict.IDLE:
            outcome = self._idle()
        if outcome.verdict is Verdict.DONE:
            self._backoff.reset()
            self._outage.succeeded()
        elif outcome.verdict in (Verdict.RETRY, Verdict.PAUSE):
            self._wait_after(outcome)
        elif outcome.verdict is Verdict.STOP:
            self._outage.failed(outcome)
            return False
        return True

    def _idle(self) -> Outcome:
        started = time.monotonic()
        self._wait_for_work(self._idle_secs)
        if self._idle_errand is None or time.monotonic() - started < self._idle_secs:
            return Outcome(Verdict.IDLE)
        return self._idle_errand()

    def _wait_after(self, outcome: Outcome) -> None:
        if self._stopping:
            return
        self._outage.failed(outcome)
        if self._hurried.is_set():
            time.sleep(_HURRIED_WAIT_SECS)
        else:
            self._hurried.wait(self._backoff.delay_secs(outcome))
