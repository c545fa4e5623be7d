"""Histogram events and JSON values in blocks: one level, the last block open until full."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from lossboard_server.storage.codec import BYTE_PLANES
from lossboard_server.storage.histograms import (
    Histograms,
    decode_counts,
    decode_magnitudes,
    decode_statistics,
)
from lossboard_server.storage.pyramid import Block
from lossboard_server.storage.values import Values, decode_values, encode_values

__all__ = [
    "VALUES_PER_BLOCK",
    "append_values",
    "decode_histograms",
    "is_packed_anew",
]

VALUES_PER_BLOCK: Final = 1024
_LEAST_SHARE: Final = 2  # half of what is in a block has to come to have it packed anew
_VALUE_BYTES_PER_BLOCK: Final = 256 << 10  # or as many values as fill this, uncompressed


def decode_histograms(row: Any) -> Histograms:
    """The events of a row of `hist_block`."""
    return Histograms(
        decode_statistics(row.data, row.n),
        decode_counts(row.counts, row.n),
        decode_magnitudes(row.magnitude, row.n),
    )


def is_packed_anew(open_row: Any, added: int) -> bool:
    """Whether so many more events or values are put into the open block.

    A block is packed anew for each addition, so few that come again and again would cost in
    proportion to all that is in it: then it is left as it is, and full although it has room.
    """
    return bool(added * _LEAST_SHARE >= open_row.n)


def append_values(sealed: int, open_row: Any, values: Values) -> list[Block]:
    """The blocks to write so that `values` follow the `sealed` ones; they replace `open_row`,
    which is None where there is none or it is left as it is."""
    if open_row is not None:
        sealed -= open_row.n
        values = Values.join([decode_values(open_row.data, open_row.n), values])
    return list(_cut_values(sealed, values))


def _cut_values(ordinal: int, values: Values) -> Iterator[Block]:
    sizes = np.cumsum([len(msgspec.msgpack.encode(item)) for item in values.items])
    start, before = 0, 0
    while start < len(sizes):
        by_bytes = int(np.searchsorted(sizes, before + _VALUE_BYTES_PER_BLOCK)) + 1
        end = min(start + VALUES_PER_BLOCK, by_bytes)
        part = values.take(slice(start, end))
        yield Block(end > len(sizes), _place(ordinal + start, part) | {"data": encode_values(part)})
        start, before = end, int(sizes[min(end, len(sizes)) - 1])


def _place(ordinal: int, part: Values) -> dict[str, Any]:
    return {
        "ordinal": ordinal,
        "n": len(part.steps),
        "codec": BYTE_PLANES,
        "s0": int(part.steps.min()),
        "s1": int(part.steps.max()),
        "t0": int(part.times_us.min()),
        "t1": int(part.times_us.max()),
    }
