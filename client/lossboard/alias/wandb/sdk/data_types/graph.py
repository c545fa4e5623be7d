"""Graph, where programs look for the class."""

from lossboard.data_types import Graph

__all__ = ["Graph"]
