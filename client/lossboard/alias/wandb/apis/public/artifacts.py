"""Artifacts of the read side."""

from lossboard.api import ArtifactCollection, ArtifactType

__all__ = ["ArtifactCollection", "ArtifactType"]
