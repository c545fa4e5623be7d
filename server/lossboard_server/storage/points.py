"""Scalar points as columns, and as the data of level-0 blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.codec import (
    CONSTANT_PLANE,
    PCODEC,
    decode_columns,
    decode_floats,
    decode_ints,
    encode_columns,
    encode_floats,
    encode_ints,
    join_frames,
    split_frames,
)
from lossboard_server.storage.pcodec_frames import decode_numbers, encode_numbers

__all__ = ["Floats", "Ints", "Points", "decode_points", "encode_points"]

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


class Points(NamedTuple):
    """Points of one series in the order in which they are stored: columns of equal length n.

    `types` holds the wire's type codes: a number whose code is TYPE_INT was logged as an int.
    """

    steps: Ints
    times_us: Ints
    numbers: Floats
    types: NDArray[np.uint8]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Points:
        """The points at these positions."""
        columns: Iterator[Any] = (column[which] for column in self)
        return Points(*columns)

    def by_step(self) -> Points:
        """Sorted by (step, place): points that share a step keep their order."""
        if bool((self.steps[1:] >= self.steps[:-1]).all()):
            return self
        return self.take(np.argsort(self.steps, kind="stable"))

    @staticmethod
    def join(parts: Sequence[Points]) -> Points:
        """All points of the parts, one part after another; no part: no points."""
        if len(parts) == 1:
            return parts[0]
        return Points(*map(np.concatenate, zip(NO_POINTS, *parts, strict=True)))


NO_POINTS = Points(
    np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.uint8)
)


def encode_points(points: Points, codec: int) -> bytes:
    """The data of a block of n >= 1 points: frames of steps, times, numbers and types."""
    if codec == PCODEC:
        numbers = [points.steps, points.times_us, points.numbers]
        columns = encode_numbers(numbers, checked=False)
        return join_frames([columns, encode_columns([points.types])])
    return join_frames(
        [
            encode_ints(points.steps),
            encode_ints(points.times_us),
            encode_floats(points.numbers),
            encode_columns([points.types]),
        ]
    )


def decode_points(data: bytes, n: int, codec: int, *, times: bool = True) -> Points:
    """The points of a block; with `times` false, times are not decoded but 0."""
    if codec == PCODEC:
        columns, types = split_frames(data)
        steps, times_us, numbers = decode_numbers(columns, n, wanted=(True, times, True))
        return Points(steps, times_us, numbers, _decode_types(types, n))
    return _decode_planes(data, n, times)


def _decode_planes(data: bytes, n: int, times: bool) -> Points:
    steps, times_us, numbers, types = split_frames(data)
    return Points(
        decode_ints(steps, n),
        decode_ints(times_us, n) if times else np.zeros(n, np.int64),
        decode_floats(numbers, n),
        _decode_types(types, n),
    )


def _decode_types(frame: bytes, n: int) -> NDArray[np.uint8]:
    """Almost always one for all."""
    if frame[0] == CONSTANT_PLANE:
        return np.full(n, frame[1], np.uint8)
    types: NDArray[np.uint8] = decode_columns(frame, ["u1"], n)[0]
    return types
