"""Exceptions of the client."""

from lossboard.errors import (
    AuthenticationError,
    CommError,
    Error,
    UnsupportedError,
    UsageError,
)

__all__ = ["AuthenticationError", "CommError", "Error", "UnsupportedError", "UsageError"]
