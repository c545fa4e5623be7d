"""Everything that one writer needs: queue, spool, threads, connection. Imported on first use, for
the HTTP library it brings."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from lossboard import wire
from lossboard.files.directories import elsewhere
from lossboard.sending.courier import Courier
from lossboard.sending.delivery import Delivery
from lossboard.sending.draft import Draft
from lossboard.sending.intake import Intake, Item
from lossboard.sending.interface import DeliveryReport, Look, RunStatus, Say, SenderOptions, Waiting
from lossboard.sending.ledger import Ledger
from lossboard.sending.outage import Outage
from lossboard.sending.patience import Patience
from lossboard.sending.segment import DAMAGED_NAME, RecordDamaged
from lossboard.sending.spool import Spool
from lossboard.sending.spooler import Spooler
from lossboard.sending.transport import Transport
from lossboard.sending.uploads import FileStore, Uploads
from lossboard.sending.worker import Worker

__all__ = ["Pipeline"]

_POLL_SECS = 0.05  # how often `finish` looks whether a courier gave up
_JOIN_SECS = 1.0  # for a thread that sits in a connection attempt
_STOPPED = "stopped by Ctrl+C"


class Pipeline:
    """One writer at work, from its first record to `finish`."""

    def __init__(
        self,
        *,
        start: wire.RunStart,
        writer: str,
        spool_root: Path,
        base_url: str | None,
        options: SenderOptions,
        say: Say,
    ) -> None:
        self.failure = ""  # the traceback of a thread of ours that died
        self._given_up = ""  # why `finish` stopped waiting
        self._options = options
        self._say = say
        self._spool = Spool(
            spool_root / writer,
            writer=writer,
            base_url=base_url,
            start=start,
            segment_bytes=options.segment_bytes,
        )
        self._ledger = Ledger(self._spool, memory_limit_bytes=options.queue_limit_bytes)
        self.intake = Intake(limit_bytes=options.queue_limit_bytes, flush_bytes=options.flush_bytes)
        self.spooler = Spooler(
            self.intake, self._ledger, interval_secs=options.flush_interval_secs, say=say
        )
        self.files = FileStore(self._spool.directory, self._spool.ensure)
        self._worker = Worker("lossboard-spool", self.spooler.turn, self._spooling_failed)
        self._delivery: Delivery | None = None
        self._couriers: list[Courier] = []
        self._transports: list[Transport] = []
        self._outages: list[Outage] = []
        self._damaged = 0  # records and files that changed on disk
        self._damaged_segments: set[Path] = set()
        self._warnings: set[str] = set()  # of the server, that were said
        if base_url is not None:
            self._add_delivery(base_url)
            self._add_uploads(base_url)

    def _add_delivery(self, base_url: str) -> None:
        delivery = Delivery(
            self._ledger,
            self._transport(base_url),
            on_reject=self._rejected,
            on_damage=self._record_damaged,
            on_warning=self._warned,
        )
        self._delivery = delivery
        self._couriers.append(
            Courier(
                "lossboard-send",
                delivery,
                self._outage(base_url, tells_unreachable=True),
                lambda secs: self._ledger.wait_for(delivery.next_seq, secs),
                on_failure=self._failed,
                idle_errand=delivery.heartbeat,
                idle_secs=self._options.heartbeat_interval_secs,
            )
        )

    def _add_uploads(self, base_url: str) -> None:
        uploads = Uploads(
            self.files,
            self._transport(base_url),
            on_reject=self._rejected,
            on_damage=self._note_damage,
        )
        # That the server is away is said once, by the delivery of records.
        outage = self._outage(base_url, tells_unreachable=False)
        self._couriers.append(
            Courier("lossboard-files", uploads, outage, self.files.wait, on_failure=self._failed)
        )

    def _transport(self, base_url: str) -> Transport:
        options = self._options
        transport = Transport(
            base_url,
            timeout_secs=options.request_timeout_secs,
            headers=options.headers,
            tells_time=True,
        )
        self._transports.append(transport)
        return transport

    def _outage(self, base_url: str, *, tells_unreachable: bool) -> Outage:
        where = str(self._spool.directory)
        outage = Outage(base_url, where, self._say, tells_unreachable=tells_unreachable)
        self._outages.append(outage)
        return outage

    def open(self, start: wire.RunStart) -> None:
        """Starts the threads and sends the first record."""
        self.intake.put(Item(Draft.add_start, (start,), 1000), on_full=lambda activity: None)
        self._worker.start()
        self.intake.hurry()
        for courier in self._couriers:
            courier.worker.start()

    def _failed(self, trace: str) -> None:
        self.failure = trace

    def _spooling_failed(self, trace: str) -> None:
        self._failed(trace)
        self.intake.break_off()

    def _rejected(self, words: str) -> None:
        self.spooler.note("rejected", self._spool.head.start.said(words), 1)
        self._say(
            f"the server refused what is now in {self._spool.directory / 'rejected'}: {words}",
            "error",
        )

    def _warned(self, words: str) -> None:
        """The server says it with each answer, people are told once."""
        if words not in self._warnings:
            self._warnings.add(words)
            self._say(words, "warn")

    def _record_damaged(self, damaged: RecordDamaged) -> None:
        """Told for each record in the run, and once for each segment to people."""
        news = damaged.path not in self._damaged_segments
        self._damaged_segments.add(damaged.path)
        self._note_damage(str(damaged), tell=news)

    def _note_damage(self, words: str, *, tell: bool = True) -> None:
        self._damaged += 1
        self.spooler.note("damaged", self._spool.head.start.said(words), 1)
        if tell:
            where = self._spool.directory / DAMAGED_NAME
            self._say(f"{words}; it is lost, what is left of it is kept in {where}", "error")

    @property
    def stop_requested(self) -> bool:
        """Whether the server passed on a wish to stop."""
        return self._delivery is not None and self._delivery.stop_requested

    def status(self) -> RunStatus:
        """How many records there are, and how many of them wait."""
        ledger = self._ledger
        time_us = ledger.confirmed_us
        return RunStatus(
            sync_items_total=ledger.next_seq,
            sync_items_pending=max(ledger.next_seq - ledger.confirmed, 0),
            sync_time=None if time_us is None else datetime.fromtimestamp(time_us / 1e6, UTC),
        )

    def flush(self, timeout_secs: float) -> bool:
        """Waits until all that was put is confirmed (offline: spooled)."""
        deadline = time.monotonic() + timeout_secs
        count = self.intake.put_count
        self.intake.hurry()
        if not self.spooler.wait_done(count, timeout_secs):
            return False
        if not self._couriers:
            return not self._ledger.memory_bytes
        return self._wait_delivered(lambda: time.monotonic() < deadline)

    def _wait_delivered(self, goes_on: Callable[[], bool]) -> bool:
        """Until what is in the ledger now and all files are with the server; False if a courier
        gave up or the waiting is not to go on."""
        next_seq = self._ledger.next_seq
        for courier in self._couriers:
            courier.hurry()
        while all(courier.worker.is_alive for courier in self._couriers):
            if self._ledger.wait_confirmed(next_seq, _POLL_SECS) and self.files.wait_uploaded(
                _POLL_SECS
            ):
                return True
            if not goes_on():
                break
        return False

    def finish(self, exit: wire.Exit | None, limit_secs: float, look: Look) -> DeliveryReport:
        """Delivers, as long as something moves within the limit and `look` wants it; ends the
        threads, leaves the rest in the spool."""
        try:
            self._spool_rest(exit, max(limit_secs, _JOIN_SECS))
            if self._couriers:
                self._deliver_rest(limit_secs, look)
        finally:
            self._end_couriers()
            self._keep_rest()
            report = self._report()
            self._close(report)
        return report

    def _spool_rest(self, exit: wire.Exit | None, limit_secs: float) -> None:
        """Waits for our own thread and disk, whatever `look` would say: nothing may be lost."""
        if exit is not None:
            self.intake.put(Item(Draft.add_exit, (exit,), 50), on_full=lambda activity: None)
        self.spooler.patient = False
        self.intake.close()
        patience = Patience(limit_secs, lambda: (self.spooler.done_count,))
        while not (ended := self._worker.join(_POLL_SECS)) and patience.lasts():
            continue
        if exit is not None and ended and self.intake.is_broken:
            self.spooler.spool_exit(exit)

    def _deliver_rest(self, limit_secs: float, look: Look) -> None:
        """Delivers; what that gave reason to note is a last record."""
        outflows = [transport.outflow for transport in self._transports]
        patience = Patience(limit_secs, self._marks, outflows)

        def goes_on() -> bool:
            wanted, lasts = look(lambda: self._waiting(patience)), patience.lasts()
            if not wanted:
                self._given_up = _STOPPED
            elif not lasts:
                self._given_up = f"nothing moved for {limit_secs:g} s"
            return wanted and lasts

        while self._wait_delivered(goes_on) and self.spooler.has_notes:
            if self._worker.is_alive:
                return
            self.spooler.spool_batch()

    def _marks(self) -> tuple[int, ...]:
        """Numbers that change when something is done with."""
        ledger, files = self._ledger, self.files
        return ledger.next_seq, ledger.confirmed, ledger.rejected, files.waiting_count

    def _waiting(self, patience: Patience) -> Waiting:
        under_way = sum(transport.outflow.under_way_bytes for transport in self._transports)
        return Waiting(
            records=max(self._ledger.next_seq - self._ledger.confirmed, 0),
            files=self.files.waiting_count,
            left_bytes=max(self._undelivered_bytes() - under_way, 0),
            still_secs=patience.still_secs,
            limit_secs=patience.limit_secs,
            trouble=self._trouble(),
        )

    def _undelivered_bytes(self) -> int:
        return self._ledger.undelivered_bytes + self.files.waiting_bytes

    def _trouble(self) -> str:
        """Why nothing gets through, each reason once."""
        return "; ".join(dict.fromkeys(o.trouble for o in self._outages if o.trouble))

    def _end_couriers(self) -> None:
        for courier in self._couriers:
            courier.stop()
        if not self._ledger.is_delivered or self.files.waiting_count:
            for transport in self._transports:
                transport.abort()
        self._ledger.wake()
        self.files.wake()
        for courier in self._couriers:
            courier.worker.join(_JOIN_SECS)
        for transport in self._transports:
            transport.abort()  # a thread that is not through yet opens no connection any more
            transport.close()

    def _report(self) -> DeliveryReport:
        undelivered_bytes = self._undelivered_bytes()
        dropped = self.spooler.dropped + self._ledger.lost_when_closed()
        if lost_files := self.files.lost_when_closed():
            dropped["files"] += len(lost_files)
        if self.intake.lost_count:
            dropped["queued items"] += self.intake.lost_count
        reasons = [self._trouble() or self._given_up, self._ledger.disk_trouble, self.failure]
        is_left = undelivered_bytes or self.files.waiting_count  # a file may have no bytes at all
        delivered = bool(self._couriers) and not is_left and not self._worker.is_alive
        return DeliveryReport(
            delivered=delivered,
            undelivered_bytes=undelivered_bytes,
            spool_dir=None if delivered else self._spool.directory,
            reason="; ".join(reason for reason in reasons if reason),
            rejected=self._ledger.rejected + self.files.rejected,
            damaged=self._damaged,
            dropped=dict(dropped),
            waited_secs=self.intake.waited_secs,
        )

    def _keep_rest(self) -> None:
        """Sees to it that what is left lies on a disk, also when its folder was removed."""
        if self._ledger.is_delivered or self._worker.is_alive or self._spool.lies_here:
            return
        wanted = self._spool.directory
        try:
            self._spool.settle_in(wanted)
        except OSError as error:
            reason = f"{wanted} is gone and can't be made anew ({error.strerror or error})"
            self._say(f"{reason}; what is left of the run goes to {self._moved_away()}", "warn")
        self._ledger.settle()

    def _moved_away(self) -> str:
        """Puts the spool into the temporary directory; where that is."""
        try:
            self._spool.settle_in(elsewhere(self._spool.directory))
        except OSError as error:
            return f"no disk: {error.strerror or error}"
        return str(self._spool.directory)

    def _close(self, report: DeliveryReport) -> None:
        trouble = self._tidied(report)
        if trouble:
            what = "everything is delivered" if report.delivered else "what is left is kept"
            self._say(f"{what}, but not all could be tidied up: {trouble}", "warn")

    def _tidied(self, report: DeliveryReport) -> str:
        """The parts of the clean-up that failed; an empty string when nothing did."""
        if report.delivered:
            troubles = [self.files.remove_if_empty(), self._spool.remove()]
        else:
            troubles = [self._synced(), self._spool.close()]
        return "; ".join(filter(None, troubles))

    def _synced(self) -> str:
        try:
            self._spool.sync_to_disk()
        except OSError as error:
            return str(error)
        return ""

    def abandon(self) -> None:
        """In a forked child: lets go of the parent's sockets and files."""
        for transport in self._transports:
            transport.abandon()
        self._spool.abandon()
