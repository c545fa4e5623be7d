"""The records of one writer on disk: segments that describe themselves, and a lock.

`<spool root>/<writer>/` holds

    spool.lock              a lock held by the process that owns the spool
    000000000000.spool      segments, named after their first record
    cuts                    where records too large for the server were cut
    files/<sha256>          contents that are not uploaded yet
    rejected/               what the server refused, with its words

A segment is MAGIC and then frames: `<u4 length, <u4 CRC-32 of seq and payload, <u8 seq, payload.
The payload of the first frame is a `SegmentHead` as MessagePack, that of the others a
`wire.Record`. A frame that is cut off or does not match its checksum ends the segment.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import Final

import msgspec

from lossboard import wire
from lossboard.disk import opened, read_at, removed, removed_if_empty, synced, try_lock, write_at

__all__ = [
    "CUTS_NAME",
    "DELETED_NAME",
    "LOCK_NAME",
    "SEGMENT_SUFFIX",
    "SegmentHead",
    "Spool",
    "SpoolBusy",
    "SpoolError",
    "read_head",
]

LOCK_NAME: Final = "spool.lock"
CUTS_NAME: Final = "cuts"
DELETED_NAME: Final = "run-deleted"  # holds what the server said of the run that was deleted
SEGMENT_SUFFIX: Final = ".spool"
_MAGIC: Final = b"LOSSBRD1"
_FRAME: Final = struct.Struct("<IIQ")
_SPOOL_VERSION: Final = 1
_LOOK_SECS: Final = 1.0
_PEACE_SECS: Final = 2.0  # a folder that somebody removes just now isn't made anew under his hands
_BLOCK_BYTES: Final = 1_048_576
_NO_LOCKS_HERE: Final = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


class SpoolBusy(Exception):
    """A living process holds the spool's lock."""


class SpoolError(Exception):
    """A spool that can't be read, with the reason."""


class SegmentHead(msgspec.Struct, frozen=True):
    """Who wrote a segment, and to whom it was to be sent."""

    spool_version: int
    wire_version: int
    writer: str
    base_url: str | None
    start: wire.RunStart


class _Segment:
    """One segment file, open, with the place of each of its records."""

    def __init__(self, path: Path, handle: int, end_offset: int) -> None:
        self.path = path
        self.handle = handle
        self.end_offset = end_offset
        self.places: dict[int, tuple[int, int]] = {}  # seq -> (payload offset, length)
        self.last_seq = -1
        self.torn_bytes = 0

    @classmethod
    def create(cls, directory: Path, first_seq: int, head: SegmentHead) -> _Segment:
        """A new file with its head. Raises OSError, leaving no file."""
        path = directory / f"{first_seq:012d}{SEGMENT_SUFFIX}"
        handle = opened(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        content = _MAGIC + _frame(first_seq, msgspec.msgpack.encode(head))
        try:
            write_at(handle, content, 0)
        except OSError:
            os.close(handle)
            removed(path)
            raise
        return cls(path, handle, len(content))

    @classmethod
    def scan(cls, path: Path) -> tuple[_Segment, SegmentHead]:
        """An existing file up to its last whole frame. Raises SpoolError when it has no head."""
        handle = opened(path, os.O_RDWR)
        try:
            head, end_offset = _head_of(path, handle)
        except SpoolError:
            os.close(handle)
            raise
        segment = cls(path, handle, end_offset)
        size_bytes = os.fstat(handle).st_size
        while (place := _checked_place(handle, segment.end_offset, size_bytes)) is not None:
            seq, offset, length = place
            segment.places[seq] = (offset, length)
            segment.last_seq = seq
            segment.end_offset = offset + length
        segment.torn_bytes = size_bytes - segment.end_offset
        return segment, head

    def is_full(self, limit_bytes: int) -> bool:
        """Whether the next record belongs into a new segment; what is torn is never overwritten,
        unless nothing else is here (the new segment would have the same name)."""
        return self.end_offset >= limit_bytes or (self.torn_bytes > 0 and bool(self.places))

    def append(self, seq: int, payload: bytes) -> None:
        """Writes one frame whole. Raises OSError, leaving the file as it was."""
        frame = _frame(seq, payload)
        try:
            write_at(self.handle, frame, self.end_offset)
        except OSError:
            os.ftruncate(self.handle, self.end_offset)
            raise
        self.places[seq] = (self.end_offset + _FRAME.size, len(payload))
        self.last_seq = seq
        self.end_offset += len(frame)

    def read(self, seq: int) -> bytes:
        offset, length = self.places[seq]
        return read_at(self.handle, length, offset)

    @property
    def is_gone(self) -> bool:
        """Whether the file was removed, or another put in its place, while it is open here."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self.handle))
        except (FileNotFoundError, NotADirectoryError):
            return True

    def move_to(self, directory: Path) -> None:
        """Writes all of it into a new file, which it is from then on. Raises OSError."""
        path = directory / self.path.name
        handle = opened(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        try:
            for start in range(0, self.end_offset, _BLOCK_BYTES):
                length = min(_BLOCK_BYTES, self.end_offset - start)
                write_at(handle, read_at(self.handle, length, start), start)
        except OSError:
            os.close(handle)
            raise
        os.close(self.handle)
        self.handle, self.path = handle, path


def _frame(seq: int, payload: bytes) -> bytes:
    return _FRAME.pack(len(payload), _checksum(seq, payload), seq) + payload


def _checksum(seq: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(seq.to_bytes(8, "little")))


def _checked_place(handle: int, offset: int, size_bytes: int) -> tuple[int, int, int] | None:
    """(seq, payload offset, length) of the frame at `offset`, or None if there is no whole one."""
    head = read_at(handle, _FRAME.size, offset)
    if len(head) < _FRAME.size:
        return None
    length, checksum, seq = _FRAME.unpack(head)
    start = offset + _FRAME.size
    if start + length > size_bytes or _checksum(seq, read_at(handle, length, start)) != checksum:
        return None
    return seq, start, length


def read_head(path: Path) -> SegmentHead:
    """Who wrote a segment. Raises SpoolError when it can't be read."""
    handle = opened(path, os.O_RDONLY)
    try:
        return _head_of(path, handle)[0]
    finally:
        os.close(handle)


def _head_of(path: Path, handle: int) -> tuple[SegmentHead, int]:
    """The head and where it ends."""
    place = _checked_place(handle, len(_MAGIC), os.fstat(handle).st_size)
    if read_at(handle, len(_MAGIC), 0) != _MAGIC or place is None:
        raise SpoolError(f"{path} does not start as a spool segment does; it was left alone")
    _, offset, length = place
    try:
        head = msgspec.msgpack.decode(read_at(handle, length, offset), type=SegmentHead)
    except msgspec.DecodeError as error:
        raise SpoolError(f"{path} has a head that can't be read: {error}") from error
    if head.spool_version != _SPOOL_VERSION:
        raise SpoolError(
            f"{path} has spool version {head.spool_version}, this lossboard reads {_SPOOL_VERSION}:"
            " deliver it with the lossboard version that wrote it"
        )
    return head, offset + length


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
        self._segments: list[_Segment] = []
        self._lock_handle: int | None = None
        self._gone_since: float | None = None
        self._left_behind: list[Path] = []
        self._lock = threading.Lock()  # guards the list of segments and the creation of the lock

    @classmethod
    def open(cls, directory: Path, *, segment_bytes: int) -> Spool | None:
        """What a process left behind, or None when no segment is there.

        Raises SpoolBusy while a living process has it, SpoolError when it can't be read,
        FileNotFoundError when its process has removed it.
        """
        lock_handle = _locked(opened(directory / LOCK_NAME, os.O_RDWR), directory)
        try:
            found = [_Segment.scan(p) for p in sorted(directory.glob(f"*{SEGMENT_SUFFIX}"))]
        except BaseException:
            _close_lock(lock_handle)
            raise
        if not found:
            _close_lock(lock_handle)
            return None
        head = found[0][1]
        spool = cls(
            directory,
            writer=head.writer,
            base_url=head.base_url,
            start=head.start,
            segment_bytes=segment_bytes,
        )
        spool._segments = [segment for segment, _ in found]
        spool._lock_handle = lock_handle
        return spool

    @property
    def next_seq(self) -> int:
        """One more than the last record that is on disk."""
        return max((segment.last_seq for segment in self._segments), default=-1) + 1

    @property
    def torn_bytes(self) -> int:
        """Bytes at the ends of segments that are not a whole record."""
        return sum(segment.torn_bytes for segment in self._segments)

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
            segment = _Segment.create(self.directory, seq, self.head)
            with self._lock:
                self._segments.append(segment)
        segment.append(seq, payload)

    def read(self, seq: int) -> bytes | None:
        """The payload of a record, or None when it is not here."""
        with self._lock:
            for segment in self._segments:
                if seq in segment.places:
                    return segment.read(seq)
        return None

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
            if _discarded(segment):
                self._left_behind.append(segment.path)  # `remove` tries again

    def sync_to_disk(self) -> None:
        """Makes what was appended survive a loss of power."""
        for segment in self._segments:
            synced(segment.handle)

    def mark_deleted(self, words: str) -> None:
        """Notes that the run was deleted on the server: nobody needs to be asked to deliver it."""
        with contextlib.suppress(OSError):  # without the note it is named once more
            (self.directory / DELETED_NAME).write_text(words, encoding="utf-8")

    def close(self) -> None:
        """Closes the files and gives the lock back; what is there stays."""
        with self._lock:
            segments, self._segments = self._segments, []
            lock_handle, self._lock_handle = self._lock_handle, None
        for segment in segments:
            os.close(segment.handle)
        if lock_handle is not None:
            _close_lock(lock_handle)

    def remove(self) -> str:
        """Removes everything but `rejected/` (and other strangers), and gives the lock back.

        What could not be removed, and why; an empty string when nothing is left.
        """
        with self._lock:
            segments, self._segments = self._segments, []
            lock_handle, self._lock_handle = self._lock_handle, None
        troubles = [_discarded(segment) for segment in segments]
        troubles += [removed(path) for path in self._left_behind]
        if lock_handle is not None:
            troubles += [removed(self.directory / name) for name in (CUTS_NAME, DELETED_NAME)]
            troubles += [self._discard_lock(lock_handle), removed_if_empty(self.directory)]
        return "; ".join(filter(None, troubles))

    def _discard_lock(self, handle: int) -> str:
        path = self.directory / LOCK_NAME
        trouble = removed(path)  # before it is given back: nobody takes what goes
        _close_lock(handle)
        return trouble and removed(path)  # Windows removes no file that is open

    def abandon(self) -> None:
        """In a forked child: lets go of the parent's files; its lock stays the parent's."""
        segments, self._segments = self._segments, []
        lock_handle, self._lock_handle = self._lock_handle, None
        for segment in segments:
            os.close(segment.handle)
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


def _discarded(segment: _Segment) -> str:
    """Removes the file; why it is there still."""
    os.close(segment.handle)
    return removed(segment.path)


_NO_LOCK: Final = -1  # a file system without locks


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
