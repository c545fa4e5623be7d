"""Pages of HTML."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from lossboard.media.base import Media, MediaHome, forgiving, store

__all__ = ["Html"]

# Links of a logged page open beside the dashboard, not in its frame.
_BASE = '<base target="_blank">'


class Html(Media):
    """One page: HTML text, the path of an .html file, or an open text stream.

    `inject` adds a base target to the head. Raises ValueError for a missing .html file and
    TypeError for anything else.
    """

    kind: ClassVar[str] = "html-file"
    batch_kind: ClassVar[str] = "html"

    @forgiving
    def __init__(self, data: Any, inject: bool = True, data_is_not_path: bool = False) -> None:
        text = _read(data, data_is_not_path)
        self._content = (_injected(text) if inject else text).encode()

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        stored = store(
            home,
            self._content,
            folder="html",
            key=key,
            step=step,
            suffix=".html",
            mime_type="text/html",
        )
        return self._described(stored)

    @classmethod
    def bind_batch(
        cls, items: Sequence[Media], home: MediaHome, key: str, step: int | str
    ) -> dict[str, Any]:
        """W&B's `html`."""
        each = [item.bind(home, key, step) for item in items]
        return {"_type": cls.batch_kind, "count": len(each), "html": each}


def _read(data: Any, data_is_not_path: bool) -> str:
    if hasattr(data, "read"):
        text = data.read()
        return text.decode() if isinstance(text, bytes) else str(text)
    if isinstance(data, os.PathLike) or (_names_file(data) and not data_is_not_path):
        path = Path(data)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"Html takes .html files, not {str(path)!r}")
        return path.read_text(encoding="utf-8")
    if isinstance(data, str):
        return data
    raise TypeError(f"Html takes text, an .html path or a stream, not {type(data).__name__}")


def _names_file(data: Any) -> bool:
    """Whether a string is the path of an existing file; long texts are never asked about."""
    return isinstance(data, str) and len(data) < 1024 and "<" not in data and os.path.isfile(data)


def _injected(text: str) -> str:
    head = text.lower().find("<head>")
    if head < 0:
        return f"<head>{_BASE}</head>{text}"
    end = head + len("<head>")
    return text[:end] + _BASE + text[end:]
