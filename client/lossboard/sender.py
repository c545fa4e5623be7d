"""The way of a number from `run.log` to the server: one `Sender` per process and run.

What is put here goes through a queue bounded in bytes to a worker thread, which turns rows into
columns, encodes a record once and appends it to the spool; a second thread sends the same bytes
to the server and retries as `delivery` describes. No `put_*` waits for disk, network or device,
except when the queue is full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from lossboard import wire

__all__ = [
    "Deferred",
    "DeliveryReport",
    "Key",
    "Level",
    "Say",
    "Sender",
    "SenderHandle",
    "SenderOptions",
]

Key: TypeAlias = str | tuple[str, ...]  # ("a", "b") is the nested {"a": {"b": ...}}, shown as a.b
Level: TypeAlias = Literal["info", "warn", "error"]
Say: TypeAlias = Callable[[str, Level], None]


@runtime_checkable
class Deferred(Protocol):
    """A value that a device is still computing; it is read on the worker thread.

    Rows stay in order, so everything put after it waits with it.
    """

    def ready(self) -> bool:
        """Whether `resolve` would return without waiting."""

    def resolve(self) -> Any:
        """The value (whatever `put_row` or `put_event` takes in its place); may wait."""


@dataclass(frozen=True)
class SenderOptions:
    """Limits and intervals of a sender."""

    queue_limit_bytes: int = 64_000_000
    flush_interval_secs: float = 0.25
    flush_bytes: int = 256_000
    segment_bytes: int = 8_000_000
    finish_timeout_secs: float = 10.0
    heartbeat_interval_secs: float = 15.0
    request_timeout_secs: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict)  # sent with every request


@dataclass(frozen=True)
class DeliveryReport:
    """What became of everything that was put, as far as is known when `finish` returns."""

    delivered: bool  # everything is committed in the server (rejected and dropped things apart)
    undelivered_bytes: int = 0  # what waits in `spool_dir`, record bytes and file bytes
    spool_dir: Path | None = None  # None when nothing is left to deliver
    reason: str = ""  # why something is left: the last trouble with the server or disk
    rejected: int = 0  # records and files the server refused; they lie in `rejected/`
    dropped: Mapping[str, int] = field(default_factory=dict)  # lost for good, counted by kind
    waited_secs: float = 0.0  # how long `put_*` calls waited for room in the queue


@dataclass(frozen=True)
class SenderHandle:
    """What a spawned process needs to log to the same run; it can be pickled."""

    start: wire.RunStart
    spool_root: Path
    base_url: str | None
    options: SenderOptions

    def open(self, say: Say) -> Sender:
        """A sender of its own writer and spool that joins the run."""
        raise NotImplementedError


class Sender:
    """Delivers what one process logs to one run, in order, exactly once.

    `spool_root` is the directory in which each writer (this process, its forked children) gets a
    spool of its own. `base_url` None is offline: everything stays in the spool for
    `lossboard sync`. The constructor starts the threads and returns; nothing waits for the server.

    `say(text, level)` is called on our threads as well as on the caller's: it decides when and
    where to print. `on_fork()` is called in a forked child, right after the fork.

    Everything put is handed over: mappings and lists must not be changed afterwards. In a forked
    child the first `put_*` opens a writer of its own, with `opens="join"`; it is delivered at the
    end of the child, and it never sends an exit.
    """

    def __init__(
        self,
        *,
        start: wire.RunStart,
        spool_root: Path,
        base_url: str | None,
        options: SenderOptions,
        say: Say,
        on_fork: Callable[[], None] | None = None,
    ) -> None:
        raise NotImplementedError

    @property
    def handle(self) -> SenderHandle:
        """For spawned processes."""
        raise NotImplementedError

    @property
    def stop_requested(self) -> bool:
        """Whether somebody pressed Stop in the dashboard."""
        raise NotImplementedError

    def put_row(self, step: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """One committed history row.

        Values: int, float; str, bool, None, lists and dicts of such (stored as they are);
        `wire.HistogramData`; `Deferred` of any of these.
        """
        raise NotImplementedError

    def put_system_row(self, sample: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """One row of system metrics; `sample` counts them from 0."""
        raise NotImplementedError

    def put_event(
        self,
        step: int,
        time_us: int,
        batch: int,
        histograms: Mapping[Key, wire.HistogramData | Deferred],
    ) -> None:
        """One watch event; `batch` counts training backwards."""
        raise NotImplementedError

    def put_config(self, changed: Mapping[str, Any], removed: Iterable[str] = ()) -> None:
        """Config values by top-level key, and top-level keys that were deleted."""
        raise NotImplementedError

    def put_summary(self, changed: Mapping[str, Any], removed: Iterable[str] = ()) -> None:
        """Summary values by top-level key, and top-level keys that were deleted."""
        raise NotImplementedError

    def put_metric(self, definition: wire.MetricDefinition) -> None:
        """A define_metric call, merged with those before it."""
        raise NotImplementedError

    def put_fields(self, fields: wire.RunFields) -> None:
        """Changed descriptive fields of the run."""
        raise NotImplementedError

    def put_console(self, lines: Iterable[wire.ConsoleLine]) -> None:
        """Lines of output; a line with a number sent before replaces it."""
        raise NotImplementedError

    def put_file(
        self,
        source: Path | bytes,
        *,
        name: str,
        time_us: int,
        mime_type: str = "application/octet-stream",
    ) -> wire.FileEntry:
        """Copies the content into the spool, hashing it on the way, and uploads it later.

        Returns the entry, whose `sha256` and `size_bytes` media values refer to. The copy is made
        before this returns, so the source may change. Raises OSError when `source` can't be read.
        """
        raise NotImplementedError

    def put_alert(self, alert: wire.Alert) -> None:
        """run.alert()."""
        raise NotImplementedError

    def put_notice(self, notice: wire.Notice) -> None:
        """Something to be seen in the run; amounts of one kind add up."""
        raise NotImplementedError

    def flush(self, timeout_secs: float) -> bool:
        """Waits until all that was put is in the server's database (offline: in the spool)."""
        raise NotImplementedError

    def finish(self, exit: wire.Exit, timeout_secs: float | None = None) -> DeliveryReport:
        """Sends the exit, waits for delivery up to the timeout, and stops the threads.

        `timeout_secs` None takes `options.finish_timeout_secs`. Starts no thread, so it may be
        called from atexit. What is undelivered by then stays in the spool. A second call returns
        the first report. In a forked child it ends the child's own writer, without an exit.
        """
        raise NotImplementedError
