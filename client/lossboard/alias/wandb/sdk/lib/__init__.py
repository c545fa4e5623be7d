"""Helpers that integrations import by path."""

from lossboard.live_run.disabled import NoopRun as RunDisabled

__all__ = ["RunDisabled"]
