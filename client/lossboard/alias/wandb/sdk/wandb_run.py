"""The class of runs."""

from lossboard.live_run.run import Run

__all__ = ["Run"]
