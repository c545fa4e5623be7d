"""Changes of a run through the Api."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossboard.errors import UnsupportedError

__all__ = ["EditableValues", "grown"]


class EditableValues(dict[str, Any]):
    """Config or summary of a run; changes are sent by its `update`, and by `run.update()`."""

    def __init__(self, values: Mapping[str, Any], send: Callable[[], None]) -> None:
        super().__init__(values)
        self._send = send

    def update(self, *changes: Any, **named: Any) -> None:
        """Sets values and sends them."""
        super().update(*changes, **named)
        self._send()


def grown(field: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that were added or changed. Raises UnsupportedError where something was removed."""
    removed = sorted(set(before) - set(now))
    if removed:
        raise UnsupportedError(f"values can't be removed from the {field} of a run: {removed}")
    return {key: value for key, value in now.items() if key not in before or before[key] != value}
