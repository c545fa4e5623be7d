"""Html, where programs look for the class."""

from lossboard.data_types import Html

__all__ = ["Html"]
