"""Blocks of histogram events: many of them, of any series, encoded in one pass.

The formats are those of `histograms`, which decodes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossboard.wire import COUNT_TYPES
from lossboard_server.storage.codec import encode_floats, join_frames
from lossboard_server.storage.histograms import (
    FLOAT_COLUMNS,
    INT_COLUMNS,
    OTHER_COLUMNS,
    Counts,
    Histograms,
    Magnitudes,
    Statistics,
)
from lossboard_server.storage.points import Ints
from lossboard_server.storage.segments import Segments, encode_int_segments, encode_segments

__all__ = ["encode_blocks"]


def encode_blocks(events: Histograms, blocks: Segments) -> Iterator[dict[str, bytes]]:
    """The columns `data`, `counts` and `magnitude` of each block of the events."""
    statistics = _encode_statistics(events.statistics, blocks)
    counts = _encode_counts(events.counts, blocks)
    magnitudes = _encode_magnitudes(events.magnitudes, blocks)
    for data, count, magnitude in zip(statistics, counts, magnitudes, strict=True):
        yield {"data": data, "counts": count, "magnitude": magnitude}


def _encode_statistics(statistics: Statistics, blocks: Segments) -> list[bytes]:
    ints = [encode_int_segments(getattr(statistics, name), blocks) for name in INT_COLUMNS]
    others = [getattr(statistics, name) for name in (*FLOAT_COLUMNS, *OTHER_COLUMNS)]
    rest = encode_segments([*others, statistics.fractional], blocks)
    parts = _encode_parts(statistics.parts, blocks)
    return [join_frames([*frames, *part]) for *frames, part in zip(*ints, rest, parts, strict=True)]


def _encode_parts(parts: Ints, blocks: Segments) -> list[list[bytes]]:
    """One frame for each block in which an event is of a part, none for the others."""
    if not parts.any():
        return [[]] * len(blocks)
    present = np.logical_or.reduceat(parts.any(axis=1), blocks.starts).tolist()
    frames = encode_segments(list(np.ascontiguousarray(parts.T)), blocks)
    return [[frame] if there else [] for frame, there in zip(frames, present, strict=True)]


class _Matrices(NamedTuple):
    """The places of the values of events in one matrix a block, `widths[i]` by its events.

    Of each value: its block, its column and its event; of each event its place in its block.
    """

    widths: Ints
    in_block: NDArray[np.intp]
    columns: NDArray[np.intp]
    in_event: NDArray[np.intp]
    event_places: NDArray[np.intp]


def _encode_matrices(values: NDArray[Any], at: _Matrices, blocks: Segments) -> list[bytes]:
    """Values as matrices, 0 where an event has none, each in the narrowest type that holds it."""
    types = _smallest_types(values, at.in_block, len(blocks))
    areas = at.widths * blocks.lengths
    frames = [bytes([type_]) for type_ in types.tolist()]
    for type_ in set(types[areas > 0].tolist()):
        mine = np.flatnonzero((types == type_) & (areas > 0))
        for number, frame in zip(
            mine.tolist(), _encode_typed(values, at, blocks, mine, type_), strict=True
        ):
            frames[number] += frame
    return frames


def _encode_typed(
    values: NDArray[Any], at: _Matrices, blocks: Segments, mine: NDArray[np.intp], type_: int
) -> list[bytes]:
    """The matrices of the blocks `mine`, all of one type."""
    cells = Segments(at.widths[mine] * blocks.lengths[mine])
    starts = np.full(len(blocks), -1, np.intp)
    starts[mine] = cells.starts
    first = starts[at.in_block]
    places = first + at.columns * blocks.lengths[at.in_block] + at.event_places[at.in_event]
    which = slice(None) if len(mine) == len(blocks) else first >= 0
    matrix = np.zeros(int(cells.ends[-1]), COUNT_TYPES[type_])
    matrix[places[which]] = values[which].astype(matrix.dtype)
    return encode_segments([matrix], cells)


def _smallest_types(values: NDArray[Any], in_block: NDArray[np.intp], blocks: int) -> Ints:
    """Of each block the narrowest of the wire's count types that holds its values exactly."""
    types = np.zeros(blocks, np.int64)
    if not len(values):
        return types
    starts = np.flatnonzero(np.diff(in_block, prepend=-1))
    most = np.maximum.reduceat(values, starts)
    exact = np.ones(len(starts), np.bool_)
    if values.dtype.kind == "f":
        whole = np.logical_and.reduceat(values == np.floor(values), starts)
        with np.errstate(invalid="ignore"):  # NaN is compared too
            exact = (most < 2**53) & (np.minimum.reduceat(values, starts) >= 0) & whole
    tops = np.where(exact, most, 0).astype(np.uint64)
    limits = np.array([np.iinfo(type_).max for type_ in COUNT_TYPES[:4]], np.uint64)
    narrow = np.searchsorted(limits, tops)
    types[in_block[starts]] = np.where(exact, narrow, COUNT_TYPES.index("<f8"))
    return types


def _encode_counts(counts: Counts, blocks: Segments) -> list[bytes]:
    heads = encode_segments([counts.bins.astype("<u2"), counts.edged], blocks)
    matrices = _encode_matrices(counts.counts, _linear_places(counts.bins, blocks), blocks)
    edges = _encode_edges(counts, blocks)
    return list(map(join_frames, zip(heads, matrices, edges, strict=True)))


def _linear_places(bins: Ints, blocks: Segments) -> _Matrices:
    in_event = np.repeat(np.arange(len(bins)), bins)
    columns = np.arange(len(in_event)) - np.repeat(np.cumsum(bins) - bins, bins)
    widths = np.maximum.reduceat(bins, blocks.starts)
    return _matrices(widths, columns, in_event, blocks)


def _matrices(
    widths: Ints, columns: NDArray[np.intp], in_event: NDArray[np.intp], blocks: Segments
) -> _Matrices:
    block_of = blocks.numbers()
    places = np.arange(len(block_of)) - np.repeat(blocks.starts, blocks.lengths)
    return _Matrices(widths, block_of[in_event], columns, in_event, places)


def _encode_edges(counts: Counts, blocks: Segments) -> list[bytes]:
    """Edges are rare: block by block."""
    if not len(counts.edges):
        return [b""] * len(blocks)
    sizes = np.add.reduceat(np.where(counts.edged == 1, counts.bins + 1, 0), blocks.starts)
    ends = np.cumsum(sizes)
    parts = [counts.edges[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    return [encode_floats(part) if len(part) else b"" for part in parts]


def _encode_magnitudes(magnitudes: Magnitudes, blocks: Segments) -> list[bytes]:
    """Empty where a block has none."""
    if not len(magnitudes.keys):
        return [b""] * len(blocks)
    in_event = np.repeat(np.arange(len(magnitudes.bins)), magnitudes.bins)
    in_block = blocks.numbers()[in_event]
    widths, keys, columns = _distinct(magnitudes.keys, in_block, len(blocks))
    at = _matrices(widths, columns, in_event, blocks)
    matrices = _encode_matrices(magnitudes.counts, at, blocks)
    filled = np.flatnonzero(widths)
    found = [b""] * len(blocks)
    packed = encode_int_segments(keys, Segments(widths[filled]))
    for number, keys_frame in zip(filled.tolist(), packed, strict=True):
        width = int(widths[number]).to_bytes(4, "little")
        found[number] = join_frames([keys_frame, matrices[number], width])
    return found


def _distinct(
    keys: NDArray[np.int16], in_block: NDArray[np.intp], blocks: int
) -> tuple[Ints, Ints, NDArray[np.intp]]:
    """How many different keys each block has, these, ascending, block after block, and the place
    of each key among them. They lie in a narrow range: marking them is faster than sorting."""
    least = int(keys.min())
    places = keys.astype(np.intp) - least
    present = np.zeros((blocks, int(places.max()) + 1), np.bool_)
    present[in_block, places] = True
    ranks = np.cumsum(present, axis=1, dtype=np.int32) - 1
    found = np.nonzero(present)[1] + least
    return present.sum(axis=1), found.astype(np.int64), ranks[in_block, places].astype(np.intp)
