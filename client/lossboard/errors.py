"""Exceptions of the client; names and bases are those of W&B, so `except` clauses keep working."""

from __future__ import annotations

__all__ = [
    "ArtifactFinalizedError",
    "ArtifactNotLoggedError",
    "ArtifactStatusError",
    "AuthenticationError",
    "CommError",
    "ConfigError",
    "Error",
    "SettingsError",
    "UnsupportedError",
    "UsageError",
    "WaitTimeoutError",
]


class Error(Exception):
    """Base of everything that the client raises on purpose."""

    def __init__(self, message: str = "", context: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.context = context


class CommError(Error):
    """The server could not be reached, or refused."""


class UsageError(Error):
    """A call that is not allowed now, or not with these arguments."""


class AuthenticationError(CommError):
    """The server wants credentials that were not given."""


class UnsupportedError(Error):
    """Something of W&B's API that lossboard does not have."""


class ConfigError(Error):
    """A config value would have been changed without `allow_val_change`."""


class SettingsError(UsageError, ValueError):
    """A setting with a wrong name or value; W&B raises a ValueError here too."""


class ArtifactStatusError(AttributeError):
    """An artifact is not in the state that a call needs; W&B's is an AttributeError too."""


class ArtifactNotLoggedError(ArtifactStatusError):
    """The artifact has to be logged first."""


class ArtifactFinalizedError(ArtifactStatusError):
    """The artifact is logged and can't be changed."""


class WaitTimeoutError(Error):
    """Something that was waited for did not come in time."""
