"""The class of configs."""

from lossboard.run_config import Config

__all__ = ["Config"]
