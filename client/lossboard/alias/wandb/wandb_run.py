"""The class of runs, where older integrations look for it."""

from lossboard.live_run.run import Run

__all__ = ["Run"]
