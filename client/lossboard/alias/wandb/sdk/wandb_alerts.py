"""Levels of alerts."""

from lossboard.live_run.alerts import AlertLevel

__all__ = ["AlertLevel"]
