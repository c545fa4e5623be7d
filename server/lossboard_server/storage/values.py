"""JSON values (strings, bools, None, lists, dicts, big ints) as columns and as blocks."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.codec import decode_ints, encode_ints, join_frames, split_frames
from lossboard_server.storage.points import Ints

__all__ = ["Values", "decode_values", "encode_values", "media_of"]

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Any])


class Values(NamedTuple):
    """Values of one series in the order in which they are stored; all of length n."""

    steps: Ints
    times_us: Ints
    items: list[Any]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Values:
        """The values at these positions."""
        places = np.arange(len(self.steps))[which]
        return Values(
            self.steps[places], self.times_us[places], [self.items[i] for i in places.tolist()]
        )

    def by_step(self) -> Values:
        """Sorted by (step, place)."""
        if bool((self.steps[1:] >= self.steps[:-1]).all()):
            return self
        return self.take(np.argsort(self.steps, kind="stable"))

    @staticmethod
    def join(parts: Sequence[Values]) -> Values:
        """All values of the parts, one part after another; no part: no values."""
        none = np.empty(0, np.int64)
        return Values(
            np.concatenate([none, *(part.steps for part in parts)]),
            np.concatenate([none, *(part.times_us for part in parts)]),
            list(chain.from_iterable(part.items for part in parts)),
        )


def media_of(items: Sequence[Any]) -> str:
    """The `_type` of the last of one or more values, if it is a media object."""
    last = items[-1]
    kind = last.get("_type", "") if isinstance(last, dict) else ""
    return kind[:64] if isinstance(kind, str) else ""


def encode_values(values: Values) -> bytes:
    """The data of a block of n >= 1 values."""
    packed = zlib.compress(_encoder.encode(values.items), 1)
    return join_frames([encode_ints(values.steps), encode_ints(values.times_us), packed])


def decode_values(data: bytes, n: int) -> Values:
    """The values that `encode_values` was given."""
    steps, times_us, packed = split_frames(data)
    items = _decoder.decode(zlib.decompress(packed))
    return Values(decode_ints(steps, n), decode_ints(times_us, n), items)
