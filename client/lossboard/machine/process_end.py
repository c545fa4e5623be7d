"""How a run learns that its process ends, and with which exit code.

`sys.exit` and `sys.excepthook` are wrapped at the first `init`: nothing else tells the code to
functions of `atexit`. No signal handler is installed: a process that is killed ends without an
exit code, and the server sees its heartbeats stop.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol

__all__ = ["Flushable", "ProcessEnd", "flush_at_end_of_child", "process_end"]

_INTERRUPTED: Final = 255
_BEFORE_SENDERS: Final = 100  # senders deliver theirs in a finalizer of priority 50


class Flushable(Protocol):
    """A run in a child process."""

    def finish(self) -> None:
        """Hands over what was logged in this process."""


class ProcessEnd:
    """Follows the end of the process for those who asked."""

    def __init__(self) -> None:
        self.exit_code = 0
        self._finish_all: Callable[[int], None] | None = None
        self._child_pid: int | None = None

    def follow(self, finish_all: Callable[[int], None]) -> None:
        """Calls `finish_all(exit code)` when the process ends; only the first call counts, but for
        each process of `multiprocessing`."""
        if _is_child() and self._child_pid != os.getpid():
            self._child_pid, self.exit_code = os.getpid(), 0
            _at_end_of_child(None, self._at_end_of_child)
        if self._finish_all is not None:
            return
        self._finish_all = finish_all
        self._wrap_exit()
        self._wrap_excepthook()
        atexit.register(self._at_exit)

    def _at_exit(self) -> None:
        if self._finish_all is not None:
            self._finish_all(self.exit_code)

    def _at_end_of_child(self) -> None:
        """Called while what the child was to do returns or raises."""
        error = sys.exception()
        if isinstance(error, SystemExit):
            self.exit_code = _code_of(error.code)
        elif error is not None:
            self.exit_code = 1
        self._at_exit()

    def _wrap_exit(self) -> None:
        original = sys.exit

        def exit(status: Any = None, /) -> NoReturn:
            self.exit_code = _code_of(status)
            original(status)

        sys.exit = exit

    def _wrap_excepthook(self) -> None:
        original = sys.excepthook

        def excepthook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            self.exit_code = _INTERRUPTED if issubclass(kind, KeyboardInterrupt) else 1
            original(kind, error, trace)

        sys.excepthook = excepthook


process_end = ProcessEnd()  # the state of the process


def flush_at_end_of_child(run: Flushable) -> None:
    """In a child of `multiprocessing`, which ends without `atexit`: finishes `run` at its end."""
    _at_end_of_child(run, run.finish)


def _at_end_of_child(owner: object | None, call: Callable[[], None]) -> None:
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(owner, call, exitpriority=_BEFORE_SENDERS)


def _is_child() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _code_of(status: Any) -> int:
    if status is None:
        return 0
    return status if isinstance(status, int) else 1
