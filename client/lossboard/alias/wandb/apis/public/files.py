"""Files of runs, where scripts look for them."""

from lossboard.api import File

__all__ = ["File"]
