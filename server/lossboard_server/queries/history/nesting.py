"""Nested values, put together again from the paths of their series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["put_nested"]


def put_nested(values: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a nested value, as `values[a][b] = value`; what stood in the way is replaced."""
    *outer, last = path
    for name in outer:
        inner = values.get(name)
        if not isinstance(inner, dict):
            inner = values[name] = {}
        values = inner
    values[last] = value
