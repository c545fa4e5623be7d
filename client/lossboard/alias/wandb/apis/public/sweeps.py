"""Sweeps, where scripts look for them."""

from lossboard.api import Sweep

__all__ = ["Sweep"]
