"""The class of configs."""

from lossboard.live_run.config import Config

__all__ = ["Config"]
