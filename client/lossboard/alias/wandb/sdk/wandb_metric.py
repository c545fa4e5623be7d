"""The result of define_metric."""

from lossboard.live_run.metrics import Metric

__all__ = ["Metric"]
