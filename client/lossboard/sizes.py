"""Sizes for people."""

from __future__ import annotations

__all__ = ["size_text"]


def size_text(size_bytes: int) -> str:
    """`312 bytes`, `4.2 kB`, `1.3 MB`, `2.0 GB`."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    for unit, factor in (("kB", 1e3), ("MB", 1e6)):
        if size_bytes < factor * 999.95:  # what would be rounded to 1000.0
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1e9:.1f} GB"
