"""Output of the client: to stderr, each line with our prefix, never through a progress bar."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from lossboard.machine.console import unrecorded
from lossboard.printable_text import printable
from lossboard.sending.interface import Level

__all__ = [
    "PREFIX",
    "Terminal",
    "Write",
    "draw_line",
    "draws_lines",
    "termerror",
    "termlog",
    "termwarn",
    "write_line",
]

PREFIX: Final = "lossboard: "
_LEVEL_WORD: Final = {"info": "", "warn": "WARNING ", "error": "ERROR "}

Write: TypeAlias = Callable[[str], None]


class Terminal:
    """Prints a run's messages, whose control characters are escaped unless `raw`.

    Messages from other threads wait until the main thread prints the next one, calls
    `print_waiting`, or the run finishes. `write` takes whole lines (default: stderr, or
    `tqdm.write` once tqdm is loaded). Each line names this process, if it has a `name`.
    """

    def __init__(
        self,
        *,
        levels: frozenset[Level] = frozenset({"info", "warn", "error"}),
        write: Write | None = None,
        raw: bool = False,
        name: str = "",
    ) -> None:
        self._prefix = f"{PREFIX}{printable(name)}: " if name else PREFIX
        self.levels = levels
        self.waiting: deque[tuple[str, Level]] = deque()
        self._write = write or write_line
        self._raw = raw
        self._said: set[str] = set()

    def say(self, text: str, level: Level = "info", *, now: bool = False) -> None:
        """Prints a message now, or later when called from another thread than the main one,
        unless `now` says that this is the time for it."""
        if level not in self.levels:
            return
        self.waiting.append((text, level))
        if now or threading.current_thread() is threading.main_thread():
            self.print_waiting()

    def say_once(self, text: str, level: Level = "info") -> None:
        """Prints a message unless it was printed before."""
        if text not in self._said:
            self._said.add(text)
            self.say(text, level)

    def print_waiting(self) -> None:
        """Prints what waits. For the main thread, and for `finish` on any thread."""
        while self.waiting:
            text, level = self.waiting.popleft()
            for line in text.split("\n"):
                shown = line if self._raw else printable(line)
                self._write(f"{self._prefix}{_LEVEL_WORD[level]}{shown}".rstrip())


def write_line(line: str) -> None:
    """Writes a line to stderr; a tqdm bar that is being drawn stays whole. Raises nothing: a stream
    that is closed, or broken, takes no words, and nobody is left to tell."""
    with unrecorded(), contextlib.suppress(Exception):
        try:
            _write_line(_encodable(line))
        except BrokenPipeError:
            _drain()
            raise


def _write_line(line: str) -> None:
    bar = getattr(sys.modules.get("tqdm"), "tqdm", None)
    if bar is not None and sys.stderr is not None:
        bar.write(line, file=sys.stderr)
        _write("")
    else:
        _write(line + "\n")


def _drain() -> None:
    """Nobody reads stderr any more. What waits in its buffer would make Python end with another
    exit code than the program's, so it goes nowhere, as Python's notes on SIGPIPE advise."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)


def _write(text: str) -> None:
    if sys.stderr is not None:  # as it is in a process that pythonw started
        sys.stderr.write(text)
        sys.stderr.flush()


def _encodable(line: str) -> str:
    """The line as stderr can write it: not each has all letters."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def draws_lines() -> bool:
    """Whether a line can be drawn again in place: stderr is a terminal, without a bar of tqdm."""
    bar = getattr(sys.modules.get("tqdm"), "tqdm", None)
    with contextlib.suppress(ValueError):  # a stream that is closed
        return bool(sys.stderr and sys.stderr.isatty() and not getattr(bar, "_instances", None))
    return False


def draw_line(text: str) -> None:
    """Draws text in place of what was drawn before, cut to one line; nothing clears it."""
    shown = f"{PREFIX}{printable(text)}"[: shutil.get_terminal_size().columns - 1] if text else ""
    with unrecorded(), contextlib.suppress(Exception):  # as in `write_line`
        _write(f"\r\x1b[K{shown}")


_plain: Final = Terminal(raw=True)  # who calls termlog may colour the words


def _term(text: str, level: Level, newline: bool, repeat: bool) -> None:
    if not newline:
        with contextlib.suppress(Exception):  # as in `write_line`
            _write(f"{PREFIX}{_LEVEL_WORD[level]}{text}")
    elif repeat:
        _plain.say(text, level)
    else:
        _plain.say_once(text, level)


def termlog(string: Any = "", newline: bool = True, repeat: bool = True, **_: Any) -> None:
    """Prints a line to stderr; with `repeat=False` only the first time."""
    _term(str(string), "info", newline, repeat)


def termwarn(string: Any, newline: bool = True, repeat: bool = True, **_: Any) -> None:
    """Prints a warning to stderr; with `repeat=False` only the first time."""
    _term(str(string), "warn", newline, repeat)


def termerror(string: Any, newline: bool = True, repeat: bool = True, **_: Any) -> None:
    """Prints an error to stderr; with `repeat=False` only the first time."""
    _term(str(string), "error", newline, repeat)
