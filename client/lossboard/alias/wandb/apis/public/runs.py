"""Runs of the read side."""

from lossboard.api import Run, Runs

__all__ = ["Run", "Runs"]
