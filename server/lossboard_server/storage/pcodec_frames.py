"""Columns of numbers as pcodec frames: of full blocks, which are written once and read often.

https://github.com/pcodec/pcodec, whose standalone frames begin with "pco!" and name their type and
length. Evenly spaced integers, as most steps are, are a zero byte, a base and a difference instead.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, ModeSpec, standalone

from lossboard_server.storage.codec import (
    CodecError,
    join_frames,
    restore_deltas,
    split_frames,
    to_deltas,
)

__all__ = ["decode_numbers", "encode_numbers"]

_EVEN: Final = struct.Struct("<cqQ")
_LEVEL: Final = 4  # 8 takes twice as long for one percent
_INTS: Final = ChunkConfig(compression_level=_LEVEL, mode_spec=ModeSpec.classic())
_FLOATS: Final = ChunkConfig(compression_level=_LEVEL)  # which may be float32 or quotients by birth


def encode_numbers(columns: Sequence[NDArray[Any]], *, checked: bool = True) -> bytes:
    """Columns of int64 or float64, each of the same length n >= 1 and kept bit for bit; with a
    checksum, unless they are to be part of frames that have one."""
    return join_frames(list(map(_encoded, columns)), checked=checked)


def _encoded(column: NDArray[Any]) -> bytes:
    if column.dtype.kind == "f":
        frame: bytes = standalone.simple_compress(np.ascontiguousarray(column), _FLOATS)
        return frame
    return _encoded_ints(column.tobytes())


@lru_cache(maxsize=16)  # the series of a row share its step and time
def _encoded_ints(numbers: bytes) -> bytes:
    column = np.frombuffer(numbers, np.int64)
    base, deltas = to_deltas(column)
    if (deltas == deltas[0]).all():
        return _EVEN.pack(b"\0", base, deltas[0])
    frame: bytes = standalone.simple_compress(column, _INTS)
    return frame


def decode_numbers(data: bytes, n: int, wanted: Sequence[bool] | None = None) -> list[Any]:
    """The columns that `encode_numbers` was given, each of length n; zeros for unwanted ones.

    Raises CodecError if the bytes are damaged.
    """
    frames = split_frames(data)
    return [
        _decoded(frame, n) if wanted is None or wanted[place] else np.zeros(n, np.int64)
        for place, frame in enumerate(frames)
    ]


def _decoded(frame: bytes, n: int) -> NDArray[Any]:
    if frame.startswith(b"\0"):
        _, base, delta = _EVEN.unpack(frame)
        return restore_deltas(base, np.broadcast_to(np.uint64(delta), n))
    try:
        column: NDArray[Any] | None = standalone.simple_decompress(frame)
    except RuntimeError as error:
        raise CodecError(f"pcodec can't decode a frame ({error}): the store is damaged") from None
    if column is None or len(column) != n:
        raise CodecError(f"a pcodec frame should have {n} numbers: the store is damaged")
    return column
