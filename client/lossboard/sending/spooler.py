"""The worker that turns what was put into records and records into the ledger."""

from __future__ import annotations

import threading
from collections import Counter, deque

import msgspec

from lossboard import wire
from lossboard.sending.draft import Draft, count_kinds
from lossboard.sending.intake import Intake, Item
from lossboard.sending.interface import Say
from lossboard.sending.ledger import Ledger, LedgerFull
from lossboard.sizes import counted_text
from lossboard.times import now_us

__all__ = ["Spooler"]

# What reading a value from a device, or odd arguments, can raise; one item is lost, not the batch.
_ITEM_ERRORS = (RuntimeError, ValueError, TypeError, ArithmeticError, AttributeError)


class Spooler:
    """Each `turn` waits for the interval, or a full batch, and spools what is there."""

    def __init__(self, intake: Intake, ledger: Ledger, *, interval_secs: float, say: Say) -> None:
        self.dropped: Counter[str] = Counter()  # lost for good, by kind
        self.patient = True  # wait for deferred values; False near the end
        self._intake = intake
        self._ledger = ledger
        self._interval_secs = interval_secs
        self._say = say
        self._notes: deque[wire.Notice] = deque()
        self._done_count = 0
        self._done = threading.Condition()
        self._told: set[str] = set()

    def note(self, kind: str, text: str, amount: float) -> None:
        """Records something of our own in the run, past the queue."""
        self._notes.append(wire.Notice(kind, text, now_us(), amount))

    def turn(self) -> bool:
        """One round; False when the intake is closed and empty."""
        self._intake.wait(self._interval_secs)
        while self.spool_batch():
            continue
        return not self._intake.is_spent

    def spool_batch(self) -> bool:
        """Makes one record of the next items; False if there are none."""
        items = self._intake.take(patient=self.patient)
        if items or self._notes:
            self._spool(self._drafted(items))
        with self._done:
            self._done_count += len(items)
            self._done.notify_all()
        return bool(items)

    def _drafted(self, items: list[Item]) -> Draft:
        draft = Draft()
        for item in items:
            try:
                item.add(draft, *item.arguments)
            except _ITEM_ERRORS as error:
                kind = item.add.__name__.removeprefix("add_").removeprefix("mixed_") + "s"
                self._lose({kind: 1}, str(error))
        while self._notes:
            draft.add_notice(self._notes.popleft())
        return draft

    def _spool(self, draft: Draft) -> None:
        record = draft.record()
        payload = wire.encode_record(record)
        for sentence in draft.refused:
            self._lose({"values": 1}, sentence)
        self._intake.activity = f"writing to {self._ledger.spool.directory}"
        try:
            self._ledger.add(payload)
        except LedgerFull as error:
            self._drop(record, f"the disk says {error} and the server takes nothing")
        self._tell_disk_trouble()

    def _drop(self, record: wire.Record, why: str) -> None:
        """The record is lost, except for its notices and the end of the run, which are small."""
        self._notes.extend(record.notices)
        self._lose(count_kinds(msgspec.structs.replace(record, exit=None)), why)
        if record.exit is not None:
            self.spool_exit(record.exit)

    def spool_exit(self, exit: wire.Exit) -> None:
        """The end of the run as a record of its own, past everything that failed."""
        last = wire.Record(version=wire.WIRE_VERSION, exit=exit)
        self._ledger.add(wire.encode_record(last), whatever_it_takes=True)

    def _lose(self, counts: dict[str, int], why: str) -> None:
        """Accounts for what is lost for good, in the run and, once per reason, to people."""
        self.dropped.update(counts)
        for kind, count in counts.items():
            self.note(f"dropped {kind}", why, count)
        if why not in self._told:
            self._told.add(why)
            lost = ", ".join(counted_text(count, kind) for kind, count in counts.items())
            self._say(f"lost {lost}: {why}", "error")

    def _tell_disk_trouble(self) -> None:
        trouble = self._ledger.disk_trouble
        if trouble and trouble not in self._told:
            self._told.add(trouble)
            where = self._ledger.spool.directory
            self._say(f"{where}: {trouble}; records go to the server directly", "warn")

    def wait_done(self, count: int, timeout_secs: float) -> bool:
        """Waits until the first `count` items that were put are in records."""
        with self._done:
            return self._done.wait_for(lambda: self._done_count >= count, timeout_secs)

    @property
    def done_count(self) -> int:
        """How many items that were put are in records."""
        return self._done_count

    @property
    def has_notes(self) -> bool:
        """Whether something of our own waits for the next record."""
        return bool(self._notes)
