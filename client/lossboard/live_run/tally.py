"""Memory of the client of the rows it logged: last values, statistics, a few samples."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any, Final

from lossboard.sending.interface import Key, is_deferred

__all__ = ["KeyTally", "Tally"]

_FOLD_ROWS: Final = 256  # rows that are gathered before they are counted, column by column
_WAITING_ROWS: Final = 4096  # rows that may wait for a device before counting waits for it
_MAX_SAMPLES: Final = 128
_PLAIN: Final = frozenset({float, int, bool, str, type(None)})
_FLOATS: Final = frozenset({float})
_EXACT: Final = 1 << 53
_INT_LIMIT: Final = 1 << 1000  # beyond it an int is no number to do statistics with


class KeyTally:
    """Statistics of one key since the run began. One NaN makes min, max and mean NaN."""

    __slots__ = ("_skip", "_stride", "first", "highest", "last", "lowest", "n", "samples", "total")

    def __init__(self) -> None:
        self.n = 0  # numbers; other values only have a first and last
        self.first: Any = None
        self.last: Any = None
        self.total = 0.0
        self.lowest = math.inf
        self.highest = -math.inf
        self.samples: list[float] = []  # every _stride-th number, at most _MAX_SAMPLES
        self._stride = 1
        self._skip = 0

    @property
    def mean(self) -> float:
        """The mean of the numbers; NaN without any."""
        return self.total / self.n if self.n else math.nan

    def add(self, column: list[Any]) -> None:
        """Counts values in order of arrival; the column is not empty."""
        if self.first is None:
            self.first = column[0]
        self.last = column[-1]
        numbers = column if _FLOATS.issuperset(map(type, column)) else _numbers_in(column)
        if numbers:
            self._add_numbers(numbers)

    def _add_numbers(self, numbers: list[float]) -> None:
        self.n += len(numbers)
        total = sum(numbers)
        self.total += total
        if total != total and any(number != number for number in numbers):
            self.lowest = self.highest = self.total = math.nan
        elif self.lowest == self.lowest:  # not NaN for good
            self.lowest = min(self.lowest, *numbers)
            self.highest = max(self.highest, *numbers)
        self._sample(numbers)

    def _sample(self, numbers: list[float]) -> None:
        self.samples += numbers[self._skip :: self._stride]
        self._skip = (self._skip - len(numbers)) % self._stride
        while len(self.samples) > _MAX_SAMPLES:
            # Of an even count the next wanted number stays wanted, else it is one stride later.
            if len(self.samples) % 2:
                self._skip += self._stride
            self.samples = self.samples[::2]
            self._stride *= 2


def _numbers_in(column: list[Any]) -> list[float]:
    return [
        float(value) if abs(value) > _EXACT else value
        for value in column
        if type(value) is float or (type(value) is int and -_INT_LIMIT < value < _INT_LIMIT)
    ]


def _unready(row: Mapping[Key, Any]) -> bool:
    return any(is_deferred(value) and not value.ready() for value in row.values())


class Tally:
    """Counts rows in blocks, so that `add` costs a list append.

    `add` is called by one thread at a time; `fold` by any.
    """

    def __init__(self) -> None:
        self.keys: dict[Key, KeyTally] = {}
        self._rows: list[Mapping[Key, Any]] = []
        self._lock = threading.RLock()
        self._wake_at = _FOLD_ROWS

    def add(self, row: Mapping[Key, Any]) -> bool:
        """Takes a row, which must not change afterwards; whether it is time to fold."""
        self._rows.append(row)
        return len(self._rows) >= self._wake_at

    def fold(self, *, wait: bool) -> dict[Key, Any]:
        """Counts the rows taken since the last call, and returns the last values among them.

        Without `wait`, rows from the first one on that a device still computes stay for later.
        """
        with self._lock:
            rows, self._rows = self._rows, []
            if not wait and len(rows) < _WAITING_ROWS:
                rows = self._keep_unready(rows)
            self._wake_at = len(self._rows) + _FOLD_ROWS
            last: dict[Key, Any] = {}
            for row in rows:
                last.update(row)
            for key in last:
                self._count(key, [row[key] for row in rows if key in row])
            return {key: self.keys[key].last for key in last if self.keys[key].last is not None}

    def start_in_fork(self) -> None:
        """In a forked child: another thread may have held the lock."""
        self._lock = threading.RLock()

    def _count(self, key: Key, column: list[Any]) -> None:
        tally = self.keys.get(key)
        if tally is None:
            tally = self.keys[key] = KeyTally()
        if not _PLAIN.issuperset(map(type, column)):
            column = [v.resolve() if is_deferred(v) else v for v in column]
        present = [value for value in column if value is not None]
        if present:
            tally.add(present)

    def _keep_unready(self, rows: list[Mapping[Key, Any]]) -> list[Mapping[Key, Any]]:
        for place, row in enumerate(rows):
            if not _PLAIN.issuperset(map(type, row.values())) and _unready(row):
                self._rows = rows[place:] + self._rows
                return rows[:place]
        return rows
