"""The class of configs, where older programs look for it."""

from lossboard.live_run.config import Config

__all__ = ["Config"]
