"""The line that says how far delivery is while a run ends."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Final, Protocol, Self

from lossboard.live_run.interrupts import interrupted
from lossboard.live_run.notebook import in_notebook, shown_text
from lossboard.sending.interface import Waiting
from lossboard.sending.progress import Pace
from lossboard.sizes import counted_text
from lossboard.terminal import Terminal, draw_line, draws_lines

__all__ = ["DeliveryLine"]

_SILENT_SECS: Final = 1.0  # a wait that is not worth a word
_LOOK_SECS: Final = 0.25
_PRINT_SECS: Final = 5.0  # where each line stays
_LEAVE: Final = "Ctrl+C leaves the rest for `lossboard sync`"


class _Surface(Protocol):
    """The stream or widget in which the line stands."""

    every_secs: float

    def show(self, text: str) -> None: ...

    def clear(self) -> None: ...


class _Drawn:
    """One line of a terminal."""

    every_secs = _LOOK_SECS

    def show(self, text: str) -> None:
        draw_line(text)

    def clear(self) -> None:
        draw_line("")


class _Printed:
    """Lines one below the other; the same one is not repeated."""

    every_secs = _PRINT_SECS

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._last = ""

    def show(self, text: str) -> None:
        if text != self._last:
            self._last = text
            self._terminal.say(text, "info", now=True)

    def clear(self) -> None:
        """Printed text stays."""


class _Cell:
    """A line below the cell of a notebook."""

    every_secs = _LOOK_SECS

    def __init__(self) -> None:
        self._update: Callable[[str], None] | None = None

    def show(self, text: str) -> None:
        if self._update is None:
            self._update = shown_text(text)
        else:
            self._update(text)

    def clear(self) -> None:
        if self._update is not None:
            self._update("")


class DeliveryLine:
    """Looks at delivery for the user: called many times a second while `finish` waits, it shows
    how far that is (after a second, and where such messages are wanted), and says whether to go
    on: until Ctrl+C. Used in a `with` statement, at whose end the line goes."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._look_at = time.monotonic()
        self._show_at = self._look_at + _SILENT_SECS
        self._surface: _Surface | None = None
        self._pace = Pace()

    def __call__(self, waiting: Callable[[], Waiting]) -> bool:
        if self._terminal.waiting:
            self._clear()
            self._terminal.print_waiting()
        if "info" in self._terminal.levels and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_SECS
            with contextlib.suppress(Exception):  # a line that can't be shown delays nothing
                self._see(waiting())
        return not interrupted()

    def _see(self, waiting: Waiting) -> None:
        self._pace.see(waiting.left_bytes)
        if time.monotonic() >= self._show_at:
            self._surface = self._surface or _surface(self._terminal)
            self._surface.show(self._text(waiting))
            self._show_at = time.monotonic() + self._surface.every_secs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._surface is not None:
            with contextlib.suppress(Exception):
                self._surface.clear()

    def _text(self, waiting: Waiting) -> str:
        if waiting.trouble or waiting.still_secs > _SILENT_SECS:
            why = waiting.trouble or "nothing moves"
            return f"waiting up to {waiting.limit_secs:g} s for the server ({why}). {_LEAVE}"
        counts = {"records": waiting.records, "files": waiting.files}
        what = " and ".join(
            counted_text(count, things) for things, count in counts.items() if count
        )
        return f"sending {what or 'the rest'}: {self._pace.text}. {_LEAVE}"


def _surface(terminal: Terminal) -> _Surface:
    if in_notebook():
        return _Cell()
    return _Drawn() if draws_lines() else _Printed(terminal)
