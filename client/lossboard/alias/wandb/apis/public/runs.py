"""Runs, where annotations and imports of scripts look for them."""

from lossboard.api import Run, Runs

__all__ = ["Run", "Runs"]
