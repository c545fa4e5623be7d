"""The view that a terminal gives of written text, as numbered lines."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["LineEmulator"]

_LINE_LIMIT: Final = 10_000  # characters of a line that are kept
_ROWS_ABOVE: Final = 40  # rows a cursor may go up to
_PLAIN: Final = "\0"
_CONTROL: Final = re.compile(
    r"(\n|\r|\x08|\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
)
_SEQUENCE: Final = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
_RESET: Final = "\x1b[0m"


@dataclass
class _Line:
    """`styles` has a character for each one of `text`: the number of its style."""

    number: int
    text: str = ""
    styles: str = ""

    def put(self, column: int, text: str, style: str) -> None:
        """Writes over what is there, from `column` on."""
        end = column + len(text)
        self.text = (self.text.ljust(column)[:column] + text + self.text[end:])[:_LINE_LIMIT]
        styles = self.styles.ljust(column, _PLAIN)[:column] + style * len(text)
        self.styles = (styles + self.styles[end:])[:_LINE_LIMIT]

    def erase(self, start: int, end: int | None) -> None:
        """Blanks from `start`, or takes away everything after it where `end` is None."""
        if end is None:
            self.text, self.styles = self.text[:start], self.styles[:start]
        else:
            self.put(start, " " * (min(end, len(self.text)) - start), _PLAIN)


class LineEmulator:
    """Turns written text into numbered lines as a terminal would.

    A carriage return goes back to the line's begin, a backspace by one character, `ESC[nA` and
    `ESC[nB` up and down (nested progress bars), `ESC[nC` and `ESC[nD` right and left, `ESC[K`
    erases. Colours (`ESC[...m`) stay in the lines' texts, each line with all of its own; other
    escapes are left out.
    """

    def __init__(self, next_number: Callable[[], int]) -> None:
        self._next_number = next_number
        self._lines: list[_Line] = []  # those that a cursor may go back to
        self._row = 0
        self._column = 0
        self._style_codes = [""]  # of each style, by its number
        self._style = _PLAIN

    def write(self, text: str) -> dict[int, str]:
        """The lines that changed, by number."""
        changed: dict[int, _Line] = {}
        for part in _CONTROL.split(text):
            line = self._write_part(part) if part else None
            if line is not None:
                changed[line.number] = line
        self._forget_old()
        return {number: self._shown(line) for number, line in changed.items()}

    @property
    def open_number(self) -> int | None:
        """The number of the line the cursor is in, if there is one."""
        return self._lines[self._row].number if self._row < len(self._lines) else None

    def _write_part(self, part: str) -> _Line | None:
        """Text or one control; the line that it changed."""
        if part == "\n":
            self._line()  # an empty line has its number too
            self._row, self._column = self._row + 1, 0
        elif part == "\r":
            self._column = 0
        elif part == "\x08":
            self._column = max(0, self._column - 1)
        elif sequence := _SEQUENCE.fullmatch(part):
            return self._obey(sequence[2], sequence[1])
        elif not part.startswith("\x1b]"):
            line = self._line()
            line.put(self._column, part, self._style)
            self._column += len(part)
            return line
        return None

    def _obey(self, command: str, arguments: str) -> _Line | None:
        count = int(arguments) if arguments.isdecimal() else None
        if command == "m":
            self._restyle(arguments)
        elif command == "A":
            self._row = max(0, self._row - (count or 1))
        elif command == "B":
            self._row = min(len(self._lines), self._row + (count or 1))
        elif command in ("C", "D"):
            self._column = max(0, self._column + (count or 1) * (1 if command == "C" else -1))
        elif command == "K":
            line = self._line()
            start = 0 if count in (1, 2) else self._column
            line.erase(start, self._column if count == 1 else None)
            return line
        return None

    def _restyle(self, arguments: str) -> None:
        """Codes add up until a reset."""
        kept = "" if arguments.startswith("0;") else self._style_codes[ord(self._style)]
        codes = "" if arguments in ("", "0") else f"{kept}\x1b[{arguments}m"
        if codes not in self._style_codes:
            self._style_codes.append(codes)
        self._style = chr(self._style_codes.index(codes))

    def _shown(self, line: _Line) -> str:
        """Its text with the colour codes that it needs where it stands alone."""
        if line.styles.count(_PLAIN) == len(line.styles):
            return line.text
        parts, start = [], 0
        for style, group in itertools.groupby(line.styles):
            end = start + len(list(group))
            codes = self._style_codes[ord(style)]
            parts.append(codes + line.text[start:end] + (_RESET if codes else ""))
            start = end
        return "".join(parts)

    def _line(self) -> _Line:
        while self._row >= len(self._lines):
            self._lines.append(_Line(self._next_number()))
        return self._lines[self._row]

    def _forget_old(self) -> None:
        if len(self._lines) > 2 * _ROWS_ABOVE:
            surplus = min(len(self._lines) - _ROWS_ABOVE, self._row)
            del self._lines[:surplus]
            self._row -= surplus
