"""The base of media."""

from lossboard.media.base import Media

__all__ = ["Media"]
