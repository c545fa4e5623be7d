"""The records of one writer that the server has not confirmed: on disk, or in memory when the disk
takes no more. One thread adds, another sends."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

from lossboard import wire
from lossboard.sending.draft import count_kinds
from lossboard.sending.spool import Spool

__all__ = ["Ledger", "LedgerFull"]


class LedgerFull(Exception):
    """Neither disk nor memory has room for one more record; the message says why."""


class Ledger:
    """Numbers records from `spool.next_seq` on and keeps each until it is confirmed.

    While the disk refuses, records stay in memory up to `memory_limit_bytes`; each `add` tries to
    move them to disk first, so the order on disk is the order of their numbers.
    """

    def __init__(self, spool: Spool, *, memory_limit_bytes: int) -> None:
        self.spool = spool
        self.disk_trouble = ""  # why the disk refused the last record; empty when it took it
        self.rejected = 0
        self._memory_limit_bytes = memory_limit_bytes
        self._memory: dict[int, bytes] = {}
        self._next_seq = spool.next_seq
        self.confirmed_us: int | None = None  # when something was last done with
        self._confirmed = 0  # all below are in the server, rejected, or lost
        self._changed = threading.Condition()

    @property
    def next_seq(self) -> int:
        """The number that the next record will get."""
        return self._next_seq

    @property
    def confirmed(self) -> int:
        """All records below this number are done with."""
        return self._confirmed

    @property
    def memory_bytes(self) -> int:
        """Bytes of the records that are in memory only."""
        with self._changed:
            return sum(map(len, self._memory.values()))

    def add(self, payload: bytes, *, whatever_it_takes: bool = False) -> int:
        """The number of the new record. Raises LedgerFull, unless it must be taken; then no number
        is used up."""
        seq = self._next_seq
        if not self.settle() or not self._to_disk(seq, payload):
            too_much = self.memory_bytes + len(payload) > self._memory_limit_bytes
            if too_much and not whatever_it_takes:
                raise LedgerFull(self.disk_trouble)
            with self._changed:
                self._memory[seq] = payload
        with self._changed:
            self._next_seq = seq + 1
            self._changed.notify_all()
        return seq

    def settle(self) -> bool:
        """Moves what is in memory to disk, in order; False if the disk still refuses."""
        for seq, payload in sorted(self._memory.items()):
            if not self._to_disk(seq, payload):
                return False
            with self._changed:
                self._memory.pop(seq, None)
        return True

    def _to_disk(self, seq: int, payload: bytes) -> bool:
        try:
            self.spool.append(seq, payload)
        except OSError as error:
            self.disk_trouble = error.strerror or str(error)
            return False
        self.disk_trouble = ""
        return True

    def read(self, seq: int) -> bytes | None:
        """The record of that number, or None when it is no longer here.

        Raises what `Spool.read` does.
        """
        with self._changed:
            held = self._memory.get(seq)
        return held if held is not None else self.spool.read(seq)

    def first_from(self, seq: int) -> int | None:
        """The lowest number of a record that is here, not below `seq`."""
        with self._changed:
            held = [number for number in self._memory if number >= seq]
        on_disk = self.spool.first_from(seq)
        return min(held + ([] if on_disk is None else [on_disk]), default=None)

    def confirm(self, next_seq: int) -> None:
        """All records below `next_seq` are done with and may go."""
        with self._changed:
            self._confirmed = max(self._confirmed, next_seq)
            self._next_seq = max(self._next_seq, next_seq)  # what a damaged end held is there
            self.confirmed_us = time.time_ns() // 1000
            for seq in [held for held in self._memory if held < next_seq]:
                del self._memory[seq]
            self._changed.notify_all()
        self.spool.remove_below(next_seq)

    def reject(self, name: str, payload: bytes, words: str) -> Path:
        """Keeps a refused record in `rejected/` with the server's words; returns its file."""
        folder = self.spool.directory / "rejected"
        self.rejected += 1
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.record"
        file.write_bytes(payload)
        file.with_suffix(".txt").write_text(words + "\n", encoding="utf-8")
        return file

    @property
    def undelivered_bytes(self) -> int:
        """Bytes of all records that are not confirmed."""
        return self.spool.bytes_from(self._confirmed) + self.memory_bytes

    @property
    def is_delivered(self) -> bool:
        """Whether nothing waits."""
        return self._confirmed >= self._next_seq

    def wait_for(self, seq: int, timeout_secs: float) -> bool:
        """Waits until record `seq` is here or `wake` is called; True when it is here."""
        with self._changed:
            if self._next_seq <= seq:
                self._changed.wait(timeout_secs)
            return self._next_seq > seq

    def wait_confirmed(self, next_seq: int, timeout_secs: float) -> bool:
        """Waits until all records below `next_seq` are done with."""
        with self._changed:
            return self._changed.wait_for(lambda: self._confirmed >= next_seq, timeout_secs)

    def lost_when_closed(self) -> Counter[str]:
        """Things in memory only, by kind: it is gone when the process ends."""
        with self._changed:
            payloads = list(self._memory.values())
        lost: Counter[str] = Counter()
        for payload in payloads:
            lost.update(count_kinds(wire.decode_record(payload)))
        return lost

    def wake(self) -> None:
        """Ends a `wait_for`."""
        with self._changed:
            self._changed.notify_all()
