"""The class of runs."""

from lossboard.live_run import Run

__all__ = ["Run"]
