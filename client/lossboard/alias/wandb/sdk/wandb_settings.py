"""The class of settings."""

from lossboard.settings import Settings

__all__ = ["Settings"]
