"""Recorders, which a run has beside logging: the program's output, what the machine does, and
what the program is made of."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

from lossboard import wire
from lossboard.machine.console import ConsoleCapture, Stream
from lossboard.machine.description import Description
from lossboard.machine.gpu_metrics import GpuSampler
from lossboard.machine.system_metrics import SystemSampler
from lossboard.sending.fork import forks_wait
from lossboard.sending.worker import Worker
from lossboard.settings import Settings
from lossboard.times import now_us

__all__ = ["Recorders", "Recording"]

_DESCRIBE_SECS: Final = 3.0  # what the end of a short run waits for its description


class Recording(Protocol):
    """The receiver of what recorders record; `Sender` is one."""

    def put_console(self, lines: list[wire.ConsoleLine], /) -> None:
        """Lines of output."""

    def put_system_row(self, sample: int, time_us: int, values: dict[Any, Any], /) -> None:
        """System metrics."""

    def put_metadata(self, changed: dict[str, Any], /) -> None:
        """Metadata by top-level key."""

    def put_file(self, source: bytes, /, *, name: str, time_us: int, mime_type: str) -> object:
        """A file of the run."""

    def put_notice(self, notice: wire.Notice, /) -> None:
        """Something to be seen in the run."""


class Recorders:
    """The recorders of one run. `on_failure` gets the traceback of a thread of theirs that died.

    Nothing of it is done on the caller's thread, so that `init` does not wait for it.
    """

    def __init__(
        self,
        settings: Settings,
        recording: Recording,
        description: Description,
        on_failure: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._recording = recording
        self._description = description
        self._on_failure = on_failure
        self._label = ""
        self._leads = True
        self._console = ConsoleCapture(recording.put_console, on_failure)
        self._worker = Worker("lossboard-recorder", self._turn, self._failed)
        self._ending = threading.Event()
        self._described = threading.Event()
        self._lock = threading.Lock()  # held while something is put
        self._ended = False
        self._samples = 0

    def start(self, label: str = "", *, leads: bool = True) -> None:
        """Begins to record what the settings allow.

        With a `label` this process is one of several writers of a run, and the label tells its
        system metrics from the others'. Files that describe the program are those of the one that
        `leads`.
        """
        self._label = label
        self._leads = leads
        if self._settings.console != "off":
            self._console.start()
        if self._describes or not self._settings.x_disable_stats:
            # Loaded here, 10 ms, and not on the thread: what psutil evaluates while it is loaded
            # would make Python forget that Ctrl-C ended the process, and end with another code.
            importlib.import_module("psutil")
            self._worker.start()

    def record(self, stream: Stream, text: str) -> None:
        """Text that is to count as output of the program, while that is recorded."""
        self._console.record(stream, text)

    def write(self, text: str) -> None:
        """Text that is to stand with the output of the program, whether that is recorded or not."""
        self._console.take("stdout", text)

    def stop(self) -> None:
        """Stops recording; whatever is recorded has been put when this returns."""
        self._console.stop()
        if self._worker.is_alive:
            self._described.wait(_DESCRIBE_SECS)
        self._ending.set()
        with self._lock:
            self._ended = True

    def leave(self) -> None:
        """In a forked child: nothing of its own is recorded."""
        self._console.leave()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._ended = True

    @property
    def _describes(self) -> bool:
        return not self._settings.x_disable_meta

    def _turn(self) -> bool:
        """The whole life of the thread: a sample, the description, then a sample each interval."""
        sampler = None
        with forks_wait:
            gpus = GpuSampler.open()
            if not self._settings.x_disable_stats:
                sampler = SystemSampler(self._settings.x_stats_disk_paths, gpus)
        if sampler is not None:
            self._put_sample(sampler)
        if self._describes:
            self._describe(gpus)
        self._described.set()
        while sampler and not self._ending.wait(self._settings.x_stats_sampling_interval):
            self._put_sample(sampler)
        return False

    def _put_sample(self, sampler: SystemSampler) -> None:
        suffix = f"/l:{self._label}" if self._label else ""
        with forks_wait:
            values = {f"{key}{suffix}": value for key, value in sampler.sample().items()}
        self._put(self._recording.put_system_row, self._samples, now_us(), values)
        self._samples += 1

    def _describe(self, gpus: GpuSampler | None) -> None:
        described = self._description.collect(gpus)
        self._put(self._recording.put_metadata, described.metadata)
        for text in described.troubles:
            self._put(self._recording.put_notice, wire.Notice("metadata", text, now_us()))
        files = described.files if self._leads else {}  # they would take one another's place
        for name, (content, mime_type) in files.items():
            self._put(
                self._recording.put_file,
                content,
                name=name,
                time_us=now_us(),
                mime_type=mime_type,
            )

    def _put(self, put: Callable[..., object], *arguments: Any, **named: Any) -> None:
        with forks_wait, self._lock:
            if not self._ended:
                put(*arguments, **named)

    def _failed(self, trace: str) -> None:
        self._described.set()
        self._on_failure(trace)
