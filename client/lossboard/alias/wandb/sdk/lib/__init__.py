"""Helpers that integrations import by path."""

from lossboard.run.disabled import NoopRun as RunDisabled

__all__ = ["RunDisabled"]
