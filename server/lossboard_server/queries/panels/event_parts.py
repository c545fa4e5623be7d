"""Histogram events that several processes sent of one tensor, joined to those of the whole.

Events belong together that have the same batch, of one attempt of a run: processes that train a
model together count the same backwards, while only some of them may count steps. Histograms that
were logged, and not watched, belong together where they have the same step. Counts, sums and
extremes of the whole are exact. Its linear bins come from those of the parts: each value lies at
most one bin of its part away from where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.histograms import (
    NO_BATCH,
    PART_COLUMNS,
    Counts,
    Magnitudes,
    Statistics,
)
from lossboard_server.storage.points import Ints

__all__ = ["Events", "join_parts", "joined_bins", "last_part", "part_columns"]

_BINS: Final = 64
_RANK, _RANKS, _PART = (PART_COLUMNS.index(name) for name in ("rank", "ranks", "part"))
_HELD = PART_COLUMNS.index("held")
_LOGGED: Final = -2  # in place of the number of a part: histograms that were logged at one step
_SUMS: Final = ("n", "nan", "pos_inf", "neg_inf", "zeros", "total", "squares")
_EXACT: Final = ("lo", "hi", "n", "nan", "pos_inf", "neg_inf", "zeros")  # equal: the same values


class Members(NamedTuple):
    """The stored events of which joined ones are made: `sizes[i]` of them of event i."""

    sizes: Ints
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    n: NDArray[np.float64]

    def take(self, which: Ints) -> Members:
        """The members of the events at these positions."""
        places = _members_at(self.sizes, which)
        return Members(self.sizes[which], self.lo[places], self.hi[places], self.n[places])


@dataclass(frozen=True, slots=True)
class Events:
    """The events of a series in order of (step, arrival), and where their bins are.

    Where `members` is None stored event `places[i]` of block `blocks[i]` is event i; else as many
    of these as `members.sizes[i]` are. Block -1 - j is the tail of attempt j.
    """

    statistics: Statistics
    blocks: Ints
    places: Ints
    members: Members | None = None

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.statistics.steps)

    @staticmethod
    def join(parts: Sequence[Events]) -> Events:
        """All events of one or more parts, one part after another."""
        members = None
        if any(part.members for part in parts):
            own = [part.members or _each_alone(part.statistics) for part in parts]
            members = Members(*map(np.concatenate, zip(*own, strict=True)))
        return Events(
            Statistics.join([part.statistics for part in parts]),
            np.concatenate([part.blocks for part in parts]),
            np.concatenate([part.places for part in parts]),
            members,
        )

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Events:
        """The events at these positions."""
        statistics = self.statistics.take(which)
        if self.members is None:
            return Events(statistics, self.blocks[which], self.places[which])
        chosen = np.arange(len(self.statistics.steps))[which]
        places = _members_at(self.members.sizes, chosen)
        members = self.members.take(chosen)
        return Events(statistics, self.blocks[places], self.places[places], members)


def _each_alone(some: Statistics) -> Members:
    return Members(np.ones(len(some.steps), np.int64), some.lo, some.hi, some.n)


def _members_at(sizes: Ints, which: Ints) -> Ints:
    """Places of the members of these events."""
    chosen = sizes[which]
    starts = (np.cumsum(sizes) - sizes)[which]
    inner = np.arange(int(chosen.sum())) - np.repeat(np.cumsum(chosen) - chosen, chosen)
    return np.repeat(starts, chosen) + inner


def join_parts(events: Events, *, several: bool) -> Events:
    """The events, those that are parts of one tensor at one batch joined; where `several`
    processes wrote them, also those that were logged at one step."""
    statistics = events.statistics
    rank = statistics.parts[:, _RANK]
    of_parts = _are_parts(statistics).any() and not (rank == rank[0]).all()
    shared = _share_steps(statistics) if several else np.zeros(len(statistics.steps), np.bool_)
    if not of_parts and not shared.any():
        return events
    group = _groups(statistics, shared)
    order = np.lexsort((statistics.parts[:, _RANK], group))  # by group, the lowest rank first
    order = order[_counts_once(statistics, group, order)]
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(starts, append=len(order))
    some = statistics.take(order)
    members = Members(sizes, some.lo, some.hi, some.n)
    return Events(_joined(some, starts), events.blocks[order], events.places[order], members)


def _are_parts(statistics: Statistics) -> NDArray[np.bool_]:
    is_part: NDArray[np.bool_] = statistics.parts[:, _RANKS] > 1
    watched: NDArray[np.bool_] = is_part & (statistics.batches != NO_BATCH)
    return watched


def _share_steps(statistics: Statistics) -> NDArray[np.bool_]:
    """True for those logged at a step at which another was logged. Of several processes these are
    of different ones: what one logs at a step twice is one row, unless it is late."""
    shared = np.zeros(len(statistics.steps), np.bool_)
    if not (statistics.batches == NO_BATCH).any():
        return shared
    logged = np.flatnonzero((statistics.batches == NO_BATCH) & (statistics.parts[:, _RANKS] == 0))
    _, place, counts = np.unique(statistics.steps[logged], return_inverse=True, return_counts=True)
    shared[logged] = counts[place] > 1
    return shared


def _groups(statistics: Statistics, shared: NDArray[np.bool_]) -> Ints:
    """Of each event a number that those share that belong together; in order of their first.

    A process that is started anew may count a batch a second time: that is another event.
    """
    m = len(statistics.steps)
    rank, batch = statistics.parts[:, _RANK], statistics.batches
    turn = _turns(np.column_stack([batch, rank, statistics.parts[:, _RANKS]]))
    names = np.column_stack([batch, turn, statistics.parts[:, _RANKS], np.full(m, -1)])
    alone = ~_are_parts(statistics)
    names[alone] = 0
    names[alone, 3] = np.flatnonzero(alone)
    names[shared, 0], names[shared, 3] = statistics.steps[shared], _LOGGED
    return _numbered(names)


def _turns(names: NDArray[Any]) -> Ints:
    """Of each row how often the same row was there before."""
    number = _numbered(names)
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    turns = np.empty(len(names), np.int64)
    turns[order] = np.arange(len(names)) - np.repeat(starts, np.diff(starts, append=len(names)))
    return turns


def _numbered(names: NDArray[Any]) -> Ints:
    """The same number for rows that are equal, which are numbered in the order of their first."""
    order = np.lexsort(names.T[::-1])
    new = np.ones(len(names), np.bool_)
    new[1:] = (names[order][1:] != names[order][:-1]).any(axis=1)
    first = order[new]  # lexsort is stable: the first of each
    places = np.empty(len(first), np.int64)
    places[np.argsort(first)] = np.arange(len(first))
    numbers = np.empty(len(names), np.int64)
    numbers[order] = places[np.cumsum(new) - 1]
    return numbers


def _counts_once(statistics: Statistics, group: Ints, order: Ints) -> NDArray[np.bool_]:
    """Of the events in this order which are no copies of one before them in their group.

    Two that have the same part are copies, and so are whole tensors whose numbers are equal.
    """
    part = statistics.parts[:, _PART]
    whole = (part < 0) | ~_are_parts(statistics)
    numbers = [np.where(whole, getattr(statistics, name), 0.0) for name in _EXACT]
    names = np.column_stack([group, np.where(_are_parts(statistics), part, 0), *numbers])[order]
    once: NDArray[np.bool_] = _turns(names) == 0
    return once


def _joined(some: Statistics, starts: Ints) -> Statistics:
    """One row of statistics for the members from each start on."""
    first = some.take(starts)
    empty = some.n == 0
    with np.errstate(over="ignore", invalid="ignore"):
        sums: dict[str, Any] = {
            name: np.add.reduceat(getattr(some, name), starts) for name in _SUMS
        }
    lo = np.minimum.reduceat(np.where(empty, np.inf, some.lo), starts)
    hi = np.maximum.reduceat(np.where(empty, -np.inf, some.hi), starts)
    none = sums["n"] == 0
    parts = first.parts.copy()
    parts[:, _HELD] = np.add.reduceat(some.parts[:, _HELD], starts)
    sizes = np.diff(starts, append=len(some.steps))
    logged = (sizes > 1) & (parts[:, _RANKS] == 0)
    parts[logged, _RANKS], parts[logged, _PART] = sizes[logged], _LOGGED
    return first._replace(
        fractional=np.maximum.reduceat(some.fractional, starts),
        lo=np.where(none, 0.0, lo),
        hi=np.where(none, 0.0, hi),
        flags=np.bitwise_or.reduceat(some.flags, starts),
        parts=parts,
        **sums,
    )


def part_columns(events: Events) -> dict[str, Ints]:
    """Columns of an answer about parts: the fields of `TensorPart`, and how many parts were joined.

    Empty where no event is of a part.
    """
    parts = events.statistics.parts
    if not parts.any():
        return {}
    named = dict(zip(PART_COLUMNS, parts.T, strict=True))
    sizes = events.members.sizes if events.members else np.ones(len(parts), np.int64)
    columns = {name: np.ascontiguousarray(column) for name, column in named.items()}
    return {f"part_{name}": column for name, column in columns.items()} | {"part_found": sizes}


def last_part(events: Events) -> dict[str, int] | None:
    """The `part_columns` of the last event, and how many values it has; None: no part."""
    if not events.statistics.parts[-1:].any():
        return None
    columns = part_columns(events.take(slice(-1, None)))
    last = events.statistics.take(slice(-1, None))
    counted = last.n + last.nan + last.pos_inf + last.neg_inf
    part = {name.removeprefix("part_"): int(column[0]) for name, column in columns.items()}
    return part | {"counted": int(counted[0])}


def joined_bins(
    counts: Counts, magnitudes: Magnitudes | None, events: Events
) -> tuple[Counts, Magnitudes | None]:
    """The bins of the events, from those of all their members, one after another."""
    members = events.members
    if members is None or (members.sizes == 1).all():
        return counts, magnitudes
    made = _with_joined(counts, members, events.statistics)
    return made, None if magnitudes is None else _joined_magnitudes(magnitudes, members)


def _with_joined(counts: Counts, members: Members, joined: Statistics) -> Counts:
    """The bins of events, joined where they have several members, else as they are."""
    several = members.sizes > 1
    apart, together = np.flatnonzero(~several), np.flatnonzero(several)
    own = counts.take(_members_at(members.sizes, apart))
    inner = counts.take(_members_at(members.sizes, together))
    made = _joined_linear(inner, members.take(together), joined.take(together))
    return Counts.join([own, made]).take(np.argsort(np.concatenate([apart, together])))


def _joined_linear(counts: Counts, members: Members, joined: Statistics) -> Counts:
    """Bins over the range of each event, from those of its members over theirs."""
    most = max(_BINS, int(counts.bins.max()))
    starts = np.cumsum(members.sizes) - members.sizes
    below = np.add.reduceat(_below(counts, members, joined, most), starts)  # [events, most + 1]
    table = np.diff(np.where(joined.fractional[:, None], below, np.rint(below)), axis=1)
    bins = np.where(joined.n == 0, 0, np.where(joined.lo == joined.hi, 1, most))
    table[bins == 1, 0] = joined.n[bins == 1]
    flat = table[np.arange(most) < bins[:, None]]
    return Counts(bins, flat, np.zeros(len(bins), np.uint8), np.empty(0))


def _below(counts: Counts, members: Members, joined: Statistics, bins: int) -> NDArray[np.float64]:
    """Of each member how many values lie below each edge of its event's bins; those of one of its
    own bins are taken as spread evenly over it."""
    event = np.repeat(np.arange(len(members.sizes)), members.sizes)
    sums, width = _cumulative(counts)  # [members, width + 1]
    lo, hi = joined.lo[event, None] / 2, joined.hi[event, None] / 2  # hi - lo may be infinite
    edges = lo + (hi - lo) * (np.arange(bins + 1) / bins)
    place = _places(edges, counts, members)
    whole = np.minimum(place.astype(np.intp), max(width - 1, 0))
    row = np.arange(len(event))[:, None]
    below: NDArray[np.float64] = sums[row, whole]
    below = below + (place - whole) * (sums[row, np.minimum(whole + 1, width)] - below)
    below[:, 0], below[:, -1] = 0.0, members.n
    return below


def _places(edges: NDArray[np.float64], counts: Counts, members: Members) -> NDArray[np.float64]:
    """The places of edges, which are halved, among the bins of each member: 0 to their number."""
    lo, hi = members.lo[:, None] / 2, members.hi[:, None] / 2
    span = np.where(hi > lo, hi - lo, 1.0)
    place = np.clip((edges - lo) / span, 0, 1) * counts.bins[:, None]
    place = np.where(hi > lo, place, (edges > lo) * counts.bins[:, None])
    uneven = np.flatnonzero(counts.edged)
    ends = np.cumsum(counts.bins[uneven] + 1)
    for row, own in zip(uneven.tolist(), np.split(counts.edges, ends)[:-1], strict=True):
        place[row] = np.interp(edges[row], own / 2, np.arange(len(own)))
    return place


def _cumulative(counts: Counts) -> tuple[NDArray[np.float64], int]:
    """How many values each member has below its first bin, its second, ...; and the most bins."""
    width = int(counts.bins.max())
    table = np.zeros((len(counts.bins), width + 1))
    table[:, 1:][np.arange(width) < counts.bins[:, None]] = counts.counts
    return np.cumsum(table, axis=1), width


def _joined_magnitudes(magnitudes: Magnitudes, members: Members) -> Magnitudes:
    """The sums of the same keys of each event's members; none where a member has none."""
    sizes = members.sizes
    event = np.repeat(np.repeat(np.arange(len(sizes)), sizes), magnitudes.bins)
    known = ~_lacks_magnitudes(magnitudes, members)[event]
    event, keys, counts = event[known], magnitudes.keys[known], magnitudes.counts[known]
    order = np.lexsort((keys, event))
    event, keys = event[order], keys[order]
    names = event * (1 << 16) + keys  # ascending
    starts = np.flatnonzero(np.diff(names, prepend=names[:1] - 1))
    if not len(starts):
        return Magnitudes(np.zeros(len(sizes), np.int64), keys, counts)
    sums = np.add.reduceat(counts[order], starts)
    bins = np.bincount(event[starts], minlength=len(sizes)).astype(np.int64)
    return Magnitudes(bins, keys[starts], sums)


def _lacks_magnitudes(magnitudes: Magnitudes, members: Members) -> NDArray[np.bool_]:
    """Of each event whether a member came without, as bins that were made elsewhere do."""
    nonzero = (members.n > 0) & ((members.lo != 0) | (members.hi != 0))
    starts = np.cumsum(members.sizes) - members.sizes
    lacks: NDArray[np.bool_] = np.logical_or.reduceat(nonzero & (magnitudes.bins == 0), starts)
    return lacks
