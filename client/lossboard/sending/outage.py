"""Tells people once that the server is away, and once that it is back."""

from __future__ import annotations

import time
from typing import Final

from lossboard.sending.delivery import Outcome, Verdict
from lossboard.sending.interface import Say

__all__ = ["Outage"]

_SILENT_SECS: Final = 5.0  # a restart of the server is nobody's concern


class Outage:
    """Knowledge about the way to the server; used by one thread."""

    def __init__(
        self, base_url: str, where: str, say: Say, *, tells_unreachable: bool = True
    ) -> None:
        self.trouble = ""  # why nothing gets through at present
        self._base_url = base_url
        self._where = where  # the place that keeps the data meanwhile
        self._say = say
        self._tells_unreachable = tells_unreachable
        self._ever_reached = False
        self._since = 0.0
        self._told = ""

    def failed(self, outcome: Outcome) -> None:
        """An attempt failed; says so when that is news."""
        if not self.trouble:
            self._since = time.monotonic()
        self.trouble = outcome.reason
        if outcome.verdict is Verdict.RETRY:
            self._tell_unreachable(outcome.reason)
        else:
            self._tell_refused(outcome)

    def _tell_unreachable(self, reason: str) -> None:
        if self._told or not self._tells_unreachable:
            return
        if self._ever_reached and time.monotonic() - self._since < _SILENT_SECS:
            return
        self._told = reason
        self._say(
            f"no answer from {self._base_url} ({reason}); the run goes on and is kept in"
            f" {self._where}. Start the server with: lossboard serve",
            "warn",
        )

    def _tell_refused(self, outcome: Outcome) -> None:
        if self._told == outcome.reason:
            return
        self._told = outcome.reason
        if outcome.verdict is Verdict.STOP:
            text = f"the server takes nothing more of this run: {outcome.reason}; what is left is"
        else:
            text = f"{outcome.reason}; sending waits until that changes, the run is"
        self._say(f"{text} kept in {self._where}", "warn")

    def succeeded(self) -> None:
        """An attempt got through; says so if it was told that none does."""
        self._ever_reached = True
        if self._told:
            self._say(f"{self._base_url} answers again, sending goes on", "info")
        self.trouble = self._told = ""
