"""The class of artifacts."""

from lossboard.artifacts import Artifact

__all__ = ["Artifact"]
