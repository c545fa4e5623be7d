"""Stable-baselines3."""

from lossboard.integration.sb3 import WandbCallback

__all__ = ["WandbCallback"]
