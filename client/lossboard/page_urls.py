"""Addresses of the dashboard's pages."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

__all__ = ["page_url"]

_SAFE: Final = "=+&$@"  # what W&B leaves as it is in the id of a run


def page_url(app_url: str, *parts: str) -> str:
    """The page below `app_url` whose path has these parts, which may hold any character."""
    return "/".join([app_url, *(quote(part, safe=_SAFE) for part in parts)])
