"""Histogram, where programs look for the class."""

from lossboard.data_types import Histogram

__all__ = ["Histogram"]
