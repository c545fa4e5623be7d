"""Bokeh, where programs look for the class."""

from lossboard.data_types import Bokeh

__all__ = ["Bokeh"]
