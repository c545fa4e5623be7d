"""Projects of the read side."""

from lossboard.api import Project

__all__ = ["Project"]
