"""The program's own output, copied into the run as lines."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from lossboard.machine.line_emulator import LineEmulator
from lossboard.sending.worker import Worker
from lossboard.times import now_us
from lossboard.wire import ConsoleLine

__all__ = ["ConsoleCapture", "Stream", "unrecorded"]

PutLines: TypeAlias = Callable[[list[ConsoleLine]], None]
Stream: TypeAlias = Literal["stdout", "stderr"]

_OPEN_LINE_INTERVAL_SECS: Final = 0.5  # how often a line that is still being drawn is sent

_quiet = threading.local()


class unrecorded:  # reads as a statement: `with unrecorded():`
    """A context: text written in it, on this thread, is not part of the program's output."""

    def __enter__(self) -> None:
        _quiet.depth = getattr(_quiet, "depth", 0) + 1

    def __exit__(self, *_: object) -> None:
        _quiet.depth -= 1


class ConsoleCapture:
    """Copies what is written to sys.stdout and sys.stderr to `put_lines`, until `stop`.

    The streams stay the same objects; only their `write` is another one meanwhile. Whole lines go
    at once; one that is still being drawn (a progress bar) twice a second, from a thread of its
    own. `on_failure` gets the traceback if that thread dies.
    """

    def __init__(self, put_lines: PutLines, on_failure: Callable[[str], None]) -> None:
        self._put_lines = put_lines
        self._on_failure = on_failure
        self._lock = threading.RLock()
        self._listening = False
        self._numbers = 0
        self._waiting: dict[int, ConsoleLine] = {}  # open lines that were not sent at once
        self._something_waits = threading.Event()
        self._stopped = threading.Event()
        self._worker: Worker | None = None
        self._emulators = {
            "stdout": LineEmulator(self._next_number),
            "stderr": LineEmulator(self._next_number),
        }
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begins to listen to the streams that are sys.stdout and sys.stderr now."""
        self._listening = True
        self._listen("stdout", sys.stdout)
        self._listen("stderr", sys.stderr)

    def stop(self) -> None:
        """Stops listening and hands over what was not sent yet."""
        self.leave()
        with self._lock:
            self._send(list(self._waiting.values()))

    def leave(self) -> None:
        """Stops listening; in a forked child, whose output is not recorded, that is all.

        Takes no lock: in a forked child another thread of the parent may have held it.
        """
        self._listening = False
        self._stopped.set()
        self._something_waits.set()
        while self._undo:
            self._undo.pop()()

    def record(self, stream: Stream, text: str) -> None:
        """Takes text that was, or is to count as, written to the stream."""
        with self._lock:
            if self._listening:  # else it was stopped on another thread meanwhile
                self.take(stream, text)

    def take(self, stream: Stream, text: str) -> None:
        """Takes text as lines of the stream, also while it does not listen."""
        with self._lock:
            emulator = self._emulators[stream]
            moment_us = now_us()
            self._waiting |= {
                number: ConsoleLine(number, stream, moment_us, line)
                for number, line in emulator.write(text).items()
            }
            whole = [n for n in self._waiting if n != emulator.open_number]
            self._send([self._waiting[number] for number in whole])
            if self._waiting:
                self._send_soon()

    def _listen(self, name: Stream, stream: Any) -> None:
        if not hasattr(stream, "__dict__"):  # none, as under pythonw, or a stranger to attributes
            return
        original = stream.write

        def write(text: str) -> Any:
            written = original(text)
            # Listening no more, it is still called where another `write` was put around it.
            if self._listening and not getattr(_quiet, "depth", 0) and isinstance(text, str):
                self._try_to_record(name, text)
            return written

        def undo() -> None:
            if vars(stream).get("write") is write:
                del stream.write

        stream.write = write
        self._undo.append(undo)

    def _try_to_record(self, name: Stream, text: str) -> None:
        """A print of the program never raises what is ours: recording ends before that."""
        try:
            self.record(name, text)
        except Exception:  # noqa: BLE001 - told as what ends the thread beside is
            self.leave()
            self._on_failure(traceback.format_exc())

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers - 1

    def _send_soon(self) -> None:
        if self._worker is None and self._listening:
            self._worker = Worker("lossboard-console", self._turn, self._on_failure)
            self._worker.start()
        self._something_waits.set()

    def _turn(self) -> bool:
        self._something_waits.wait()
        self._something_waits.clear()
        self._stopped.wait(_OPEN_LINE_INTERVAL_SECS)
        with self._lock:
            if not self._listening:
                return False
            self._send(list(self._waiting.values()))
        return True

    def _send(self, lines: list[ConsoleLine]) -> None:
        for line in lines:
            del self._waiting[line.number]
        if lines:
            self._put_lines(lines)
