"""The class of artifacts, where older programs look for it."""

from lossboard.artifacts import Artifact

__all__ = ["Artifact"]
