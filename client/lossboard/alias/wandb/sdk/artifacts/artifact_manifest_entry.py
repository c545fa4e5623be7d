"""Files of artifacts."""

from lossboard.artifacts.manifest import ArtifactManifestEntry

__all__ = ["ArtifactManifestEntry"]
