"""Helpers that integrations import by path."""

from lossboard.disabled_run import NoopRun as RunDisabled

__all__ = ["RunDisabled"]
