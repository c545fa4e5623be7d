"""Object3D, where programs look for the class."""

from lossboard.data_types import Object3D

__all__ = ["Object3D"]
