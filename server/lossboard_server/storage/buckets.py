"""Buckets: one power-of-two grid for all series of a request, and points put into its buckets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.nodes import Nodes, summarise_nodes, summarise_points
from lossboard_server.storage.points import Ints, Points

__all__ = ["Grid", "bucket_nodes", "bucket_points", "finest_exponent", "grid_over"]


@dataclass(frozen=True)
class Grid:
    """Buckets of width 2**exponent whose edges are its multiples; bucket i begins at i * width.

    On an integral axis (steps, microseconds) x are int64 and the exponent is at least 0, elsewhere
    x are float64. `single`: there is one bucket, number 0, that holds everything.
    """

    exponent: int
    integral: bool
    single: bool = False

    @property
    def width(self) -> float:
        """Width of a bucket; infinite for the single one."""
        return math.inf if self.single else math.ldexp(1.0, self.exponent)

    def buckets(self, x: NDArray[Any]) -> Ints:
        """The bucket of each x."""
        if self.single:
            return np.zeros(len(x), np.int64)
        if self.integral:
            shifted: Ints = x >> self.exponent
            return shifted
        scaled = np.ldexp(x, -self.exponent)
        vanished = (scaled == 0) & (x < 0)  # so close below 0 that scaling lost it
        found: Ints = np.floor(scaled).astype(np.int64) - vanished
        return found

    def bucket(self, x: float) -> int:
        """The bucket of one x."""
        if self.integral:
            return math.floor(x) >> self.exponent
        scaled = math.ldexp(x, -self.exponent)
        return -1 if scaled == 0 and x < 0 else math.floor(scaled)

    def spans_less(self, x0: NDArray[Any], x1: NDArray[Any]) -> NDArray[np.bool_]:
        """The places at which x1 - x0 is less than a bucket's width."""
        if self.single:
            return np.ones(len(x0), np.bool_)
        with np.errstate(over="ignore", invalid="ignore"):
            spans = x1 - x0
            less: NDArray[np.bool_] = (spans >= 0) & (spans < self.width)
            return less


def grid_over(low: float, high: float, buckets: int, *, integral: bool) -> Grid:
    """The grid of least width that covers [low, high] with at most `buckets` (>= 2) buckets."""
    exponent = 0 if integral else finest_exponent(low, high)
    while True:
        grid = Grid(exponent, integral)
        if grid.bucket(high) - grid.bucket(low) < buckets:
            return grid
        exponent += 1


def finest_exponent(low: float, high: float) -> int:
    """The exponent of the narrowest buckets that can still tell floats of [low, high] apart."""
    return max(math.frexp(max(abs(low), abs(high)))[1] - 53, -1022)


def _starts(*columns: NDArray[Any]) -> NDArray[np.intp]:
    """Where, in columns of n >= 1 entries, any of them differs from the entry before."""
    differs = np.ones(len(columns[0]), np.bool_)
    differs[1:] = False
    for column in columns:
        differs[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(differs)


def bucket_points(points: Points, chunks: Ints, grid: Grid) -> tuple[Nodes, Ints]:
    """A node for each bucket that n >= 1 points fall into, and the chunk of each node.

    `points.steps` holds x. `chunks` never decreases: points of one chunk follow each other in the
    series without a gap, so that nodes of different chunks can be ordered by chunk. Buckets of
    different chunks are kept apart.
    """
    x = points.steps
    if not (chunks[0] == chunks[-1] and (x[1:] >= x[:-1]).all()):
        order = np.lexsort((x, chunks))
        points, chunks, x = points.take(order), chunks[order], x[order]
    starts = _starts(grid.buckets(x), chunks)
    return summarise_points(points, starts), chunks[starts]


def bucket_nodes(nodes: Nodes, places: Ints, grid: Grid) -> tuple[Ints, Nodes]:
    """(buckets, nodes): one node for each bucket that the nodes' first points fall into, ascending.

    `nodes.s*` hold x; `places` says which of two nodes comes first in the series.
    """
    buckets = grid.buckets(nodes.s0)
    order = np.lexsort((places, buckets))
    if not (order[1:] > order[:-1]).all():
        nodes, buckets = nodes.take(order), buckets[order]
    starts = _starts(buckets)
    return buckets[starts], summarise_nodes(nodes, starts)
