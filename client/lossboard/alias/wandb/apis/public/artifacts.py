"""Types and collections of artifacts, where scripts look for them."""

from lossboard.api import ArtifactCollection, ArtifactType

__all__ = ["ArtifactCollection", "ArtifactType"]
