"""One segment file of a spool, and how reading goes on behind what is damaged in it.

A segment is MAGIC and then `frames`. The payload of the first frame is a `SegmentHead` as
MessagePack, that of the others a `wire.Record`. What is no frame with the right checksum is
damage: a write that was cut off, a flipped bit, zeros after a power loss. Frames behind it count.
"""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Final

import msgspec

from lossboard import wire
from lossboard.files.disk import closed, removed
from lossboard.sending.frames import FRAME_HEAD, frame_at, frames, head_of_frame

__all__ = [
    "DAMAGED_NAME",
    "SEGMENT_SUFFIX",
    "RecordDamaged",
    "Segment",
    "SegmentHead",
    "read_head",
    "segment_paths",
    "set_apart",
]

SEGMENT_SUFFIX: Final = ".spool"
DAMAGED_NAME: Final = "damaged"  # the folder in a spool for what can't be read any more
_MAGIC: Final = b"LOSSBRD1"


class RecordDamaged(Exception):
    """A record that was written and can't be read any more, with its file."""

    def __init__(self, seq: int, path: Path) -> None:
        super().__init__(f"record {seq} in {path} is not what was written")
        self.path = path


class SegmentHead(msgspec.Struct, frozen=True):
    """Who wrote a segment, and to whom it was to be sent."""

    spool_version: int
    wire_version: int
    writer: str
    base_url: str | None
    start: wire.RunStart


class Segment:
    """One segment file, with the place of each of its records.

    A file is open only between `keep_open` and `close`, so what waits takes no descriptors. One
    thread appends; `read`, `keep_open` and `close` are for one thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head: SegmentHead | None = None  # None: it can't be read
        self.places: dict[int, tuple[int, int]] = {}  # seq -> (payload offset, length)
        self.last_seq = -1
        self.damage: list[tuple[int, int]] = []  # first byte, one past the last
        self._end_offset = 0
        self._writing: io.FileIO | None = None
        self._reading: io.FileIO | None = None

    @classmethod
    def create(cls, directory: Path, first_seq: int, head: SegmentHead) -> Segment:
        """A new file with its head, open. Raises OSError, leaving no file."""
        segment = cls(directory / f"{first_seq:012d}{SEGMENT_SUFFIX}")
        segment._writing = io.FileIO(segment.path, "x")  # never over what lies there
        try:
            payload = msgspec.msgpack.encode(head)
            segment._write(_MAGIC + head_of_frame(first_seq, payload) + payload)
            segment.keep_open()
        except OSError:
            segment.close()
            removed(segment.path)
            raise
        segment.head = head
        return segment

    @classmethod
    def scan(cls, path: Path) -> Segment:
        """An existing file with all its whole frames. Raises OSError when it can't be read."""
        segment = cls(path)
        segment.last_seq = int(path.stem) - 1
        segment._take_in(_content(path))
        return segment

    def _take_in(self, content: bytes) -> None:
        """Notes the place of each whole frame in `content`, and what lies between them."""
        self._end_offset = len(_MAGIC) if content.startswith(_MAGIC) else 0
        for frame in frames(content, self._end_offset, self.last_seq):
            if frame.start > self._end_offset:
                self.damage.append((self._end_offset, frame.start))
            self._end_offset = frame.end
            if self.head is None and not self.places:
                self.head = _head_in(content[frame.offset : frame.end])
                if self.head is not None:
                    continue
            if frame.seq > self.last_seq:
                self.places[frame.seq] = (frame.offset, frame.length)
                self.last_seq = frame.seq
        if self._end_offset < len(content) or not content:
            self.damage.append((self._end_offset, len(content)))

    @property
    def damaged_bytes(self) -> int:
        """How much of the file is no whole frame."""
        return sum(end - start for start, end in self.damage)

    @property
    def next_seq(self) -> int:
        """One more than the last record, and than one that the damaged end must have held."""
        ends_damaged = any(start >= self._end_offset for start, _ in self.damage)
        return self.last_seq + 1 + ends_damaged

    def is_full(self, limit_bytes: int) -> bool:
        """Whether the next record belongs into a new segment; those of others are left alone."""
        return self._writing is None or self._end_offset >= limit_bytes

    def append(self, seq: int, payload: bytes) -> None:
        """Writes one frame whole. Raises OSError, leaving the file as it was."""
        offset = self._end_offset + FRAME_HEAD.size
        self._write(head_of_frame(seq, payload) + payload)
        self.places[seq] = (offset, len(payload))
        self.last_seq = seq

    def _write(self, content: bytes) -> None:
        assert self._writing is not None, "only what `create` made is appended to"
        view = memoryview(content)
        self._writing.seek(self._end_offset)
        try:
            while view:
                view = view[self._writing.write(view) :]
        except OSError:
            self._writing.truncate(self._end_offset)
            raise
        self._end_offset += len(content)

    def read(self, seq: int) -> bytes:
        """The payload of a record that is here.

        Raises RecordDamaged, once, when it isn't what was written, OSError when the file can't
        be read at present.
        """
        offset, length = self.places[seq]
        try:
            before = self._read_at(offset - FRAME_HEAD.size, FRAME_HEAD.size)
            payload = self._read_at(offset, length)  # apart: cut out of a frame it is copied
        except FileNotFoundError:
            before = payload = b""
        if len(payload) != length or before != head_of_frame(seq, payload):
            del self.places[seq]
            self.damage.append((offset - FRAME_HEAD.size, offset + length))
            raise RecordDamaged(seq, self.path)
        return payload

    def _read_at(self, offset: int, length: int) -> bytes:
        self.keep_open()
        assert self._reading is not None, "it was just opened"
        try:
            self._reading.seek(offset)
            return self._reading.read(length)
        except OSError as error:
            if error.errno == errno.EIO:  # the disk itself has lost it
                return b""
            raise

    def keep_open(self) -> None:
        """Opens the file for reading, where it isn't open yet. Raises OSError."""
        if self._reading is None:
            self._reading = io.FileIO(self.path)

    def end_writing(self) -> None:
        """Nothing more is appended."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.close()

    def end_reading(self) -> None:
        """Closes the file for reading; the next `read` opens it again."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.close()

    def close(self) -> str:
        """Closes the file; in a forked child the parent's stays open. What of it failed, or an
        empty string."""
        troubles = (closed(self.end_writing, self.path), closed(self.end_reading, self.path))
        return "; ".join(filter(None, dict.fromkeys(troubles)))

    @property
    def is_gone(self) -> bool:
        """Whether the file was removed, or another put in its place, as far as one can tell."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        here = self._reading
        return here is not None and not os.path.samestat(found, os.fstat(here.fileno()))

    def move_to(self, directory: Path) -> None:
        """Writes all of it into a new file, which it is from then on. What is gone and not open
        is lost, and `read` says so. Raises OSError."""
        is_read, is_written = self._reading is not None, self._writing is not None
        try:
            content = self._read_at(0, self._end_offset)
        except (FileNotFoundError, NotADirectoryError):
            return
        path = directory / self.path.name
        with path.open("wb") as file:
            file.write(content)
        self.close()
        self.path = path
        self._writing = io.FileIO(path, "r+") if is_written else None
        self._reading = io.FileIO(path) if is_read else None

    def discard(self) -> str:
        """Its records are done with: the file goes, a damaged one to `damaged/`; why it is there
        still, or an empty string. One that stays is delivered once more by whoever finds it."""
        troubles = [self.close()]
        try:
            if not self.damage or not self.path.exists():
                troubles.append(removed(self.path))
            else:
                set_apart(self.path, self.path.parent)
        except OSError as error:
            troubles.append(f"{self.path}: {error.strerror or error}")
        return "; ".join(filter(None, troubles))


def segment_paths(directory: Path) -> list[Path]:
    """The segments of the spool in `directory`, in the order of their records."""
    return sorted(p for p in directory.glob(f"*{SEGMENT_SUFFIX}") if p.stem.isdecimal())


def set_apart(path: Path, spool_directory: Path) -> Path:
    """Moves a damaged file into `damaged/` of the spool, over nothing. Raises OSError."""
    folder = spool_directory / DAMAGED_NAME
    folder.mkdir(exist_ok=True)
    target, count = folder / path.name, 0
    while target.exists():
        count += 1
        target = folder / f"{path.name}.{count}"
    return path.rename(target)


def read_head(directory: Path) -> SegmentHead | None:
    """Who wrote the spool in `directory`; None when no segment says it. Raises OSError."""
    return next(filter(None, map(_head_of, segment_paths(directory))), None)


def _head_of(path: Path) -> SegmentHead | None:
    with io.FileIO(path) as file:
        start = file.read(len(_MAGIC) + FRAME_HEAD.size)
        if len(start) < len(_MAGIC) + FRAME_HEAD.size:
            return None
        length, _, _ = FRAME_HEAD.unpack_from(start, len(_MAGIC))
        if length > path.stat().st_size:
            return None
        content = start + file.read(length)
    frame = frame_at(content, len(_MAGIC))
    return None if frame is None else _head_in(content[frame.offset : frame.end])


def _head_in(payload: bytes) -> SegmentHead | None:
    try:
        return msgspec.msgpack.decode(payload, type=SegmentHead)
    except msgspec.DecodeError:
        return None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno == errno.EIO:  # the disk itself has lost it: all of it is damaged
            return b""
        raise
