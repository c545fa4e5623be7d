"""Names of the classes that masks and boxes of images show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

__all__ = ["Classes"]


class Classes:
    """`Classes([{"id": 0, "name": "cat"}, ...])`, for `Image(classes=...)` and artifacts.

    Raises TypeError for what is no list of dicts, and AssertionError, as W&B does, for one without
    id or name.
    """

    kind: ClassVar[str] = "classes"

    def __init__(self, class_set: Iterable[Mapping[str, Any]]) -> None:
        self._class_set = [self._checked(one) for one in class_set]

    @staticmethod
    def _checked(one: Any) -> dict[str, Any]:
        if not isinstance(one, Mapping):
            raise TypeError(f"a class is a dict with 'id' and 'name', not {one!r}")
        assert "id" in one and "name" in one, f"a class has an 'id' and a 'name': {dict(one)!r}"
        return dict(one)

    def to_json(self) -> dict[str, Any]:
        """W&B's JSON of it in an artifact."""
        return {"_type": self.kind, "class_set": self._class_set}
