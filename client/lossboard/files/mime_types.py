"""MIME types of files, told from their names."""

from __future__ import annotations

import mimetypes

__all__ = ["guessed_type"]


def guessed_type(name: str) -> str:
    """The MIME type that a name suggests."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
