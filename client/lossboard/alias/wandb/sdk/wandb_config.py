"""The class of configs."""

from lossboard.run.config import Config

__all__ = ["Config"]
