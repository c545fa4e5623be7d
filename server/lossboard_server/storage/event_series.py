"""Histogram events of many series, sealed together.

Series by series a seal costs as much as twelve events of each. So those of many series are
unpacked, ordered, summed up and encoded in one pass, one series after another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from lossboard_server.storage.codec import BYTE_PLANES
from lossboard_server.storage.entries import Entry
from lossboard_server.storage.flat import decode_histograms
from lossboard_server.storage.histogram_blocks import encode_blocks
from lossboard_server.storage.histograms import NO_BATCH, Histograms
from lossboard_server.storage.points import Ints
from lossboard_server.storage.pyramid import Block
from lossboard_server.storage.segments import Segments
from lossboard_server.storage.skim import PackedHistograms

__all__ = ["EVENTS_PER_BLOCK", "EventSeries", "seal_events"]

EVENTS_PER_BLOCK: Final = 256


class EventSeries(NamedTuple):
    """The events of one series that wait, at least one event; `sealed` events of it are in blocks,
    of which those of `open_row`, if there is one, are packed anew."""

    waiting: PackedHistograms
    sealed: int
    open_row: Any


def seal_events(series: Sequence[EventSeries]) -> list[tuple[Entry, list[Block]]]:
    """Of each series the facts of what waits, and the blocks to write so that it follows what is
    sealed; they replace its `open_row`."""
    events = PackedHistograms.join([one.waiting for one in series]).unpack()
    arrived = Segments([len(one.waiting.steps) for one in series])
    entries = _entries(events, arrived)
    events, lengths = _after_open_blocks(series, _by_step(events, arrived), arrived)
    cuts = [_cut(one, length) for one, length in zip(series, lengths, strict=True)]
    blocks = _blocks(events, [cut for cuts_of_one in cuts for cut in cuts_of_one])
    return [
        (entry, [next(blocks) for _ in cuts_of_one])
        for entry, cuts_of_one in zip(entries, cuts, strict=True)
    ]


def _entries(events: Histograms, arrived: Segments) -> Iterator[Entry]:
    watched = events.statistics.batches != NO_BATCH
    columns = {
        "n": arrived.lengths,
        "watched": np.logical_or.reduceat(watched, arrived.starts),
        **_extents(events.steps, arrived, "step"),
        **_extents(events.times_us, arrived, "us"),
        "steps_ascend": _ascends(events.steps, arrived),
        "times_ascend": _ascends(events.times_us, arrived),
    }
    for facts in zip(*(column.tolist() for column in columns.values()), strict=True):
        yield Entry(**dict(zip(columns, facts, strict=True)))


def _extents(numbers: Ints, segments: Segments, name: str) -> dict[str, Ints]:
    return {
        f"first_{name}": numbers[segments.starts],
        f"last_{name}": numbers[segments.ends - 1],
        f"min_{name}": np.minimum.reduceat(numbers, segments.starts),
        f"max_{name}": np.maximum.reduceat(numbers, segments.starts),
    }


def _ascends(numbers: Ints, segments: Segments) -> Any:
    """Of each segment whether its numbers never decrease."""
    ascends = np.ones(len(numbers), np.bool_)
    np.greater_equal(numbers[1:], numbers[:-1], out=ascends[1:])
    ascends[segments.starts] = True
    return np.logical_and.reduceat(ascends, segments.starts)


def _by_step(events: Histograms, arrived: Segments) -> Histograms:
    """Each series sorted by (step, order of arrival)."""
    if _ascends(events.steps, arrived).all():
        return events
    return events.take(np.lexsort((events.steps, arrived.numbers())))


def _after_open_blocks(
    series: Sequence[EventSeries], events: Histograms, arrived: Segments
) -> tuple[Histograms, list[int]]:
    """The events with those of the open blocks that are packed anew before them, series by
    series, and how many each of them has now."""
    lengths = arrived.lengths.tolist()
    opened = [number for number, one in enumerate(series) if one.open_row is not None]
    if not opened:
        return events, lengths
    rows = [series[number].open_row for number in opened]
    before = Histograms.join([decode_histograms(row) for row in rows])
    of_before = np.repeat(opened, [row.n for row in rows])
    order = np.argsort(np.concatenate([of_before, arrived.numbers()]), kind="stable")
    for number, row in zip(opened, rows, strict=True):
        lengths[number] += row.n
    return Histograms.join([before, events]).take(order), lengths


def _cut(series: EventSeries, length: int) -> list[tuple[int, int]]:
    """The ordinal and length of each block of this many events."""
    first = series.sealed - (0 if series.open_row is None else series.open_row.n)
    starts = range(0, length, EVENTS_PER_BLOCK)
    return [(first + start, min(EVENTS_PER_BLOCK, length - start)) for start in starts]


def _blocks(events: Histograms, cuts: Sequence[tuple[int, int]]) -> Iterator[Block]:
    segments = Segments([length for _, length in cuts])
    extents = [
        extreme.reduceat(numbers, segments.starts).tolist()
        for numbers in (events.steps, events.times_us)
        for extreme in (np.minimum, np.maximum)
    ]
    encoded = encode_blocks(events, segments)
    for (ordinal, n), data, *place in zip(cuts, encoded, *extents, strict=True):
        columns = {"ordinal": ordinal, "n": n, "codec": BYTE_PLANES}
        columns |= dict(zip(("s0", "s1", "t0", "t1"), place, strict=True)) | data
        yield Block(n < EVENTS_PER_BLOCK, columns)
