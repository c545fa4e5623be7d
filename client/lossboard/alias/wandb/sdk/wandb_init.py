"""Beginning a run."""

from lossboard.opening.initialize import init

__all__ = ["init"]
