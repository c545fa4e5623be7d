"""Videos of gym's environments, where older scripts look for it."""

from lossboard.tensorboard.gym_videos import monitor

__all__ = ["monitor"]
