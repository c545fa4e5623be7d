"""Sizes and counts for people."""

from __future__ import annotations

__all__ = ["counted_text", "size_text"]


def counted_text(count: int, things: str) -> str:
    """`1,200 rows`, `1 row`, `1 artifact entry`, from the plural."""
    if count != 1:
        return f"{count:,} {things}"
    return f"1 {things[:-3]}y" if things.endswith("ies") else f"1 {things.removesuffix('s')}"


def size_text(size_bytes: int) -> str:
    """`312 bytes`, `4.2 kB`, `1.3 MB`, `2.0 GB`."""
    if size_bytes < 1000:
        return f"{size_bytes} bytes"
    for unit, factor in (("kB", 1e3), ("MB", 1e6)):
        if size_bytes < factor * 999.95:  # what would be rounded to 1000.0
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1e9:.1f} GB"
