"""The class of disabled runs."""

from lossboard.live_run.disabled import NoopRun as RunDisabled

__all__ = ["RunDisabled"]
