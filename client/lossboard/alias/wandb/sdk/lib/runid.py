"""Ids of runs."""

from lossboard.identity import generate_id

__all__ = ["generate_id"]
