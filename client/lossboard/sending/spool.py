"""The records of one writer on disk: segments that describe themselves, and a lock.

`<spool root>/<writer>/` holds

    spool.lock              a lock held by the process that owns the spool
    000000000000.spool      segments, named after their first record
    cuts                    where records too large for the server were cut
    files/<sha256>          contents that are not uploaded yet
    rejected/               what the server refused, with its words
    damaged/                segments and contents of which something can't be read any more

However many segments wait, at most two of them are open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from pathlib import Path
from typing import Final

from lossboard import wire
from lossboard.files.disk import (
    closed,
    opened,
    opened_for_lock,
    removed,
    removed_if_empty,
    synced,
    try_lock,
)
from lossboard.sending.segment import DAMAGED_NAME, Segment, SegmentHead, segment_paths

__all__ = [
    "CUTS_NAME",
    "DELETED_NAME",
    "LOCK_NAME",
    "Spool",
    "SpoolBusy",
    "SpoolError",
]

LOCK_NAME: Final = "spool.lock"
CUTS_NAME: Final = "cuts"
DELETED_NAME: Final = "run-deleted"  # holds what the server said of the run that was deleted
_SPOOL_VERSION: Final = 1
_LOOK_SECS: Final = 1.0
_PEACE_SECS: Final = 2.0  # a folder that somebody removes just now isn't made anew under his hands
# EBADF: where locks are those of a network file system, what may only be read has none.
_NO_LOCKS_HERE: Final = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EBADF)


class SpoolBusy(Exception):
    """A living process holds the spool's lock."""


class SpoolError(Exception):
    """A spool that can't be read, with the reason."""


class Spool:
    """The segments of one writer. One thread appends; another reads and removes.

    Nothing is created before the first `append` or `ensure`, so a full disk shows itself there.
    """

    def __init__(
        self,
        directory: Path,
        *,
        writer: str,
        base_url: str | None,
        start: wire.RunStart,
        segment_bytes: int,
    ) -> None:
        self.directory = directory
        self.head = SegmentHead(_SPOOL_VERSION, wire.WIRE_VERSION, writer, base_url, start)
        self._segment_bytes = segment_bytes
        self._segments: list[Segment] = []
        self._read_last: Segment | None = None  # the only one but the newest that is open
        self._lock_handle: int | None = None
        self._gone_since: float | None = None
        self._left_behind: list[Segment] = []
        self._lock = threading.Lock()  # guards the list of segments and the creation of the lock

    @classmethod
    def open(cls, directory: Path, *, segment_bytes: int) -> Spool | None:
        """The spool that a process left behind, or None when no segment is there.

        Raises SpoolBusy while a living process has it, SpoolError when nothing says whose it is,
        FileNotFoundError when its process has removed it.
        """
        lock_handle = _locked(opened_for_lock(directory / LOCK_NAME), directory)
        try:
            found = [Segment.scan(path) for path in segment_paths(directory)]
            head = _head_of(directory, found) if found else None
        except BaseException:
            _close_lock(lock_handle)
            raise
        if head is None:
            _close_lock(lock_handle)
            return None
        spool = cls(
            directory,
            writer=head.writer,
            base_url=head.base_url,
            start=head.start,
            segment_bytes=segment_bytes,
        )
        spool._segments = found
        spool._lock_handle = lock_handle
        return spool

    @property
    def next_seq(self) -> int:
        """One more than the last record that is on disk, or was there before its damage."""
        return max((segment.next_seq for segment in self._segments), default=0)

    @property
    def damage(self) -> dict[str, int]:
        """Bytes that can't be read in damaged segments, by their names."""
        with self._lock:
            return {s.path.name: s.damaged_bytes for s in self._segments if s.damage}

    @property
    def set_apart(self) -> list[Path]:
        """The files that lie in `damaged/`."""
        return sorted((self.directory / DAMAGED_NAME).glob("*"))

    def ensure(self) -> None:
        """Creates the directory and takes the lock. Raises OSError."""
        with self._lock:
            if self._lock_handle is None:
                self._lock_handle = self._own_lock(self.directory)

    @property
    def lies_here(self) -> bool:
        """Whether what was written is found in the directory; somebody may have removed it."""
        with self._lock:
            begun = self._lock_handle is not None and (self.directory / LOCK_NAME).exists()
            return begun and not any(segment.is_gone for segment in self._segments[-1:])

    def settle_in(self, directory: Path) -> None:
        """Puts what is open here into `directory`, where it lies from then on. Raises OSError."""
        with self._lock:
            if directory != self.directory or not (directory / LOCK_NAME).exists():
                lock_handle = self._own_lock(directory)
                _close_lock(_NO_LOCK if self._lock_handle is None else self._lock_handle)
                self._lock_handle, self.directory = lock_handle, directory
            for segment in self._segments:
                if segment.is_gone or segment.path.parent != directory:
                    segment.move_to(directory)

    def _heal(self) -> None:
        """Makes anew what was removed from outside, once that is surely over. Raises OSError."""
        if self.lies_here:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = time.monotonic()
        elif time.monotonic() - self._gone_since > _PEACE_SECS:
            self.settle_in(self.directory)

    def append(self, seq: int, payload: bytes) -> None:
        """Writes one record. Raises OSError, leaving what was there as it was."""
        self.ensure()
        self._heal()
        segment = self._segments[-1] if self._segments else None
        if segment is None or segment.is_full(self._segment_bytes):
            segment = self._added(Segment.create(self.directory, seq, self.head))
        segment.append(seq, payload)

    def _added(self, newest: Segment) -> Segment:
        with self._lock:
            for before in self._segments[-1:]:
                before.end_writing()
                if before is not self._read_last:
                    before.end_reading()
            self._segments.append(newest)
        return newest

    def read(self, seq: int) -> bytes | None:
        """The payload of a record, or None when it is not here.

        Raises RecordDamaged, once, for one that isn't what was written; OSError when it can't be
        read at present.
        """
        with self._lock:
            for segment in self._segments:
                if seq in segment.places:
                    self._leave_others(segment)
                    return segment.read(seq)
        return None

    def _leave_others(self, segment: Segment) -> None:
        """Closes what was read last, unless it is `segment` or the newest."""
        before, self._read_last = self._read_last, segment
        if before is not None and before not in (segment, self._segments[-1]):
            before.end_reading()

    def first_from(self, seq: int) -> int | None:
        """The lowest record number here that is not below `seq`."""
        return min((held for held in self._seqs() if held >= seq), default=None)

    def bytes_from(self, seq: int) -> int:
        """Payload bytes of the records from `seq` on."""
        with self._lock:
            return sum(
                length
                for segment in self._segments
                for held, (_, length) in segment.places.copy().items()
                if held >= seq
            )

    def remove_below(self, seq: int) -> None:
        """Removes segments that hold only records below `seq`, never the newest segment."""
        with self._lock:
            done = [s for s in self._segments[:-1] if s.last_seq < seq]
            self._segments = [s for s in self._segments if s not in done]
        for segment in done:
            if segment.discard():
                self._left_behind.append(segment)  # `remove` tries again

    def sync_to_disk(self) -> None:
        """Makes what was appended survive a loss of power."""
        for segment in self._segments:
            with contextlib.suppress(FileNotFoundError), segment.path.open("r+b") as file:
                synced(file.fileno())

    def mark_deleted(self, words: str) -> None:
        """Notes that the run was deleted on the server: nobody needs to be asked to deliver it."""
        with contextlib.suppress(OSError):  # without the note it is named once more
            (self.directory / DELETED_NAME).write_text(words, encoding="utf-8")

    def close(self) -> str:
        """Closes the files and gives the lock back; what is there stays. What of it failed, or an
        empty string."""
        with self._lock:
            segments, self._segments = self._segments, []
            lock_handle, self._lock_handle = self._lock_handle, None
        troubles = [segment.close() for segment in segments]
        if lock_handle is not None:
            troubles.append(self._give_back(lock_handle))
        return "; ".join(filter(None, troubles))

    def _give_back(self, handle: int) -> str:
        return closed(lambda: _close_lock(handle), self.directory / LOCK_NAME)

    def remove(self) -> str:
        """Removes everything but `rejected/` and `damaged/` (and other strangers), and gives the
        lock back.

        What could not be removed, and why; an empty string when nothing is left.
        """
        with self._lock:
            segments, self._segments = [*self._left_behind, *self._segments], []
            lock_handle, self._lock_handle = self._lock_handle, None
        troubles = [segment.discard() for segment in segments]
        if lock_handle is not None:
            troubles += [removed(self.directory / name) for name in (CUTS_NAME, DELETED_NAME)]
            troubles += [self._discard_lock(lock_handle), removed_if_empty(self.directory)]
        return "; ".join(filter(None, troubles))

    def _discard_lock(self, handle: int) -> str:
        path = self.directory / LOCK_NAME
        trouble = removed(path)  # before it is given back: nobody takes what goes
        unclosed = self._give_back(handle)
        trouble = trouble and removed(path)  # Windows removes no file that is open
        return "; ".join(filter(None, [unclosed, trouble]))

    def abandon(self) -> None:
        """In a forked child: lets go of the parent's files; its lock stays the parent's."""
        segments, self._segments = self._segments, []
        lock_handle, self._lock_handle = self._lock_handle, None
        for segment in segments:
            segment.close()
        if lock_handle is not None and lock_handle != _NO_LOCK:
            os.close(lock_handle)  # not unlocked: the lock lives on in the parent's handle

    def _own_lock(self, directory: Path) -> int:
        """The lock of a new spool, which others can only hold for the moment of a look inside."""
        directory.mkdir(parents=True, exist_ok=True)
        patient_until = time.monotonic() + _LOOK_SECS
        while True:
            try:
                return _locked(opened(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT), directory)
            except SpoolBusy as error:
                if time.monotonic() > patient_until:
                    raise BlockingIOError(errno.EAGAIN, str(error)) from error
                time.sleep(0.001)

    def _seqs(self) -> list[int]:
        with self._lock:
            return sorted(seq for segment in self._segments for seq in segment.places.copy())


def _head_of(directory: Path, segments: list[Segment]) -> SegmentHead:
    """Who wrote the segments, said by the first of them that can say it."""
    head = next((segment.head for segment in segments if segment.head is not None), None)
    if head is None:
        raise SpoolError(
            f"none of the {len(segments)} segments in {directory} starts as a spool segment does,"
            " so nothing says whose records they are; all was left alone"
        )
    if head.spool_version != _SPOOL_VERSION:
        raise SpoolError(
            f"{directory} has spool version {head.spool_version}, this lossboard reads"
            f" {_SPOOL_VERSION}: deliver it with the lossboard version that wrote it"
        )
    return head


_NO_LOCK: Final = -1  # a file system without flock


def _locked(handle: int, directory: Path) -> int:
    """The handle of a lock file once it holds the lock, or `_NO_LOCK`. Raises SpoolBusy."""
    try:
        taken = try_lock(handle)
    except OSError as error:
        os.close(handle)
        if error.errno in _NO_LOCKS_HERE:
            return _NO_LOCK
        raise
    if not taken:
        os.close(handle)
        raise SpoolBusy(f"{directory} belongs to a process that is still running")
    return handle


def _close_lock(handle: int) -> None:
    if handle != _NO_LOCK:
        os.close(handle)
