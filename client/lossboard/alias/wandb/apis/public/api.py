"""The read side, where scripts look for it."""

from lossboard.api import Api

__all__ = ["Api"]
