"""Classes of images."""

from lossboard.data_types import Classes

__all__ = ["Classes"]
