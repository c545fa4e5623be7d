"""Nested values that were handed out: who has one can edit it, and nobody is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from lossboard.plain_values import LEFT_OUT
from lossboard.sending.columns import json_ready

__all__ = ["Lent"]


class _Known(NamedTuple):
    """A value that somebody has, and its content as the run has it."""

    value: Any
    content: bytes


class Lent:
    """The dicts and lists of a config or summary that were read, by top-level key.

    They are looked at again from time to time: plain dicts and lists are what scripts, YAML and
    JSON writers expect, and those tell nobody of their changes.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def note(self, key: str, value: Any) -> None:
        """Remembers the content of a value that is handed out."""
        if not isinstance(value, dict | list):
            return
        known = self._known.get(key)
        if known is None or known.value is not value:
            self._known[key] = _Known(value, _content(value))

    def edited(
        self, values: Mapping[str, Any], stored: Callable[[str, Any], Any]
    ) -> Iterator[tuple[str, Any]]:
        """Keys and new forms, by `stored`, of the values that were edited since; LEFT_OUT is
        skipped, and so is what another value has taken the place of."""
        for key, known in list(self._known.items()):
            if values.get(key) is not known.value:
                del self._known[key]
                continue
            form = stored(key, known.value)
            if form is not LEFT_OUT and (content := _content(form)) != known.content:
                self._known[key] = _Known(known.value, content)
                yield key, form


def _content(value: Any) -> bytes:
    return msgspec.msgpack.encode(json_ready(value))
