"""Projects, where scripts look for them."""

from lossboard.api import Project

__all__ = ["Project"]
