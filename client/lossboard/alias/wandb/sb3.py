"""Stable-baselines3, where older scripts look for it."""

from lossboard.integration.sb3 import WandbCallback

__all__ = ["WandbCallback"]
