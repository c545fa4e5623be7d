"""Frames of many short stretches of the same columns, made in one pass.

A call of numpy costs as much as a short column. So the columns of many series lie one after
another, cut into segments, and all of them are taken into planes at once; the frame of each
segment has the bytes that `encode_columns` makes of it alone.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.codec import (
    CONSTANT_PLANE,
    LEVEL,
    RAW_PLANE,
    ZLIB_PLANE,
    Bytes,
    are_random,
    column_stacks,
)

__all__ = ["Segments", "encode_int_segments", "encode_segments"]

_LEAST_RANDOM: Final = 512  # shorter planes are never found to be random


class Segments:
    """How columns are cut: segment i has `lengths[i]` >= 1 entries, one after another."""

    def __init__(self, lengths: Sequence[int] | NDArray[np.intp]) -> None:
        self.lengths = np.asarray(lengths, np.intp)
        self.ends = np.cumsum(self.lengths)
        self.starts = self.ends - self.lengths

    def __len__(self) -> int:
        return len(self.lengths)

    def numbers(self) -> NDArray[np.intp]:
        """Of each entry, in which segment it lies."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Start and end of each."""
        return zip(self.starts.tolist(), self.ends.tolist(), strict=True)


def encode_segments(columns: Sequence[NDArray[Any]], segments: Segments) -> list[bytes]:
    """The frame of each segment of the columns; one or more segments."""
    stacks = list(column_stacks(columns))
    parts = [_heads(stack, segments) for stack in stacks]
    firsts, varies = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    kinds = np.where(varies, ZLIB_PLANE, CONSTANT_PLANE).astype(np.uint8)
    used: NDArray[np.bool_] = np.logical_or.reduce(varies, axis=0)
    if used.any():
        planes = np.concatenate([_planes(stack) for stack in stacks])[used]
        for length in set(segments.lengths[segments.lengths >= _LEAST_RANDOM].tolist()):
            _mark_random(kinds, planes, used, segments, length)
        bodies = list(_bodies(kinds[:, used], planes, segments))
    else:
        bodies = [b""] * len(segments)
    return [head + body for head, body in zip(_head_bytes(kinds, firsts), bodies, strict=True)]


def _heads(stack: NDArray[Any], segments: Segments) -> tuple[Bytes, NDArray[np.bool_]]:
    """Of each segment the first byte of every plane, and which planes vary."""
    first = stack[:, segments.starts]
    differing = stack ^ np.repeat(first, segments.lengths, axis=1)
    varying = np.bitwise_or.reduceat(differing, segments.starts, axis=1)
    return _bytes_of(first), _bytes_of(varying) != 0


def _bytes_of(numbers: NDArray[Any]) -> Bytes:
    """Columns by segments, as the bytes of each segment's."""
    return np.ascontiguousarray(numbers.T).view(np.uint8)


def _planes(stack: NDArray[Any]) -> Bytes:
    size = stack.dtype.itemsize
    planes = stack.view(np.uint8).reshape(*stack.shape, size).transpose(0, 2, 1)
    return np.ascontiguousarray(planes).reshape(-1, stack.shape[1])


def _mark_random(
    kinds: Bytes, planes: Bytes, used: NDArray[np.bool_], segments: Segments, length: int
) -> None:
    """Find the random ones among the varying planes of all segments of this length."""
    mine = np.flatnonzero(segments.lengths == length)
    sampled = np.arange(0, length, max(1, length >> 10))
    entries = segments.starts[mine][:, None] + sampled
    varying = kinds[np.ix_(mine, used)] == ZLIB_PLANE
    which, plane = np.nonzero(varying)
    random = are_random(planes[plane[:, None], entries[which]])
    kinds[mine[which[random]], np.flatnonzero(used)[plane[random]]] = RAW_PLANE


def _head_bytes(kinds: Bytes, firsts: Bytes) -> Iterator[bytes]:
    """The kinds of all planes and the bytes of the constant ones."""
    constant = kinds == CONSTANT_PLANE
    all_kinds, all_bytes, width = kinds.tobytes(), firsts[constant].tobytes(), kinds.shape[1]
    at = 0
    for number, count in enumerate(constant.sum(axis=1).tolist()):
        yield all_kinds[number * width : (number + 1) * width] + all_bytes[at : at + count]
        at += count


def _bodies(kinds: Bytes, planes: Bytes, segments: Segments) -> Iterator[bytes]:
    """The planes that vary: the random ones as they are, the others packed."""
    packed, raw = kinds == ZLIB_PLANE, kinds == RAW_PLANE
    any_packed, any_raw = packed.any(axis=1).tolist(), raw.any(axis=1).tolist()
    for number, (start, end) in enumerate(segments.spans()):
        mine = planes[:, start:end]
        body = mine[raw[number]].tobytes() if any_raw[number] else b""
        if any_packed[number]:
            body += zlib.compress(mine[packed[number]].tobytes(), LEVEL)
        yield body


def encode_int_segments(numbers: NDArray[np.int64], segments: Segments) -> list[bytes]:
    """The result of `encode_ints` for each segment."""
    deltas = np.zeros(len(numbers), np.int64)
    np.subtract(numbers[1:], numbers[:-1], out=deltas[1:])
    starts = segments.starts
    second = np.minimum(starts + 1, len(numbers) - 1)
    deltas[starts] = np.where(segments.lengths > 1, deltas[second], 0)
    bases = (numbers[starts] - deltas[starts]).tolist()
    frames = encode_segments([((deltas << 1) ^ (deltas >> 63)).view(np.uint64)], segments)
    return [struct.pack("<q", base) + frame for base, frame in zip(bases, frames, strict=True)]
