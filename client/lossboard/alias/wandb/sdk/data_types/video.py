"""Video, where programs look for the class."""

from lossboard.data_types import Video

__all__ = ["Video"]
