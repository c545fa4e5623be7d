"""The way of a number from `run.log` to the server: one `Sender` per process and run.

What is put here goes through a queue bounded in bytes to a worker thread, which turns rows into
columns, encodes a record once and appends it to the spool; a second thread sends the same bytes
to the server and retries as `delivery` describes. No `put_*` waits for disk, network or device,
except when the queue is full.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from lossboard import wire
from lossboard.sending.draft import Draft
from lossboard.sending.fork import follow_forks
from lossboard.sending.intake import Item
from lossboard.sending.interface import (
    Deferred,
    DeliveryReport,
    Key,
    Level,
    Look,
    RunStatus,
    Say,
    SenderOptions,
    Stored,
    is_deferred,
)

if TYPE_CHECKING:
    from lossboard.sending.pipeline import Pipeline

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

# About what things take in a record.
_ROW_BYTES: Final = 16
_NUMBER_BYTES: Final = 8
_DEFERRED_BYTES: Final = 1000  # a histogram, not computed yet
_SMALL_BYTES: Final = 200
_ENTRY_BYTES: Final = 200  # of an artifact
_ENTRIES_PER_PART: Final = 500
_CHILD_EXIT_PRIORITY: Final = 50  # before multiprocessing joins its own threads and queues


@dataclass(frozen=True)
class SenderHandle:
    """All that a spawned process needs to log to the same run; it can be pickled."""

    start: wire.RunStart
    spool_root: Path
    base_url: str | None
    options: SenderOptions

    def open(self, say: Say) -> Sender:
        """A sender of its own writer and spool that joins the run."""
        return Sender(
            start=self.start,
            spool_root=self.spool_root,
            base_url=self.base_url,
            options=self.options,
            say=say,
            joins=True,
        )


class Sender:
    """Delivers what one process logs to one run, in order, exactly once.

    `spool_root` is the directory in which each writer (this process, its forked children) gets a
    spool of its own. `base_url` None is offline: everything stays in the spool for
    `lossboard sync`. The constructor starts the threads and returns; nothing waits for the server.

    `say(text, level)` is called on our threads as well as on the caller's: it decides when and
    where to print. `on_fork()` is called in a forked child, right after the fork.

    Everything put is handed over: mappings and lists must not be changed afterwards. In a forked
    child the first `put_*` opens a writer of its own, with `opens="join"`; it is delivered at the
    end of the child, and it never sends an exit. `joins` makes a sender that is
    like one in a forked child.
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
        joins: bool = False,
    ) -> None:
        self.options = options
        self._start = start
        self._spool_root = spool_root
        self._base_url = base_url
        self._say = say
        self._on_fork = on_fork
        self._opening = threading.Lock()
        self._pipeline: Pipeline | None = None
        self._is_child = joins
        self._told_full = False
        self._told_failure = False
        self._report: DeliveryReport | None = None
        follow_forks(self)
        if not joins:
            self._opened()

    @property
    def handle(self) -> SenderHandle:
        """For spawned processes."""
        return SenderHandle(self._joining(), self._spool_root, self._base_url, self.options)

    @property
    def stop_requested(self) -> bool:
        """Whether somebody pressed Stop in the dashboard."""
        return self._pipeline is not None and self._pipeline.stop_requested

    def status(self) -> RunStatus:
        """How far the delivery of what this process logged is."""
        return RunStatus() if self._pipeline is None else self._pipeline.status()

    def put_row(self, step: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """One committed history row.

        Values: int, float; str, bool, None, lists and dicts of such (stored as they are);
        `wire.HistogramData`; `Deferred` of any of these.
        """
        for value in values.values():
            kind = type(value)
            if kind is not float and kind is not int:
                self._put_mixed_row(step, time_us, values)
                return
        wire_bytes = _ROW_BYTES + _NUMBER_BYTES * len(values)
        self._put(Item(Draft.add_row, (step, time_us, values), wire_bytes))

    def put_system_row(self, sample: int, time_us: int, values: Mapping[Key, Any]) -> None:
        """One row of system metrics; `sample` counts them from 0."""
        wire_bytes = _ROW_BYTES + _size_of(values)
        self._put(Item(Draft.add_system_row, (sample, time_us, values), wire_bytes))

    def put_event(
        self,
        step: int,
        time_us: int,
        batch: int,
        histograms: Mapping[Key, wire.HistogramData | Deferred],
    ) -> None:
        """One watch event; `batch` counts training backwards."""
        arguments = (step, time_us, batch, histograms)
        self._put(Item(Draft.add_event, arguments, _size_of(histograms), _deferred_in(histograms)))

    def put_config(self, changed: Mapping[str, Any], removed: Iterable[str] = ()) -> None:
        """Config values by top-level key, and top-level keys that were deleted."""
        gone = list(removed)
        self._put(Item(Draft.add_config, (changed, gone), _size_of(changed) + _size_of(gone)))

    def put_summary(self, changed: Mapping[str, Any], removed: Iterable[str] = ()) -> None:
        """Summary values by top-level key, and top-level keys that were deleted."""
        gone = list(removed)
        self._put(Item(Draft.add_summary, (changed, gone), _size_of(changed) + _size_of(gone)))

    def put_metadata(self, changed: Mapping[str, Any]) -> None:
        """Metadata by top-level key, beside what the run's start has."""
        self._put(Item(Draft.add_metadata, (changed,), _size_of(changed)))

    def put_metric(self, definition: wire.MetricDefinition) -> None:
        """A define_metric call, merged with those before it."""
        self._put(Item(Draft.add_metric, (definition,), _SMALL_BYTES))

    def put_fields(self, fields: wire.RunFields) -> None:
        """Changed descriptive fields of the run."""
        self._put(Item(Draft.add_fields, (fields,), _SMALL_BYTES))

    def put_console(self, lines: Iterable[wire.ConsoleLine]) -> None:
        """Lines of output; a line with a number sent before replaces it."""
        held = list(lines)
        self._put(Item(Draft.add_console, (held,), sum(len(line.text) + 20 for line in held)))

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
        pipeline = self._opened()
        stored = pipeline.files.put(source)
        entry = wire.FileEntry(name, stored.sha256, stored.size_bytes, time_us, mime_type)
        self._put(Item(Draft.add_file, (entry,), _SMALL_BYTES))
        return entry

    def put_blob(self, path: Path, sha256: str, size_bytes: int) -> None:
        """Uploads a file of known hash, which nobody changes any more, under no name.

        Its content is linked into the spool, or copied where the file system can't.
        """
        self._opened().files.take(Stored(sha256, size_bytes, path))

    def put_artifact(
        self, artifact: wire.LoggedArtifact, entries: Sequence[wire.ArtifactEntry]
    ) -> None:
        """An artifact with its entries; their blobs were put before."""
        self._put(Item(Draft.add_artifact, (artifact,), _SMALL_BYTES + _size_of(artifact.metadata)))
        for first in range(0, len(entries), _ENTRIES_PER_PART):
            held = list(entries[first : first + _ENTRIES_PER_PART])
            part = wire.ArtifactPart(artifact.client_id, held)
            self._put(Item(Draft.add_artifact_part, (part,), _ENTRY_BYTES * len(held)))

    def put_used_artifact(self, used: wire.UsedArtifact) -> None:
        """An artifact that the run takes as input."""
        self._put(Item(Draft.add_used_artifact, (used,), _SMALL_BYTES))

    def put_alert(self, alert: wire.Alert) -> None:
        """run.alert()."""
        self._put(Item(Draft.add_alert, (alert,), _SMALL_BYTES + len(alert.text)))

    def put_notice(self, notice: wire.Notice) -> None:
        """Something to be seen in the run; amounts of one kind add up."""
        notice = msgspec.structs.replace(notice, text=self._start.said(notice.text))
        self._put(Item(Draft.add_notice, (notice,), _SMALL_BYTES + len(notice.text)))

    def put_preempting(self) -> None:
        """The machine is about to be taken away; this is sent at once."""
        self._put(Item(Draft.add_preempting, (), 1))
        self._opened().intake.hurry()

    def flush(self, timeout_secs: float) -> bool:
        """Waits until all that was put is in the server's database (offline: in the spool)."""
        return self._pipeline is None or self._pipeline.flush(timeout_secs)

    def finish(
        self,
        exit: wire.Exit,
        timeout_secs: float | None = None,
        look: Look = lambda waiting: True,
    ) -> DeliveryReport:
        """Sends the exit, waits for delivery until nothing has moved for the timeout, and stops
        the threads.

        `timeout_secs` None takes `options.finish_timeout_secs`. `look` is asked many times a second
        whether to go on, and can see how far it is. Starts no thread, so it may be called from
        atexit. What is undelivered by then stays in the spool. A second call returns the first
        report. In a forked child it ends the child's own writer, without an exit.
        """
        if self._report is None:
            secs = self.options.finish_timeout_secs if timeout_secs is None else timeout_secs
            self._report = self._finished(None if self._is_child else exit, secs, look)
        return self._report

    def _finished(self, exit: wire.Exit | None, timeout_secs: float, look: Look) -> DeliveryReport:
        if self._pipeline is None:  # a forked child that logged nothing
            return DeliveryReport(delivered=True)
        try:
            report = self._pipeline.finish(exit, timeout_secs, look)
        except Exception as error:  # noqa: BLE001 - the training went well; the report says it
            reason = f"{type(error).__name__}: {error}"
            report = DeliveryReport(delivered=False, spool_dir=self._spool_root, reason=reason)
        self._tell_failure(self._pipeline)
        return report

    def _put_mixed_row(self, step: int, time_us: int, values: Mapping[Key, Any]) -> None:
        wire_bytes = _ROW_BYTES + _size_of(values)
        arguments = (step, time_us, values)
        self._put(Item(Draft.add_mixed_row, arguments, wire_bytes, _deferred_in(values)))

    def _put(self, item: Item) -> None:
        pipeline = self._pipeline or self._opened()
        waited_secs = pipeline.intake.put(item, self._tell_full)
        if waited_secs:
            words = self._start.said("the queue was full")
            pipeline.spooler.note("waited_secs", words, waited_secs)
        if pipeline.failure:
            self._tell_failure(pipeline)

    def _opened(self) -> Pipeline:
        """The pipeline; in a forked child the first call makes one, of a writer of its own."""
        from lossboard.sending.pipeline import Pipeline  # late: it loads the HTTP library

        with self._opening:
            if self._report is not None:
                raise RuntimeError("this run is finished: nothing more can be logged to it")
            if self._pipeline is None:
                start = self._joining() if self._is_child else self._start
                pipeline = Pipeline(
                    start=start,
                    writer=os.urandom(16).hex(),
                    spool_root=self._spool_root,
                    base_url=self._base_url,
                    options=self.options,
                    say=self._say,
                )
                pipeline.open(start)
                self._pipeline = pipeline
                if self._is_child:
                    self._finish_at_exit_of_child()
            return self._pipeline

    def _finish_at_exit_of_child(self) -> None:
        """Children of multiprocessing leave by os._exit; its finalizers are all that runs before.

        They are no use in the fork hook: multiprocessing forgets them at a child's start.
        """
        from multiprocessing.util import Finalize  # late: few processes fork and log

        Finalize(self, self._finish_child, exitpriority=_CHILD_EXIT_PRIORITY)

    def _joining(self) -> wire.RunStart:
        """The identity of the run, for one more writer of it."""
        joining = msgspec.structs.replace(
            self._start, opens="join", parent_run_id="", cut_step=0, config={}, metadata={}
        )
        return msgspec.structs.replace(joining, primary=False, must_end=False)

    def after_fork_in_child(self) -> None:
        """Drops queue, threads, sockets and files, which are the parent's."""
        if self._pipeline is not None:
            self._pipeline.abandon()
        self._pipeline = None
        self._opening = threading.Lock()
        self._is_child = True
        if self._on_fork is not None:
            self._on_fork()

    def _finish_child(self) -> None:
        self.finish(wire.Exit(0, 0))

    def _tell_full(self, activity: str) -> None:
        if not self._told_full:
            self._told_full = True
            limit_mb = self.options.queue_limit_bytes / 1e6
            self._say(
                f"the queue of {limit_mb:g} MB is full ({activity}); logging waits for room",
                "warn",
            )

    def _tell_failure(self, pipeline: Pipeline) -> None:
        if pipeline.failure and not self._told_failure:
            self._told_failure = True
            self._say(
                "a thread of lossboard died, what is logged from here on may be lost; please"
                f" report this:\n{pipeline.failure}",
                "error",
            )


def _deferred_in(values: Mapping[Key, Any]) -> tuple[Deferred, ...]:
    return tuple(value for value in values.values() if is_deferred(value))


def _size_of(value: Any) -> int:
    """About how many bytes a value takes in a record."""
    if type(value) is wire.HistogramData:  # first: an event may have thousands
        return 100 + len(value.counts) + len(value.edges) + 5 * len(value.magnitude_keys)
    if isinstance(value, str | bytes):
        return len(value) + 4
    if isinstance(value, Mapping):
        return sum(map(_size_of, value)) + sum(map(_size_of, value.values()))
    if isinstance(value, list | tuple):
        return 4 + sum(map(_size_of, value))
    return _DEFERRED_BYTES if is_deferred(value) else _NUMBER_BYTES
