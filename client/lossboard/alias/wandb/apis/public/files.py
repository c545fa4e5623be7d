"""Files of the read side."""

from lossboard.api import File

__all__ = ["File"]
