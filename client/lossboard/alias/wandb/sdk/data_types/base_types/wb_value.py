"""The base of values."""

from lossboard.data_types import WBValue

__all__ = ["WBValue"]
