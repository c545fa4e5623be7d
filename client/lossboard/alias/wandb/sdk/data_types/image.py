"""Image, where programs look for the class."""

from lossboard.data_types import Image

__all__ = ["Image"]
