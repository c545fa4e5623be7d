"""The class of runs."""

from lossboard.run.run import Run

__all__ = ["Run"]
