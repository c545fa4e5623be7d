"""Frames, of which a segment consists: finding them in bytes, also behind what is damaged.

A frame is `<u4 length, <u4 CRC-32 of seq and payload, <u8 seq, payload. Behind damage the next one
is where a number that may follow, a length that fits and the right checksum stand together.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["FRAME_HEAD", "Frame", "frame_at", "frames", "head_of_frame"]

FRAME_HEAD: Final = struct.Struct("<IIQ")  # length and checksum of what follows, and its number
_WINDOW_BYTES: Final = 4096  # looked through at first for the next frame; doubled up to ...
_LARGEST_WINDOW_BYTES: Final = 1_048_576
_LEFT_OUT: Final = 65_536  # numbers that may be missing between two records of a segment
_BLOCK_BYTES: Final = 512
_Integers: TypeAlias = npt.NDArray[np.int64]


class Frame(NamedTuple):
    """The place of a frame with the right checksum."""

    seq: int
    offset: int  # of the payload
    length: int  # of the payload

    @property
    def start(self) -> int:
        """The first byte of the frame."""
        return self.offset - FRAME_HEAD.size

    @property
    def end(self) -> int:
        """One past the last byte."""
        return self.offset + self.length


def head_of_frame(seq: int, payload: bytes) -> bytes:
    """The bytes before the payload in its frame."""
    return FRAME_HEAD.pack(len(payload), _checksum(seq, payload), seq)


def _checksum(seq: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(seq.to_bytes(8, "little")))


def frames(content: bytes, offset: int, last_seq: int) -> Iterator[Frame]:
    """All whole frames from `offset` on, in order, past what is damaged between them.

    `last_seq` is the number before the first one.
    """
    search: _Search | None = None
    while offset < len(content):
        frame = frame_at(content, offset)
        if frame is None:
            search = search or _Search(content)
            frame = search.first_from(offset + 1, last_seq)
        if frame is None:
            return
        yield frame
        offset, last_seq = frame.end, max(last_seq, frame.seq)


def frame_at(content: bytes, offset: int) -> Frame | None:
    """The frame that begins at `offset`, or None if there is no whole one."""
    start = offset + FRAME_HEAD.size
    if start > len(content):
        return None
    length, checksum, seq = FRAME_HEAD.unpack_from(content, offset)
    end = start + length
    if end > len(content) or _checksum(seq, memoryview(content)[start:end]) != checksum:
        return None
    return Frame(seq, start, length)


class _Search:
    """Looks for frames anywhere in one segment.

    Values and steps can look like numbers and lengths of thousands of frames, so the checksum of
    each of these stretches is computed from those of all bytes before its ends: how long it is
    costs nothing.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._before = [0]  # the checksum of all before each block
        view = memoryview(content)
        for start in range(0, len(content), _BLOCK_BYTES):
            self._before.append(zlib.crc32(view[start : start + _BLOCK_BYTES], self._before[-1]))

    def first_from(self, offset: int, last_seq: int) -> Frame | None:
        """The first frame from `offset` on whose number may follow `last_seq`.

        Looks through a window at a time, so that many damaged places cost no more than their bytes.
        """
        window_bytes = _WINDOW_BYTES
        last_offset = len(self._content) - FRAME_HEAD.size
        while (end := min(offset + window_bytes, last_offset)) > offset:
            for place in self._matches(*self._candidates(offset, end, last_seq)):
                frame = frame_at(self._content, place)
                if frame is not None:
                    return frame
            offset, window_bytes = end, min(2 * window_bytes, _LARGEST_WINDOW_BYTES)
        return None

    def _candidates(self, offset: int, end: int, last_seq: int) -> tuple[_Integers, _Integers]:
        """Offsets in [offset, end) where a number that may be next has the place of one and a
        length that fits the place of a length; and these lengths."""
        # Each row of these views is one byte further on than the one before.
        lengths = np.ndarray(end - offset, "<u4", self._content, offset, (1,)).astype(np.int64)
        seqs = np.ndarray(end - offset, "<u8", self._content, offset + 8, (1,))
        room_bytes = len(self._content) - FRAME_HEAD.size - np.arange(offset, end)
        highest = last_seq + _LEFT_OUT + len(self._content) // FRAME_HEAD.size
        may_be = (seqs > last_seq) & (seqs <= highest) & (lengths > 0) & (lengths <= room_bytes)
        places = np.flatnonzero(may_be)
        return offset + places, lengths[places]

    def _matches(self, places: _Integers, lengths: _Integers) -> list[int]:
        """The places at which the checksum is that of the bytes behind it."""
        starts = places + FRAME_HEAD.size
        view = memoryview(self._content)
        stated = np.array([FRAME_HEAD.unpack_from(view, place)[1] for place in places], np.uint32)
        seqs = np.array([zlib.crc32(view[start - 8 : start]) for start in starts], np.uint32)
        before = np.array([self._checksum_before(start) for start in starts], np.uint32)
        up_to = np.array([self._checksum_before(end) for end in starts + lengths], np.uint32)
        found = up_to ^ _behind(before ^ seqs, lengths)
        return [int(place) for place in places[found == stated]]

    def _checksum_before(self, offset: int) -> int:
        block = offset // _BLOCK_BYTES
        return zlib.crc32(
            memoryview(self._content)[block * _BLOCK_BYTES : offset], self._before[block]
        )


def _behind(checksums: npt.NDArray[np.uint32], lengths: _Integers) -> npt.NDArray[np.uint32]:
    """The part of the checksums of some bytes in those of these and `lengths` bytes behind them:
    CRC-32(a + b) is _behind(CRC-32(a), len(b)) ^ CRC-32(b)."""
    for power in range(int(lengths.max(initial=0)).bit_length()):
        applies = (lengths >> power & 1).astype(bool)
        checksums = np.where(applies, _looked_up(_tables(power), checksums), checksums)
    return checksums


@cache
def _tables(power: int) -> npt.NDArray[np.uint32]:
    """uint32[4, 256]: what each byte of a checksum adds to it 2**power bytes later."""
    if power:
        half = _tables(power - 1)
        return _looked_up(half, half)
    zero = zlib.crc32(b"\0")
    rows = [[zlib.crc32(b"\0", byte << shift) ^ zero for byte in range(256)] for shift in _SHIFTS]
    return np.array(rows, np.uint32)


_SHIFTS: Final = (0, 8, 16, 24)


def _looked_up(
    tables: npt.NDArray[np.uint32], checksums: npt.NDArray[np.uint32]
) -> npt.NDArray[np.uint32]:
    found = np.zeros_like(checksums)
    for table, shift in zip(tables, _SHIFTS, strict=True):
        found ^= table[checksums >> shift & 0xFF]
    return found
