"""Following writers of TensorBoard, where older scripts look for it."""

from lossboard.tensorboard import patch, unpatch

__all__ = ["patch", "unpatch"]
