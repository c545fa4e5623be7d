"""Artifacts: named directories of files, in versions that are told apart by their content."""

from __future__ import annotations

from lossboard.artifacts.artifact import Artifact
from lossboard.artifacts.manifest import ArtifactManifestEntry, Manifest
from lossboard.artifacts.stored import StoredArtifact

__all__ = ["Artifact", "ArtifactManifestEntry", "Manifest", "StoredArtifact"]
