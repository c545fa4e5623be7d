"""How deeply values are nested, and the depth past which none is stored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = ["MAX_DEPTH", "DepthError", "check_depth", "depth_of"]

MAX_DEPTH: Final = 100  # dicts and lists in one another below a key: whoever reads them recurses
_PLAIN: Final = frozenset({float, int, bool, str, type(None)})


class DepthError(ValueError):
    """A value nested deeper than MAX_DEPTH, with its key and depth."""


def check_depth(what: str, value: Any, *, outer: int = 0) -> None:
    """Raises DepthError where `value`, inside of `outer` dicts, is nested deeper than MAX_DEPTH."""
    depth = outer + depth_of(value)
    if depth > MAX_DEPTH:
        levels = "without end, since it holds itself" if math.isinf(depth) else f"{depth:g} levels"
        raise DepthError(
            f"{what} is nested {levels}; at most {MAX_DEPTH} levels can be stored: make it flatter"
        )


def depth_of(value: Any) -> float:
    """How many dicts and lists lie in one another; 0 for what is neither, infinite for one that
    holds itself."""
    if type(value) in _PLAIN:  # nearly always
        return 0
    seen: dict[int, Any] = {}
    level = _containers([value])
    depth = 0
    while level:
        depth += 1
        seen |= level
        if depth > len(seen):
            return math.inf
        level = _containers(
            item
            for held in level.values()
            for item in (held.values() if isinstance(held, Mapping) else held)
        )
    return depth


def _containers(values: Iterable[Any]) -> dict[int, Any]:
    return {
        id(value): value
        for value in values
        if type(value) not in _PLAIN
        and isinstance(value, dict | list | tuple | set | frozenset | Mapping)
    }
