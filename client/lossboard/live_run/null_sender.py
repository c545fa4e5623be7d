"""A sender that throws everything away, for `mode="disabled"`."""

from __future__ import annotations

from typing import Any

from lossboard import wire
from lossboard.sending.interface import DeliveryReport, RunStatus

__all__ = ["NullSender"]


class NullSender:
    """Takes every `put_*` of `Sender`, and does nothing with it."""

    stop_requested = False

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("put_"):
            raise AttributeError(name)
        return lambda *_, **__: None

    def status(self) -> RunStatus:
        """There is nothing to deliver."""
        return RunStatus()

    def flush(self, timeout_secs: float) -> bool:
        """There is never anything to wait for."""
        return True

    def finish(
        self, exit: wire.Exit, timeout_secs: float | None = None, look: object = None
    ) -> DeliveryReport:
        """Nothing is left, since nothing was kept."""
        return DeliveryReport(delivered=True)
