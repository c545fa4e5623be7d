"""Exceptions of the client."""

import importlib
from typing import Any

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


def __getattr__(name: str) -> Any:
    if name in ("errors", "term"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
