"""The read side."""

from lossboard.api import Api

__all__ = ["Api"]
