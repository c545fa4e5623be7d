"""The class of summaries."""

from lossboard.live_run.summary import Summary

__all__ = ["Summary"]
