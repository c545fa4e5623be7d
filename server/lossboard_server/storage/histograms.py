"""Histogram events as columns and as blocks.

A block has three parts that can be read alone: statistics, linear counts (a matrix of bins by
events, so that neighbouring events lie side by side), and magnitude counts (the same over the keys
that occur in the block; most bins of most events are empty and compress to nothing).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossboard.wire import COUNT_TYPES, HistogramData, TensorPart
from lossboard_server.storage.codec import (
    decode_columns,
    decode_floats,
    decode_ints,
    split_frames,
)
from lossboard_server.storage.points import Floats, Ints

__all__ = [
    "FLOAT_COLUMNS",
    "INT_COLUMNS",
    "NO_BATCH",
    "OTHER_COLUMNS",
    "PART_COLUMNS",
    "Counts",
    "Histograms",
    "Magnitudes",
    "Statistics",
    "decode_counts",
    "decode_magnitudes",
    "decode_statistics",
    "histograms_of",
]

NO_BATCH: Final = -1
PART_COLUMNS: Final = TensorPart.__struct_fields__


class Statistics(NamedTuple):
    """All of m events but their bins: columns of length m, meanings as in HistogramData.

    `batches` is -1 where there is none; `fractional` tells counts that came as floats. A row of
    `parts` has the fields of the event's `TensorPart`, and zeros where it has none.
    """

    steps: Ints
    times_us: Ints
    batches: Ints
    lo: Floats
    hi: Floats
    n: Floats
    nan: Ints
    pos_inf: Ints
    neg_inf: Ints
    zeros: Ints
    total: Floats
    squares: Floats
    flags: Ints
    fractional: NDArray[np.uint8]
    parts: Ints  # int64[m, PART_COLUMNS]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Statistics:
        """The events at these positions."""
        columns: Iterator[Any] = (column[which] for column in self)
        return Statistics(*columns)

    @staticmethod
    def join(parts: Sequence[Statistics]) -> Statistics:
        """All events of one or more parts."""
        return Statistics(*map(np.concatenate, zip(*parts, strict=True)))


class Counts(NamedTuple):
    """Linear bins of m events: `bins[i]` numbers of `counts` and, where `edged[i]` is 1,
    `bins[i] + 1` of `edges` belong to event i."""

    bins: Ints  # int64[m]
    counts: Floats  # float64[sum of bins]
    edged: NDArray[np.uint8]  # uint8[m]
    edges: Floats  # float64[sum of bins + 1 where edged]

    def take(self, which: NDArray[np.intp]) -> Counts:
        """The events at these positions."""
        of_edges = np.where(self.edged == 1, self.bins + 1, 0)
        return Counts(
            self.bins[which],
            self.counts[_spread(self.bins, which)],
            self.edged[which],
            self.edges[_spread(of_edges, which)],
        )

    @staticmethod
    def join(parts: Sequence[Counts]) -> Counts:
        """All events of one or more parts."""
        return Counts(*map(np.concatenate, zip(*parts, strict=True)))


class Magnitudes(NamedTuple):
    """Magnitude bins of m events: `bins[i]` of `keys` and `counts` belong to event i."""

    bins: Ints  # int64[m]
    keys: NDArray[np.int16]  # int16[sum of bins]
    counts: NDArray[np.uint64]  # uint64[sum of bins]

    def take(self, which: NDArray[np.intp]) -> Magnitudes:
        """The events at these positions."""
        places = _spread(self.bins, which)
        return Magnitudes(self.bins[which], self.keys[places], self.counts[places])

    @staticmethod
    def join(parts: Sequence[Magnitudes]) -> Magnitudes:
        """All events of one or more parts."""
        return Magnitudes(*map(np.concatenate, zip(*parts, strict=True)))


def _spread(sizes: Ints, which: NDArray[np.intp]) -> NDArray[np.intp]:
    """Places of the entries of the chosen events in a column that has sizes[i] for event i."""
    chosen = sizes[which]  # int64[chosen events]
    starts = (np.cumsum(sizes) - sizes)[which]
    inner = np.arange(int(chosen.sum())) - np.repeat(np.cumsum(chosen) - chosen, chosen)
    return (np.repeat(starts, chosen) + inner).astype(np.intp)


class Histograms(NamedTuple):
    """Histogram events of one series in the order in which they are stored."""

    statistics: Statistics
    counts: Counts
    magnitudes: Magnitudes

    @property
    def steps(self) -> Ints:
        return self.statistics.steps

    @property
    def times_us(self) -> Ints:
        return self.statistics.times_us

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Histograms:
        """The events at these positions."""
        places = np.arange(len(self.steps))[which]
        statistics, counts, magnitudes = self
        return Histograms(statistics.take(places), counts.take(places), magnitudes.take(places))

    def by_step(self) -> Histograms:
        """Sorted by (step, place)."""
        if bool((self.steps[1:] >= self.steps[:-1]).all()):
            return self
        return self.take(np.argsort(self.steps, kind="stable"))

    @staticmethod
    def join(parts: Sequence[Histograms]) -> Histograms:
        """All events of one or more parts, one part after another."""
        if len(parts) == 1:
            return parts[0]
        statistics, counts, magnitudes = zip(*parts, strict=True)
        return Histograms(
            Statistics.join(statistics), Counts.join(counts), Magnitudes.join(magnitudes)
        )


def histograms_of(
    steps: Ints, times_us: Ints, batches: Ints, events: Sequence[HistogramData]
) -> Histograms:
    """Events of the wire at these steps, times and counts of batches (NO_BATCH: none)."""
    return Histograms(
        _statistics_of(steps, times_us, batches, events),
        _counts_of(events),
        _magnitudes_of(events),
    )


_FLOAT_FIELDS = ("lo", "hi", "n", "total", "squares")
_COUNT_FIELDS = ("nan", "pos_inf", "neg_inf", "zeros", "flags")


def _statistics_of(
    steps: Ints, times_us: Ints, batches: Ints, events: Sequence[HistogramData]
) -> Statistics:
    fields: dict[str, Any] = {
        name: np.array([getattr(event, name) for event in events], np.float64)
        for name in _FLOAT_FIELDS
    }
    fields |= {
        name: np.array([getattr(event, name) for event in events], np.int64)
        for name in _COUNT_FIELDS
    }
    return Statistics(
        steps=steps,
        times_us=times_us,
        batches=batches,
        fractional=np.array([COUNT_TYPES[e.count_type] == "<f8" for e in events], np.uint8),
        parts=_parts_of(events),
        **fields,
    )


def _parts_of(events: Sequence[HistogramData]) -> Ints:
    parts = np.zeros((len(events), len(PART_COLUMNS)), np.int64)
    for row, event in zip(parts, events, strict=True):
        if event.part is not None:
            row[:] = [getattr(event.part, name) for name in PART_COLUMNS]
    return parts


def _counts_of(events: Sequence[HistogramData]) -> Counts:
    parts = [np.frombuffer(e.counts, COUNT_TYPES[e.count_type]) for e in events]
    return Counts(
        np.array([len(part) for part in parts], np.int64),
        np.concatenate([np.empty(0), *parts]).astype(np.float64, copy=False),
        np.array([bool(event.edges) for event in events], np.uint8),
        np.frombuffer(b"".join(event.edges for event in events), "<f8"),
    )


def _magnitudes_of(events: Sequence[HistogramData]) -> Magnitudes:
    return Magnitudes(
        np.array([len(event.magnitude_keys) // 2 for event in events], np.int64),
        np.frombuffer(b"".join(event.magnitude_keys for event in events), "<i2"),
        np.frombuffer(b"".join(event.magnitude_counts for event in events), "<u8"),
    )


INT_COLUMNS = ("steps", "times_us", "batches")
FLOAT_COLUMNS = ("lo", "hi", "n", "total", "squares")
OTHER_COLUMNS = ("nan", "pos_inf", "neg_inf", "zeros", "flags")


def decode_statistics(data: bytes, m: int) -> Statistics:
    """The statistics that `encode_blocks` was given; without parts there is no frame for them."""
    frames = split_frames(data)
    ints, rest, parts = frames[: len(INT_COLUMNS)], frames[len(INT_COLUMNS)], frames[4:]
    fields: dict[str, Any] = {
        name: decode_ints(frame, m) for name, frame in zip(INT_COLUMNS, ints, strict=True)
    }
    names = (*FLOAT_COLUMNS, *OTHER_COLUMNS, "fractional")
    types = ["<f8"] * len(FLOAT_COLUMNS) + ["<i8"] * len(OTHER_COLUMNS) + ["u1"]
    fields |= dict(zip(names, decode_columns(rest, types, m), strict=True))
    return Statistics(**fields, parts=_decode_parts(parts, m))


def _decode_parts(frames: Sequence[bytes], m: int) -> Ints:
    width = len(PART_COLUMNS)
    if not frames:
        return np.zeros((m, width), np.int64)
    columns: list[Any] = decode_columns(frames[0], ["<i8"] * width, m)
    return np.column_stack(columns)


def _decode_matrix(frame: bytes, width: int, m: int) -> NDArray[Any]:
    """The m by width transpose of the matrix."""
    type_ = COUNT_TYPES[frame[0]]
    if not width:
        return np.zeros((m, 0), type_)
    return decode_columns(frame[1:], [type_], width * m)[0].reshape(width, m).T


def decode_counts(data: bytes, m: int) -> Counts:
    """The counts that `encode_counts` was given."""
    heads, packed, packed_edges = split_frames(data)
    narrow, edged = decode_columns(heads, ["<u2", "u1"], m)
    bins = narrow.astype(np.int64)
    width = int(bins.max())
    matrix = _decode_matrix(packed, width, m)  # [m, width]
    flat = matrix.ravel() if (bins == width).all() else matrix[np.arange(width) < bins[:, None]]
    of_edges = int((bins + 1)[edged == 1].sum())
    edges = decode_floats(packed_edges, of_edges) if of_edges else np.empty(0)  # [of_edges]
    return Counts(bins, flat.astype(np.float64), edged, edges)


def decode_magnitudes(data: bytes, m: int) -> Magnitudes:
    """The magnitudes that `encode_magnitudes` was given, without empty bins."""
    if not data:
        none = np.zeros(m, np.int64)
        return Magnitudes(none, np.empty(0, np.int16), np.empty(0, np.uint64))
    packed_keys, packed, width = split_frames(data)
    keys = decode_ints(packed_keys, int.from_bytes(width, "little")).astype(np.int16)
    matrix = _decode_matrix(packed, len(keys), m)  # [m, keys]
    events, columns = np.nonzero(matrix)
    counts = matrix[events, columns].astype(np.uint64)
    return Magnitudes(np.bincount(events, minlength=m).astype(np.int64), keys[columns], counts)
