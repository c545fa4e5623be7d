"""Nodes: what is known of a stretch of points without reading them.

The same type serves the stored pyramid and the buckets of an answer: a reader puts the x-axis it
wants into the `s*` fields. Nodes of one series are given in the order of the points they cover.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.codec import (
    FRAMED_PLANES,
    PCODEC,
    decode_columns,
    encode_columns,
    join_frames,
    restore_deltas,
    split_frames,
    to_deltas,
)
from lossboard_server.storage.pcodec_frames import decode_numbers, encode_numbers
from lossboard_server.storage.points import Floats, Ints, Points

__all__ = ["Nodes", "decode_nodes", "encode_nodes", "summarise_nodes", "summarise_points"]


class Nodes(NamedTuple):
    """Summaries of m stretches of points: columns of length m.

    `s*` are steps (or what stands for x), `t*` times in us. Order within a stretch is (step,
    place): `first` and `last` are the values at its ends in that order, `s_low` and `s_high` the
    least steps at which the finite minimum `low` and maximum `high` stand, with their times.
    Without a finite value `low` and `high` are NaN. `ordered`: neither steps nor times decrease
    from point to point, so that (s0, t0) is the first point and (s1, t1) the last.
    """

    n: Ints
    s0: Any
    s1: Any
    t0: Ints
    t1: Ints
    low: Floats
    s_low: Any
    t_low: Ints
    high: Floats
    s_high: Any
    t_high: Ints
    first: Floats
    last: Floats
    total: Floats
    nan: Ints
    pos_inf: Ints
    neg_inf: Ints
    ordered: NDArray[np.bool_]

    @property
    def finite(self) -> Ints:
        """How many of the n points are finite."""
        return self.n - self.nan - self.pos_inf - self.neg_inf

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Nodes:
        """The nodes at these positions."""
        columns: Iterator[Any] = (column[which] for column in self)
        return Nodes(*columns)

    @staticmethod
    def join(parts: Sequence[Nodes]) -> Nodes:
        """All nodes of one or more parts, one part after another."""
        if len(parts) == 1:
            return parts[0]
        return Nodes(*map(np.concatenate, zip(*parts, strict=True)))


Starts = NDArray[np.intp]


def _ascends(before: Any, after: Any, starts: Starts) -> NDArray[np.bool_]:
    """Whether after[i] <= before[i + 1] for all neighbours that are in one group, per place."""
    ascends = np.ones(len(before), np.bool_)
    np.greater_equal(before[1:], after[:-1], out=ascends[1:])
    ascends[starts] = True
    return ascends


def _first_equal(numbers: Floats, wanted: Floats, starts: Starts, sizes: Starts) -> Starts:
    """Per group the first place that holds the wanted number; its start where none does."""
    hits = np.flatnonzero(numbers == np.repeat(wanted, sizes))
    if not len(hits):
        return starts
    places = hits[np.minimum(np.searchsorted(hits, starts), len(hits) - 1)]
    return np.where(np.isnan(wanted), starts, places)


def _sizes(n: int, starts: Starts) -> Starts:
    return np.diff(starts, append=n)


def summarise_points(points: Points, starts: Starts) -> Nodes:
    """One node for each group of neighbouring points; groups begin at `starts` (starts[0] = 0)."""
    if len(starts) == len(points.steps):
        return _single_points(points)
    sizes = _sizes(len(points.steps), starts)
    by_step = _ascends(points.steps, points.steps, starts)
    by_time = _ascends(points.times_us, points.times_us, starts)
    ordered = np.logical_and.reduceat(by_step & by_time, starts)
    if not by_step.all():
        groups = np.repeat(np.arange(len(starts)), sizes)
        points = points.take(np.lexsort((points.steps, groups)))
    return _summary(points, starts, sizes, ordered)


def _single_points(points: Points) -> Nodes:
    """A node for each point."""
    steps, times, numbers, _types = points
    finite = np.isfinite(numbers)
    clean = numbers if finite.all() else np.where(finite, numbers, np.nan)
    return Nodes(
        n=np.ones(len(steps), np.int64),
        s0=steps,
        s1=steps,
        t0=times,
        t1=times,
        low=clean,
        s_low=steps,
        t_low=times,
        high=clean,
        s_high=steps,
        t_high=times,
        first=numbers,
        last=numbers,
        total=np.where(finite, numbers, 0.0),
        nan=np.isnan(numbers).astype(np.int64),
        pos_inf=(numbers == np.inf).astype(np.int64),
        neg_inf=(numbers == -np.inf).astype(np.int64),
        ordered=np.ones(len(steps), np.bool_),
    )


def _summary(points: Points, starts: Starts, sizes: Starts, ordered: NDArray[np.bool_]) -> Nodes:
    """The nodes of groups within which steps ascend."""
    steps, times, numbers, _types = points
    finite = np.isfinite(numbers)
    clean = numbers if finite.all() else np.where(finite, numbers, np.nan)
    low, high = np.fmin.reduceat(clean, starts), np.fmax.reduceat(clean, starts)
    at_low = _first_equal(clean, low, starts, sizes)
    at_high = _first_equal(clean, high, starts, sizes)
    ends = starts + sizes - 1
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(np.where(finite, numbers, 0.0), starts)
    return Nodes(
        n=sizes.astype(np.int64),
        s0=steps[starts],
        s1=steps[ends],
        t0=np.minimum.reduceat(times, starts),
        t1=np.maximum.reduceat(times, starts),
        low=low,
        s_low=steps[at_low],
        t_low=times[at_low],
        high=high,
        s_high=steps[at_high],
        t_high=times[at_high],
        first=numbers[starts],
        last=numbers[ends],
        total=total,
        nan=_count(np.isnan(numbers), starts),
        pos_inf=_count(numbers == np.inf, starts),
        neg_inf=_count(numbers == -np.inf, starts),
        ordered=ordered,
    )


def _count(mask: NDArray[np.bool_], starts: Starts) -> Ints:
    if not mask.any():
        return np.zeros(len(starts), np.int64)
    return np.add.reduceat(mask.astype(np.int64), starts)


class _Ends(NamedTuple):
    """Per group of nodes the places of the nodes that hold its first, last, low and high."""

    first: Starts
    last: Starts
    low: Starts
    high: Starts


def _ends(nodes: Nodes, starts: Starts, sizes: Starts) -> _Ends:
    if _ascends(nodes.s0, nodes.s1, starts).all():
        low, high = np.fmin.reduceat(nodes.low, starts), np.fmax.reduceat(nodes.high, starts)
        return _Ends(
            starts,
            starts + sizes - 1,
            _first_equal(nodes.low, low, starts, sizes),
            _first_equal(nodes.high, high, starts, sizes),
        )
    groups = np.repeat(np.arange(len(starts)), sizes)
    low = np.where(np.isnan(nodes.low), np.inf, nodes.low)
    high = np.where(np.isnan(nodes.high), -np.inf, nodes.high)
    return _Ends(
        np.lexsort((nodes.s0, groups))[starts],
        np.lexsort((nodes.s1, groups))[starts + sizes - 1],
        np.lexsort((nodes.s_low, low, groups))[starts],
        np.lexsort((nodes.s_high, -high, groups))[starts],
    )


def summarise_nodes(nodes: Nodes, starts: Starts) -> Nodes:
    """One node for each group of neighbouring nodes; groups begin at `starts` (starts[0] = 0)."""
    if len(starts) == len(nodes.n):
        return nodes
    sizes = _sizes(len(nodes.n), starts)
    ends = _ends(nodes, starts, sizes)
    chained = _ascends(nodes.s0, nodes.s1, starts) & _ascends(nodes.t0, nodes.t1, starts)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduceat(nodes.total, starts)
    return Nodes(
        n=np.add.reduceat(nodes.n, starts),
        s0=np.minimum.reduceat(nodes.s0, starts),
        s1=np.maximum.reduceat(nodes.s1, starts),
        t0=np.minimum.reduceat(nodes.t0, starts),
        t1=np.maximum.reduceat(nodes.t1, starts),
        low=nodes.low[ends.low],
        s_low=nodes.s_low[ends.low],
        t_low=nodes.t_low[ends.low],
        high=nodes.high[ends.high],
        s_high=nodes.s_high[ends.high],
        t_high=nodes.t_high[ends.high],
        first=nodes.first[ends.first],
        last=nodes.last[ends.last],
        total=total,
        nan=np.add.reduceat(nodes.nan, starts),
        pos_inf=np.add.reduceat(nodes.pos_inf, starts),
        neg_inf=np.add.reduceat(nodes.neg_inf, starts),
        ordered=np.logical_and.reduceat(nodes.ordered & chained, starts),
    )


_STEP_FIELDS = ("s1", "s_low", "s_high")
_TIME_FIELDS = ("t1", "t_low", "t_high")
_PLAIN_FIELDS = ("n", "nan", "pos_inf", "neg_inf", "low", "high", "first", "last", "total")


def encode_nodes(nodes: Nodes, codec: int) -> bytes:
    """The data of a block of m >= 1 nodes: steps and times lie as distances from the first."""
    if codec == PCODEC:
        return _encode_numbers(nodes)
    step_base, steps = to_deltas(nodes.s0)
    time_base, times = to_deltas(nodes.t0)
    columns = [steps, times]
    columns += [getattr(nodes, field) - nodes.s0 for field in _STEP_FIELDS]
    columns += [getattr(nodes, field) - nodes.t0 for field in _TIME_FIELDS]
    columns += [getattr(nodes, field) for field in _PLAIN_FIELDS]
    columns.append(nodes.ordered.view(np.uint8))
    frame = struct.pack("<qq", step_base, time_base) + encode_columns(columns)
    return join_frames([frame]) if codec == FRAMED_PLANES else frame


_TYPES = ["<u8"] * 2 + ["<i8"] * 10 + ["<f8"] * 5 + ["u1"]


def decode_nodes(data: bytes, n: int, codec: int) -> Nodes:
    """The nodes that `encode_nodes` was given."""
    if codec == PCODEC:
        return _decode_numbers(data, n)
    if codec == FRAMED_PLANES:
        (data,) = split_frames(data)
    step_base, time_base = struct.unpack_from("<qq", data)
    columns = decode_columns(data[16:], _TYPES, n)
    s0, t0 = restore_deltas(step_base, columns[0]), restore_deltas(time_base, columns[1])
    fields: dict[str, Any] = {"s0": s0, "t0": t0, "ordered": columns[-1].view(np.bool_)}
    fields |= {name: s0 + column for name, column in zip(_STEP_FIELDS, columns[2:5], strict=True)}
    fields |= {name: t0 + column for name, column in zip(_TIME_FIELDS, columns[5:8], strict=True)}
    fields |= dict(zip(_PLAIN_FIELDS, columns[8:17], strict=True))
    return Nodes(**fields)


def _encode_numbers(nodes: Nodes) -> bytes:
    columns = [nodes.s0, nodes.t0]
    columns += [getattr(nodes, field) - nodes.s0 for field in _STEP_FIELDS]
    columns += [getattr(nodes, field) - nodes.t0 for field in _TIME_FIELDS]
    columns += [getattr(nodes, field) for field in _PLAIN_FIELDS]
    return encode_numbers([*columns, nodes.ordered.astype(np.int64)])


def _decode_numbers(data: bytes, n: int) -> Nodes:
    s0, t0, *rest, ordered = decode_numbers(data, n)
    fields = {"s0": s0, "t0": t0, "ordered": ordered != 0}
    fields |= {name: s0 + column for name, column in zip(_STEP_FIELDS, rest[:3], strict=True)}
    fields |= {name: t0 + column for name, column in zip(_TIME_FIELDS, rest[3:6], strict=True)}
    fields |= dict(zip(_PLAIN_FIELDS, rest[6:], strict=True))
    return Nodes(**fields)
