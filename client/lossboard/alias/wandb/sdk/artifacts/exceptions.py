"""Exceptions of artifacts."""

from lossboard.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    ArtifactStatusError,
    WaitTimeoutError,
)

__all__ = [
    "ArtifactFinalizedError",
    "ArtifactNotLoggedError",
    "ArtifactStatusError",
    "WaitTimeoutError",
]
