"""The step machine of `log`: the one place that decides which step a row has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from operator import index
from typing import Final, SupportsIndex, TypeAlias

from lossboard.values import Row

__all__ = ["PutRow", "StepMachine", "as_step", "take_reserved"]

_STEP_LIMIT: Final = 1 << 62  # a record has 64 bits for it, and steps go on from there
_SECONDS_LIMIT: Final = 1 << 43  # microseconds that fit into 64 bits

PutRow: TypeAlias = Callable[[int, int, Row], None]


def as_step(step: SupportsIndex | None) -> int | None:
    """`step` as an int: numpy ints and 0-d integer tensors too. Raises TypeError for the rest."""
    return step if step is None or type(step) is int else index(step)


def _too_far(step: int) -> ValueError:
    return ValueError(f"a step lies within 62 bits, this one has {step.bit_length()}")


def take_reserved(row: Row, time_us: int) -> int:
    """Takes what the row may not hold: `_step` and `_runtime`, which are ours to say, and
    `_timestamp` (seconds since the epoch), which is the row's time."""
    row.pop("_step", None)
    row.pop("_runtime", None)
    timestamp = row.pop("_timestamp", None)
    if isinstance(timestamp, int | float) and abs(timestamp) < _SECONDS_LIMIT:
        return int(timestamp * 1e6)
    return time_us


class StepMachine:
    """Gathers what is logged into rows, one open row at a time, as W&B does.

    A call with a higher step closes the open row and opens that step's; a call without a step, or
    with `commit=True`, closes it at once and goes on to the next step. Other than in W&B a call
    with a lower step is not dropped: it makes a row of its own at that step.

    `put_row(step, time_us, row)` takes closed rows, in order, one call at a time;
    `on_late(step, current)` hears of each lower step.
    """

    def __init__(
        self, first_step: int, put_row: PutRow, on_late: Callable[[int, int], None]
    ) -> None:
        self._step = first_step
        self._row: Row = {}
        self._time_us = 0
        self.last_put: tuple[int, int] | None = None  # step and time of the last row
        self._put_row = put_row
        self._on_late = on_late
        # Re-entrant: a finalizer that logs may run inside a call of its own thread.
        self._lock = threading.RLock()

    @property
    def step(self) -> int:
        """The step of the open row: what the next call without a step is logged at."""
        return self._step

    @property
    def reached(self) -> int | None:
        """The step that was logged last, in the open row or before; None before the first."""
        if self._row or self.last_put is None:
            return self._step if self._row else None
        return self.last_put[0]

    def log(self, row: Row, step: int | None, commit: bool | None, time_us: int) -> None:
        """Merges `row` into the open row and closes it where step and commit say so."""
        with self._lock:
            if step is not None and step != self._step:
                if not -_STEP_LIMIT < step < _STEP_LIMIT:
                    raise _too_far(step)
                if step < self._step:
                    self._put_late(row, step, time_us)
                    return
                self._close_if_any()
                self._step = step
            if self._row:
                self._row.update(row)
            else:
                self._row = row
            self._time_us = time_us
            if commit or (commit is None and step is None):
                self._close()

    def close(self) -> None:
        """Closes the open row if it holds anything: the end of the run."""
        with self._lock:
            self._close_if_any()

    def start_in_fork(self) -> None:
        """In a forked child: counts on from here; the open row is the parent's to send."""
        self._lock = threading.RLock()  # another thread may have held it when we were forked
        self._row = {}

    def _put_late(self, row: Row, step: int, time_us: int) -> None:
        self._on_late(step, self._step)
        self._put(step, time_us, row)

    def _close_if_any(self) -> None:
        if self._row:
            self._put(self._step, self._time_us, self._row)
            self._row = {}

    def _close(self) -> None:
        row, self._row = self._row, {}
        self._put(self._step, self._time_us, row)
        self._step += 1

    def _put(self, step: int, time_us: int, row: Row) -> None:
        if self.last_put is None or step >= self.last_put[0]:
            self.last_put = (step, time_us)
        self._put_row(step, time_us, row)
