"""Messages to the terminal."""

from lossboard.terminal import termerror, termlog, termwarn

__all__ = ["termerror", "termlog", "termwarn"]
