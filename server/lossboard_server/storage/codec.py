"""Columns of numbers as compressed bytes: byte shuffle, then zlib where it pays.

A frame holds the byte planes of its columns (all first bytes, all second bytes, ...), each kept in
the cheapest of three ways: one byte if it is constant, raw if its bytes are close to random, else
in one zlib stream with the other compressible planes. The mantissa of a noisy float is random:
trying to deflate it costs most of the time of a plain shuffle + zlib and saves nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = [
    "BYTE_PLANES",
    "CONSTANT_PLANE",
    "FRAMED_PLANES",
    "LEVEL",
    "PCODEC",
    "RAW_PLANE",
    "ZLIB_PLANE",
    "Bytes",
    "CodecError",
    "are_random",
    "column_stacks",
    "decode_columns",
    "decode_floats",
    "decode_ints",
    "encode_columns",
    "encode_floats",
    "encode_ints",
    "join_frames",
    "restore_deltas",
    "split_frames",
    "to_deltas",
]

BYTE_PLANES: Final = 1  # ids in the `codec` column of blocks: frames of this module,
PCODEC: Final = 2  # those of `pcodec_frames`,
FRAMED_PLANES: Final = 3  # and nodes in one of this module, with a checksum
LEVEL: Final = 1
_RANDOM_BITS: Final = 7.2  # planes with at least this entropy per byte are kept raw
CONSTANT_PLANE, RAW_PLANE, ZLIB_PLANE = 0, 1, 2
_SMALL_FRAME: Final = 512  # bytes; frames up to here are remembered with what they hold
_CHECKED: Final = 0x80  # in the number of frames: a checksum follows them
_CHECKSUM_BYTES: Final = 4
_EVEN: Final = bytes([CONSTANT_PLANE] * 8)  # how a frame of one constant column of 8 bytes begins

Bytes = NDArray[np.uint8]


class CodecError(ValueError):
    """Stored bytes that this version can't decode."""


def column_stacks(columns: Sequence[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The columns' bits as rows of matrices, neighbours of one width together: a call of numpy
    costs as much as a short column."""
    for size, group in groupby(columns, lambda column: column.dtype.itemsize):
        bits = [np.ascontiguousarray(column).view(f"<u{size}") for column in group]
        yield np.concatenate(bits).reshape(len(bits), -1)


def _planes(stack: NDArray[Any]) -> tuple[Bytes, NDArray[np.bool_]]:
    """The first byte of every plane, and which planes vary."""
    first = stack[:, :1]
    differing = np.bitwise_or.reduce(stack ^ first, axis=1)
    return np.ascontiguousarray(first).view(np.uint8).ravel(), differing.view(np.uint8) != 0


def _varying_planes(stack: NDArray[Any], varies: NDArray[np.bool_]) -> Bytes:
    size = stack.dtype.itemsize
    planes = stack.view(np.uint8).reshape(*stack.shape, size).transpose(0, 2, 1)
    return planes[varies.reshape(-1, size)]


def _entropy(planes: Bytes) -> NDArray[np.float64]:
    """Bits per byte of each plane, estimated from about 1,024 of its bytes."""
    sample = planes[:, :: max(1, planes.shape[1] >> 10)]
    offsets = np.arange(len(planes), dtype=np.int64)[:, None] << 8
    counts = np.bincount((sample + offsets).ravel(), minlength=len(planes) << 8)
    share = counts.reshape(-1, 256) / sample.shape[1]
    bits: NDArray[np.float64] = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
    return bits


def are_random(planes: Bytes) -> NDArray[np.bool_]:
    """The places of those planes, of 512 bytes or more, are kept raw."""
    return _entropy(planes) >= _RANDOM_BITS


def encode_columns(columns: Sequence[NDArray[Any]]) -> bytes:
    """One frame of columns of equal length n >= 1, each of a type of 1, 2, 4 or 8 bytes."""
    stacks = list(column_stacks(columns))
    first_bytes, varying = zip(*map(_planes, stacks), strict=True)
    firsts, varies = np.concatenate(first_bytes), np.concatenate(varying)
    kinds = np.where(varies, ZLIB_PLANE, CONSTANT_PLANE).astype(np.uint8)
    if not varies.any():
        return kinds.tobytes() + firsts.tobytes()
    planes = np.concatenate(list(map(_varying_planes, stacks, varying)))
    if planes.shape[1] >= 512:
        kinds[np.flatnonzero(varies)[are_random(planes)]] = RAW_PLANE
    packable = kinds[varies] == ZLIB_PLANE
    return b"".join(
        (
            kinds.tobytes(),
            firsts[~varies].tobytes(),
            planes[~packable].tobytes(),
            zlib.compress(planes[packable].tobytes(), LEVEL) if packable.any() else b"",
        )
    )


def decode_columns(frame: bytes, types: Sequence[DTypeLike], n: int) -> list[NDArray[Any]]:
    """The columns of a frame that `encode_columns` made of columns of these types and length n."""
    dtypes = [np.dtype(type_) for type_ in types]
    total = sum(dtype.itemsize for dtype in dtypes)
    kinds = np.frombuffer(frame, np.uint8, total)
    constant, raw = kinds == CONSTANT_PLANE, kinds == RAW_PLANE
    constants, raws = int(constant.sum()), int(raw.sum())
    planes = np.empty((total, n), np.uint8)  # a plane a row
    planes[constant] = np.frombuffer(frame, np.uint8, constants, total)[:, None]
    planes[raw] = np.frombuffer(frame, np.uint8, raws * n, total + constants).reshape(raws, n)
    if constants + raws < total:
        packed = zlib.decompress(memoryview(frame)[total + constants + raws * n :])
        planes[kinds == ZLIB_PLANE] = np.frombuffer(packed, np.uint8).reshape(-1, n)
    return _columns(planes, dtypes)


def _columns(planes: Bytes, dtypes: Sequence[np.dtype[Any]]) -> list[NDArray[Any]]:
    columns, at = [], 0
    for dtype in dtypes:
        part = planes[at : at + dtype.itemsize]
        columns.append(np.ascontiguousarray(part.T).view(dtype).ravel())
        at += dtype.itemsize
    return columns


def to_deltas(numbers: NDArray[np.int64]) -> tuple[int, NDArray[np.uint64]]:
    """(base, differences as zigzag) of n >= 1 integers; wraps as int64 does, so any are exact.

    The first difference repeats the second, so that evenly spaced numbers have constant planes.
    """
    deltas = np.empty(len(numbers), np.int64)
    np.subtract(numbers[1:], numbers[:-1], out=deltas[1:])
    deltas[0] = deltas[1] if len(numbers) > 1 else 0
    base = int(np.subtract(numbers[:1], deltas[:1])[0])
    return base, ((deltas << 1) ^ (deltas >> 63)).view(np.uint64)


def restore_deltas(base: int, deltas: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The numbers that `to_deltas` was given."""
    if deltas.strides == (0,):  # one number broadcast: evenly spaced
        step = int(deltas[0] >> np.uint64(1)) ^ -int(deltas[0] & np.uint64(1))
        evenly: NDArray[np.int64] = np.arange(1, len(deltas) + 1) * np.array([step]) + np.array(
            [base]
        )
        return evenly
    signed = (deltas >> np.uint64(1)).view(np.int64) ^ -(deltas & np.uint64(1)).view(np.int64)
    signed[:1] += np.array([base])  # an array, since those wrap without a warning
    return np.cumsum(signed, out=signed)


def encode_floats(numbers: NDArray[np.float64]) -> bytes:
    """One frame of n >= 1 floats, bit for bit, behind a mark and a base.

    Smooth series (learning rates, counters) are kept as differences of their bit patterns, which
    are small or constant where the numbers themselves share few bytes.
    """
    bits = np.ascontiguousarray(numbers).view(np.int64)
    base, deltas = to_deltas(bits)
    if _differences_pay(bits, deltas):
        return struct.pack("<Bq", 1, base) + encode_columns([deltas])
    return struct.pack("<Bq", 0, 0) + encode_columns([bits])


def _differences_pay(bits: NDArray[np.int64], deltas: NDArray[np.uint64]) -> bool:
    """Whether neighbours are four bits closer to each other, on average, than distant points."""
    if len(bits) < 8:
        return False
    sample = bits[::4]
    half = len(sample) // 2
    distant = np.abs(sample[half : 2 * half] - sample[:half]).view(np.uint64)
    near, far = (float(np.log2(part + 1.0).mean()) for part in (deltas[::4], distant))
    return near + 4 <= far + 1  # zigzag has one bit more


def decode_floats(frame: bytes, n: int) -> NDArray[np.float64]:
    """The numbers that `encode_floats` was given."""
    smooth, base = struct.unpack_from("<Bq", frame)
    bits: NDArray[Any] = _decode_deltas(frame[9:], n)
    return (restore_deltas(base, bits) if smooth else bits.copy()).view(np.float64)


def encode_ints(numbers: NDArray[np.int64]) -> bytes:
    """One frame of n >= 1 integers as differences."""
    return _encode_ints(numbers.tobytes())


@lru_cache(maxsize=16)  # the series of a row share its step and time
def _encode_ints(numbers: bytes) -> bytes:
    base, deltas = to_deltas(np.frombuffer(numbers, np.int64))
    return struct.pack("<q", base) + encode_columns([deltas])


def decode_ints(frame: bytes, n: int) -> NDArray[np.int64]:
    """The numbers that `encode_ints` was given; not to be written to."""
    return _known_ints(frame, n) if len(frame) <= _SMALL_FRAME else _decoded_ints(frame, n)


@lru_cache(maxsize=256)  # the tensors of a model share their steps, times and batches
def _known_ints(frame: bytes, n: int) -> NDArray[np.int64]:
    numbers = _decoded_ints(frame, n)
    numbers.flags.writeable = False
    return numbers


def _decoded_ints(frame: bytes, n: int) -> NDArray[np.int64]:
    base = struct.unpack_from("<q", frame)[0]
    return restore_deltas(base, _decode_deltas(frame[8:], n))


def _decode_deltas(frame: bytes, n: int) -> NDArray[np.uint64]:
    if frame.startswith(_EVEN):
        return np.broadcast_to(np.frombuffer(frame, "<u8", 1, 8), n)
    deltas: NDArray[np.uint64] = decode_columns(frame, ["<u8"], n)[0]
    return deltas


def join_frames(frames: Sequence[bytes], *, checked: bool = True) -> bytes:
    """Frames behind a table of their lengths, so that each can be read alone; before a checksum of
    all of it, unless they are to be part of others that have one."""
    count = len(frames) | (_CHECKED if checked else 0)
    head = struct.pack(f"<B{len(frames)}I", count, *map(len, frames))
    if not checked:
        return b"".join((head, *frames))
    data = b"".join((head, *frames))
    return data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")


def split_frames(data: bytes) -> list[bytes]:
    """The frames that `join_frames` was given; those of earlier versions have no checksum.

    Raises CodecError if the bytes aren't those that were written.
    """
    count, end = data[0] & ~_CHECKED, len(data)
    if data[0] & _CHECKED:
        end -= _CHECKSUM_BYTES
        if zlib.crc32(memoryview(data)[:end]) != int.from_bytes(data[end:], "little"):
            raise CodecError(
                "the checksum of a block isn't that of its bytes: the store is damaged"
            )
    lengths = struct.unpack_from(f"<{count}I", data, 1)
    at, frames = 1 + 4 * count, []
    for length in lengths:
        frames.append(data[at : at + length])
        at += length
    if at != end:
        raise CodecError(f"a block of {end} bytes should have {at}: the store is damaged")
    return frames
