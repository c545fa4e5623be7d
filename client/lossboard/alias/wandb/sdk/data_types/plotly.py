"""Plotly, where programs look for the class."""

from lossboard.data_types import Plotly

__all__ = ["Plotly"]
