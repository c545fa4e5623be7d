"""The read side, where integrations look for it."""

from lossboard.api import (
    Api,
    ArtifactCollection,
    ArtifactType,
    File,
    Project,
    Run,
    Runs,
    Sweep,
    User,
)

__all__ = [
    "Api",
    "ArtifactCollection",
    "ArtifactType",
    "File",
    "Project",
    "Run",
    "Runs",
    "Sweep",
    "User",
]
