"""Facts of whole series, also of those of which a rewind or a fork takes only the beginning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection

from lossboard_server.queries.points.axes import Axis, StepAxis
from lossboard_server.queries.points.reader import Piece, Target, Window, read_buckets
from lossboard_server.queries.points.selection import Found
from lossboard_server.queries.points.whole import read_window
from lossboard_server.storage.buckets import Grid
from lossboard_server.storage.entries import Entry, entry_of, scalar
from lossboard_server.storage.nodes import Nodes
from lossboard_server.storage.points import Points

__all__ = ["entries_of", "totals"]

_SINGLE = Grid(0, integral=True, single=True)

Name = TypeVar("Name")


def totals(
    connection: Connection, wanted: Sequence[tuple[Sequence[Piece], Axis]]
) -> list[Nodes | None]:
    """One node over all points of each series that are on its axis; None if none are."""
    targets = [Target(pieces, axis, Window()) for pieces, axis in wanted]
    read_buckets(connection, targets, _SINGLE)
    found = [target.buckets(_SINGLE) for target in targets]
    return [None if pair is None else pair[1] for pair in found]


def entries_of(
    connection: Connection, kind: str, series: Mapping[Name, Sequence[Found]]
) -> dict[Name, Entry]:
    """The facts of each series over all its attempts; series without a point are left out.

    Of an attempt that is cut, `first` and `last` are those with the least and greatest step.
    """
    cut = [one for ones in series.values() for one in ones if one.cut is not None]
    below = _entries_below_cuts(connection, kind, cut)
    entries: dict[Name, Entry] = {}
    for name, ones in series.items():
        for one in ones:
            for entry in below.get(id(one), ()) if one.cut is not None else one.entries():
                entries[name] = entries[name].then(entry) if name in entries else entry
    return entries


def _entries_below_cuts(
    connection: Connection, kind: str, cut: Sequence[Found]
) -> dict[int, list[Entry]]:
    """Facts of what these hold up to their cuts, by id()."""
    if kind in ("scalar", "system"):
        nodes = totals(connection, [([one.piece()], StepAxis()) for one in cut])
        pairs = zip(cut, nodes, strict=True)
        return {
            id(one): [_entry_of_node(connection, one, node)]
            for one, node in pairs
            if node is not None
        }
    wholes = read_window(connection, kind, {id(one): [one] for one in cut}, None, None)
    return {name: [entry_of(whole.by_step())] for name, whole in wholes.items() if len(whole.steps)}


def _entry_of_node(connection: Connection, found: Found, nodes: Nodes) -> Entry:
    node: Any = Nodes(*(column[0].item() for column in nodes))
    finite = node.n - node.nan - node.pos_inf - node.neg_inf
    return Entry(
        n=node.n,
        first_step=node.s0,
        last_step=node.s1,
        min_step=node.s0,
        max_step=node.s1,
        first_us=node.t0,
        last_us=node.t1,
        min_us=node.t0,
        max_us=node.t1,
        steps_ascend=node.ordered,
        times_ascend=node.ordered,
        first=_typed(connection, found, node.s0, 0),
        last=_typed(connection, found, node.s1, -1),
        min_value=node.low if finite else None,
        max_value=node.high if finite else None,
        total=node.total,
        finite=finite,
        nan=node.nan,
        pos_inf=node.pos_inf,
        neg_inf=node.neg_inf,
    )


def _typed(connection: Connection, found: Found, step: int, place: int) -> int | float:
    """The first or last number logged at a step: nodes don't know ints from floats."""
    points: Points = read_window(connection, "scalar", {0: [found]}, step, step)[0]
    return scalar(float(points.numbers[place]), int(np.asarray(points.types)[place]))
