"""Ctrl+C while a run ends: it ends the waiting, and nothing else."""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, ParamSpec, TypeVar

__all__ = ["interrupted", "undisturbed"]

_P = ParamSpec("_P")
_T = TypeVar("_T")

_TOO_MANY: Final = 3  # somebody is in earnest: perhaps the disk hangs


class _Interrupts:
    """Takes SIGINT over from who had it, while something of ours must come to its end.

    Who had it is still called. What that raises is raised at the end, but for the
    KeyboardInterrupt of Python's own handler: it was meant for the waiting, which has ended.
    """

    def __init__(self) -> None:
        self.count = 0
        self._depth = 0
        self._previous: Callable[[int, FrameType | None], Any] | None = None
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1:
            self.count, self._error = 0, None
            previous = signal.getsignal(signal.SIGINT)
            if callable(previous):  # neither ignored nor the system's
                signal.signal(signal.SIGINT, self._on_signal)
                self._previous = previous

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
        error, self._error, self._previous, self.count = self._error, None, None, 0
        if error is not None:
            raise error

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        try:
            if self._previous is not None:
                self._previous(number, frame)
        except KeyboardInterrupt:
            if self.count >= _TOO_MANY:
                raise
        except BaseException as error:  # noqa: BLE001 - of a handler that isn't ours; raised later
            self._error = error


_interrupts: Final = _Interrupts()  # of the process, as signals are


def undisturbed(call: Callable[_P, _T]) -> Callable[_P, _T]:
    """A function that Ctrl+C does not break off: `interrupted` tells it. The third time it does.

    Signals reach only the main thread; on others the function is as it was.
    """

    @functools.wraps(call)
    def inner(*arguments: _P.args, **named: _P.kwargs) -> _T:
        if threading.current_thread() is not threading.main_thread():
            return call(*arguments, **named)
        with _interrupts:
            return call(*arguments, **named)

    return inner


def interrupted() -> bool:
    """Whether Ctrl+C was pressed since the outermost `undisturbed` call began."""
    return _interrupts.count > 0
