"""The program's own output, copied into the run as lines."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from lossboard.wire import ConsoleLine

__all__ = ["ConsoleCapture", "LineEmulator", "unrecorded"]

PutLines: TypeAlias = Callable[[list[ConsoleLine]], None]
Stream: TypeAlias = Literal["stdout", "stderr"]

_OPEN_LINE_INTERVAL_SECS: Final = 0.5  # how often a line that is still being drawn is sent
_CONTROL: Final = re.compile(r"(\n|\r|\x1b\[\d*A|\x1b\[[0-9;?]*[A-Za-z])")
_UP: Final = re.compile(r"\x1b\[(\d*)A")
_LINE_LIMIT: Final = 10_000  # characters of a line that are kept

_quiet = threading.local()


class unrecorded:  # reads as a statement: `with unrecorded():`
    """What is written inside, on this thread, is not part of the program's output."""

    def __enter__(self) -> None:
        _quiet.depth = getattr(_quiet, "depth", 0) + 1

    def __exit__(self, *_: object) -> None:
        _quiet.depth -= 1


class LineEmulator:
    """Turns written text into numbered lines as a terminal would: a carriage return goes back to
    the line's begin, `ESC[nA` up n lines (nested progress bars), other escapes are left out."""

    def __init__(self, next_number: Callable[[], int]) -> None:
        self._next_number = next_number
        self._lines: list[tuple[int, str]] = []  # number and text; those a cursor may go back to
        self._row = 0
        self._column = 0

    def write(self, text: str) -> dict[int, str]:
        """The lines that changed, by number."""
        changed: dict[int, str] = {}
        for part in _CONTROL.split(text):
            if part == "\n":
                self._line()
                self._row, self._column = self._row + 1, 0
            elif part == "\r":
                self._column = 0
            elif up := _UP.fullmatch(part):
                self._row = max(0, self._row - int(up[1] or 1))
            elif part and not part.startswith("\x1b"):
                number, line = self._put(part)
                changed[number] = line
        self._forget_old()
        return changed

    @property
    def open_number(self) -> int | None:
        """The number of the line the cursor is in, if there is one."""
        return self._lines[self._row][0] if self._row < len(self._lines) else None

    def _put(self, text: str) -> tuple[int, str]:
        number, line = self._line()
        line = line.ljust(self._column)[: self._column] + text + line[self._column + len(text) :]
        self._column += len(text)
        self._lines[self._row] = (number, line[:_LINE_LIMIT])
        return number, line[:_LINE_LIMIT]

    def _line(self) -> tuple[int, str]:
        while self._row >= len(self._lines):
            self._lines.append((self._next_number(), ""))
        return self._lines[self._row]

    def _forget_old(self) -> None:
        keep = 40  # rows a cursor may go up to
        if len(self._lines) > 2 * keep:
            surplus = min(len(self._lines) - keep, self._row)
            del self._lines[:surplus]
            self._row -= surplus


class ConsoleCapture:
    """Copies what is written to sys.stdout and sys.stderr to `put_lines`, until `stop`."""

    def __init__(self, put_lines: PutLines) -> None:
        self._put_lines = put_lines
        self._lock = threading.RLock()
        self._numbers = 0
        self._waiting: dict[int, ConsoleLine] = {}  # open lines that were not sent at once
        self._sent_at = 0.0
        self._emulators = {
            "stdout": LineEmulator(self._next_number),
            "stderr": LineEmulator(self._next_number),
        }
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begins to listen to the streams that are sys.stdout and sys.stderr now."""
        self._listen("stdout", sys.stdout)
        self._listen("stderr", sys.stderr)

    def stop(self) -> None:
        """Stops listening and hands over what was not sent yet."""
        self.leave()
        with self._lock:
            self._send(list(self._waiting.values()))

    def leave(self) -> None:
        """Stops listening; in a forked child, whose output is not recorded, that is all."""
        while self._undo:
            self._undo.pop()()

    def record(self, stream: Stream, text: str) -> None:
        """Takes text that was, or is to count as, written to the stream."""
        with self._lock:
            emulator = self._emulators[stream]
            now_us = time.time_ns() // 1000
            lines = {
                number: ConsoleLine(number, stream, now_us, line)
                for number, line in emulator.write(text).items()
            }
            self._waiting.update(lines)
            self._send_due(emulator.open_number)

    def _listen(self, name: Stream, stream: Any) -> None:
        if stream is None:
            return
        original = stream.write

        def write(text: str) -> Any:
            written = original(text)
            if not getattr(_quiet, "depth", 0) and isinstance(text, str):
                self.record(name, text)
            return written

        def undo() -> None:
            if stream.__dict__.get("write") is write:
                del stream.write

        stream.write = write
        self._undo.append(undo)

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers - 1

    def _send_due(self, open_number: int | None) -> None:
        """Sends all but a line still being drawn, and that too every now and then."""
        now = time.monotonic()
        due = [line for number, line in self._waiting.items() if number != open_number]
        if now - self._sent_at >= _OPEN_LINE_INTERVAL_SECS:
            due = list(self._waiting.values())
            self._sent_at = now
        self._send(due)

    def _send(self, lines: list[ConsoleLine]) -> None:
        for line in lines:
            del self._waiting[line.number]
        if lines:
            self._put_lines(lines)
