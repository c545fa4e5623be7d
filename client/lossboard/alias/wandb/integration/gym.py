"""Videos of gym's environments."""

from lossboard.tensorboard.gym_videos import monitor

__all__ = ["monitor"]
