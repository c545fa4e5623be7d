"""Audio, where programs look for the class."""

from lossboard.data_types import Audio

__all__ = ["Audio"]
