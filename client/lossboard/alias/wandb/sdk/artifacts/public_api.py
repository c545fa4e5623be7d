"""Errors of artifacts, where some programs look for them."""

from lossboard.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    WaitTimeoutError,
)

__all__ = ["ArtifactFinalizedError", "ArtifactNotLoggedError", "WaitTimeoutError"]
