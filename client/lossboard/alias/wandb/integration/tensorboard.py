"""Following writers of TensorBoard."""

from lossboard.tensorboard import patch, unpatch

__all__ = ["patch", "unpatch"]
