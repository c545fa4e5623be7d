"""`lossboard sync`: delivers what runs left behind, each record once."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TextIO

from lossboard import wire
from lossboard.printable_text import printable
from lossboard.sending.delivery import Backoff, Delivery, Outcome, Verdict
from lossboard.sending.interface import SenderOptions
from lossboard.sending.ledger import Ledger
from lossboard.sending.progress import ProgressBar
from lossboard.sending.record_parts import CutsDamaged
from lossboard.sending.segment import DAMAGED_NAME
from lossboard.sending.spool import Spool, SpoolBusy, SpoolError
from lossboard.sending.transport import Transport
from lossboard.sending.undelivered import spool_directories
from lossboard.sending.uploads import FileStore, Uploads

__all__ = ["SyncReport", "sync"]

_PATIENCE_SECS: Final = 30.0  # how long a server may be away before sync gives up
_UNREACHED_SECS: Final = 5.0  # ... one that has taken nothing yet: it is a wrong address or is off

_MOST_NAMED: Final = 5  # damaged things in one notice


@dataclass
class _Patience:
    """How long one server is waited for: once, whatever the number of spools for it."""

    limit_secs: float
    was_reached: bool = False
    is_over: bool = False

    def note(self, *, reached: bool) -> None:
        """Whether it has taken anything of a spool."""
        self.was_reached = self.was_reached or reached

    def left_secs(self, failing_since: float) -> float:
        """For how long to try on, given the time of the first failure in a row."""
        limit_secs = self.limit_secs if self.was_reached else min(_UNREACHED_SECS, self.limit_secs)
        left_secs = failing_since + limit_secs - time.monotonic()
        self.is_over = self.is_over or left_secs <= 0
        return 0.0 if self.is_over else left_secs


@dataclass(frozen=True)
class _Orders:
    """How all spools of one `sync` are delivered."""

    base_url: str | None
    offline_url: str | None
    stream: TextIO
    options: SenderOptions
    patience_secs: float
    discards_deleted: bool
    patiences: dict[str, _Patience] = field(default_factory=dict)  # by address

    def patience_with(self, url: str) -> _Patience:
        """The patience that the spools before have left."""
        return self.patiences.setdefault(url, _Patience(self.patience_secs))


@dataclass
class SyncReport:
    """The fate of the spools, by directory."""

    delivered: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)  # of living processes
    failed: dict[Path, str] = field(default_factory=dict)  # with the reason; the spool is kept
    deleted: list[Path] = field(default_factory=list)  # of runs deleted on the server; kept
    discarded: list[Path] = field(default_factory=list)  # those that were to be removed
    rejected: int = 0  # records and files the server refused; they lie in `rejected/`
    # What can't be read of a spool, and is kept: files in `damaged/`, or where they are.
    damaged: dict[Path, list[Path]] = field(default_factory=dict)
    missing: int = 0  # records that are lost; their runs say so


def sync(
    directories: Iterable[Path],
    base_url: str | None,
    *,
    stream: TextIO,
    offline_url: str | None = None,
    options: SenderOptions | None = None,
    patience_secs: float = _PATIENCE_SECS,
    discard_deleted: bool = False,
) -> SyncReport:
    """Delivers all spools in or below the directories, with a progress bar on `stream`.

    `base_url` None sends each to the server it was meant for, those of offline runs to
    `offline_url`. Spools of living processes are skipped. A delivered spool is removed, and with
    `discard_deleted` one of a run that was deleted on the server; nothing else is. Segments and
    contents that are damaged are kept in `damaged/`, after all that is whole in them was sent.
    """
    options = options or SenderOptions()
    orders = _Orders(base_url, offline_url, stream, options, patience_secs, discard_deleted)
    report = SyncReport()
    for directory in directories:
        for path in spool_directories(directory):
            _sync_one(path, orders, report)
    return report


def _sync_one(path: Path, orders: _Orders, report: SyncReport) -> None:
    options = orders.options
    try:
        spool = Spool.open(path, segment_bytes=options.segment_bytes)
    except SpoolBusy:
        report.skipped.append(path)
        return
    except FileNotFoundError:  # its process delivered it meanwhile
        return
    except (SpoolError, OSError) as error:
        report.failed[path] = str(error)
        return
    if spool is None:
        return
    url = orders.base_url or spool.head.base_url or orders.offline_url
    if url is None:
        spool.close()
        report.failed[path] = "the run was offline and no server was named: say which one"
        return
    transport = Transport(url, timeout_secs=options.request_timeout_secs, headers=options.headers)
    try:
        _ship(_Shipment(spool, transport, orders.patience_with(url)), orders, report)
    except (CutsDamaged, wire.WireError, OSError) as error:  # the others are delivered still
        report.failed[path] = str(error)
    finally:
        transport.close()
        spool.close()


def _ship(shipment: _Shipment, orders: _Orders, report: SyncReport) -> None:
    run = shipment.spool.head.start
    directory = shipment.spool.directory
    label = printable(f"{run.entity}/{run.project}/{run.run_id}")
    bar = ProgressBar(orders.stream, label, shipment.waiting_bytes)
    trouble = shipment.deliver(bar)
    report.rejected += shipment.rejected
    report.missing += shipment.missing
    is_damaged = bool(shipment.damaged_files)
    if not trouble:
        untidy = shipment.remove()
        report.delivered.append(directory)
        left = f", but not all could be tidied up: {untidy}" if untidy else ""
        bar.close("delivered" + shipment.losses + left)
    else:
        bar.clear()
        _note_trouble(shipment, trouble, orders, report)
    if is_damaged:
        report.damaged[directory] = shipment.damaged_files or [directory]


def _note_trouble(shipment: _Shipment, trouble: str, orders: _Orders, report: SyncReport) -> None:
    directory = shipment.spool.directory
    if not shipment.run_deleted:
        report.failed[directory] = trouble
    elif orders.discards_deleted:
        shipment.spool.close()  # Windows removes no file that is open
        _discard(directory, report)
    else:
        report.deleted.append(directory)


def _discard(directory: Path, report: SyncReport) -> None:
    try:
        shutil.rmtree(directory)
        report.discarded.append(directory)
    except OSError as error:
        report.failed[directory] = f"it can't be removed: {error}"


class _Shipment:
    """The delivery of one spool, in the foreground."""

    def __init__(self, spool: Spool, transport: Transport, patience: _Patience) -> None:
        self.spool = spool
        self._outflow = transport.outflow
        self._ledger = Ledger(spool, memory_limit_bytes=0)
        self._files = FileStore(spool.directory, spool.ensure)
        self._files.adopt()
        self._delivery = Delivery(
            self._ledger,
            transport,
            on_reject=self._note_rejected,
            on_damage=lambda damaged: self._note_damaged(str(damaged)),
        )
        self._uploads = Uploads(
            self._files, transport, on_reject=self._note_rejected, on_damage=self._note_damaged
        )
        self._patience = patience
        self._rejections: list[str] = []
        self._damages = [
            f"{size_bytes:,} bytes of segment {name} can't be read"
            for name, size_bytes in spool.damage.items()
        ]
        # Of an attempt before this one, or of the process itself.
        self._damages += [f"{path.name} can't be read" for path in spool.set_apart]
        self.run_deleted = False  # on the server, which takes nothing more of it

    @property
    def waiting_bytes(self) -> int:
        """The bytes left to send, also of the body that is under way."""
        left_bytes = self._ledger.undelivered_bytes + self._files.waiting_bytes
        return max(left_bytes - self._outflow.under_way_bytes, 0)

    @property
    def rejected(self) -> int:
        """Records and files that the server refused."""
        return self._ledger.rejected + self._files.rejected

    @property
    def losses(self) -> str:
        """Words on what did not arrive although everything was sent."""
        lost = f", lost records: {self.missing:,}"
        damaged = f", damaged files: {len(self.damaged_files)}, in {self._damaged_folder}"
        refused = f", {self.rejected} refused things are in {self.spool.directory / 'rejected'}"
        return (
            lost * bool(self.missing)
            + damaged * bool(self.damaged_files)
            + refused * bool(self.rejected)
        )

    @property
    def _damaged_folder(self) -> Path:
        return self.spool.directory / DAMAGED_NAME

    @property
    def missing(self) -> int:
        """Records that are lost, as the server was told."""
        return self._delivery.missing

    @property
    def damaged_files(self) -> list[Path]:
        """Files that can't be read as a whole: those set apart, and those that will be."""
        waiting = [self.spool.directory / name for name in self.spool.damage]
        return [*self.spool.set_apart, *waiting]

    def deliver(self, bar: ProgressBar) -> str:
        """Sends everything; why it could not, or an empty string."""
        self._outflow.on_sent = lambda: bar.update(lambda: self.waiting_bytes)
        trouble = self._run(self._delivery, bar)
        trouble = trouble or self._run(self._uploads, bar)
        while not trouble and (self._rejections or self._damages):
            trouble = self._tell(bar)
        return trouble

    def _run(self, errand: Delivery | Uploads, bar: ProgressBar) -> str:
        backoff, failing_since = Backoff(), None
        while (outcome := errand.attempt()).verdict is not Verdict.IDLE:
            if outcome.verdict is Verdict.DONE:
                backoff, failing_since = Backoff(), None
                self._patience.is_over = False
                bar.update(lambda: self.waiting_bytes)
                continue
            failing_since = failing_since or time.monotonic()
            left_secs = self._left_secs(outcome, failing_since)
            if not left_secs:
                self.run_deleted = outcome.verdict is Verdict.STOP
                return outcome.reason
            time.sleep(min(backoff.delay_secs(outcome), left_secs))
        return ""

    def _left_secs(self, outcome: Outcome, failing_since: float) -> float:
        self._patience.note(reached=self._outflow.moved_bytes > 0)
        hopeless = outcome.verdict is not Verdict.RETRY
        return 0.0 if hopeless else self._patience.left_secs(failing_since)

    def _note_rejected(self, words: str) -> None:
        self._rejections.append(words)

    def _note_damaged(self, words: str) -> None:
        self._damages.append(words)

    def _tell(self, bar: ProgressBar) -> str:
        """One more record, which tells the run what was refused and what is damaged."""
        record = wire.Record(version=wire.WIRE_VERSION, notices=self._notices())
        rejections, self._rejections = self._rejections, []
        damages, self._damages = self._damages, []
        seq = self._ledger.add(wire.encode_record(record), whatever_it_takes=True)
        trouble = self._run(self._delivery, bar)
        if self._ledger.next_seq > seq + 1:
            # A record of that number is there, though none of the last ones is here: tell it anew.
            self._rejections, self._damages = rejections, damages
        return trouble

    def _notices(self) -> list[wire.Notice]:
        now_us = time.time_ns() // 1000
        notices = []
        if self._rejections:
            refused = len(self._rejections)
            notices.append(wire.Notice("rejected", self._rejections[-1], now_us, refused))
        if self._damages:
            words = f"{'; '.join(self._damages[:_MOST_NAMED])}: kept in {self._damaged_folder}"
            notices.append(wire.Notice("damaged", words, now_us, len(self._damages)))
        return notices

    def remove(self) -> str:
        """Everything was delivered: nothing of it is kept. What could not be removed, and why."""
        return "; ".join(filter(None, [self._files.remove_if_empty(), self.spool.remove()]))
