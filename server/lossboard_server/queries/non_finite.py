"""At which x of a bucket its first value stands that is not finite, which nodes only count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lossboard_server.queries.reader import Target, Window, read_buckets
from lossboard_server.storage.buckets import Grid, finest_exponent
from lossboard_server.storage.nodes import Nodes
from lossboard_server.storage.points import Floats, Ints

__all__ = ["first_non_finite"]


def first_non_finite(
    connection: Connection, found: Sequence[tuple[Target, Ints, Nodes] | None], grid: Grid
) -> list[Floats]:
    """For each target, given with its buckets: x of the first value of each bucket that is not
    finite, NaN where there is none.

    Where a bucket holds finite values as well its points are read, those of buckets next to each
    other together.
    """
    answers = [_known(one) for one in found]
    for answer, one in zip(answers, found, strict=True):
        if one is not None:
            target, buckets, nodes = one
            _look_up(connection, answer, target, nodes, grid, buckets)
    return answers


def _bad(nodes: Nodes) -> Ints:
    counts: Ints = nodes.nan + nodes.pos_inf + nodes.neg_inf
    return counts


def _known(one: tuple[Target, Ints, Nodes] | None) -> Floats:
    """As far as buckets tell by themselves: where nothing is finite, it is the first point."""
    if one is None:
        return np.empty(0)
    _, _, nodes = one
    none_finite = (_bad(nodes) > 0) & (nodes.finite == 0)
    return np.where(none_finite, nodes.s0, np.nan)


def _look_up(
    connection: Connection, answer: Floats, target: Target, nodes: Nodes, grid: Grid, buckets: Ints
) -> None:
    for places in _stretches(buckets, nodes):
        low, high = nodes.s0[places].min().item(), nodes.s1[places].max().item()
        fine = Target(target.pieces, target.axis, Window(low, high))
        fine_grid = Grid(0 if grid.integral else finest_exponent(low, high), grid.integral)
        read_buckets(connection, [fine], fine_grid)
        found = fine.buckets(fine_grid)
        if found is not None:
            points = found[1]
            at = np.sort(points.s0[_bad(points) > 0])
            # a bucket may end a little behind its edge, so its own x say what is in it
            first = np.searchsorted(at, nodes.s0[places]).clip(max=max(0, len(at) - 1))
            answer[places] = at[first] if len(at) else np.nan


def _stretches(buckets: Ints, nodes: Nodes) -> list[NDArray[np.intp]]:
    """Places of the buckets that hold both, those next to each other together."""
    places = np.flatnonzero((_bad(nodes) > 0) & (nodes.finite > 0))
    if not len(places):
        return []
    return np.split(places, np.flatnonzero(np.diff(buckets[places]) > 1) + 1)
