"""Exceptions of the client."""

from lossboard.errors import (
    AuthenticationError,
    CommError,
    Error,
    UnsupportedError,
    UsageError,
    WaitTimeoutError,
)

__all__ = [
    "AuthenticationError",
    "CommError",
    "Error",
    "UnsupportedError",
    "UsageError",
    "WaitTimeoutError",
]
