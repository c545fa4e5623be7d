"""At which x of a bucket its first value stands that is not finite, which nodes only count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lossboard_server.queries.points.reader import Target, Window, read_buckets
from lossboard_server.storage.buckets import Grid, finest_exponent
from lossboard_server.storage.nodes import Nodes
from lossboard_server.storage.points import Floats, Ints

__all__ = ["first_non_finite"]


_MOST_POINTS: Final = 1 << 18  # that a request looks through: 64 blocks, a few milliseconds


def first_non_finite(
    connection: Connection, found: Sequence[tuple[Target, Ints, Nodes] | None], grid: Grid
) -> list[Floats]:
    """For each target, given with its buckets: x of the first value of each bucket that is not
    finite, NaN where there is none.

    Where a bucket holds finite values as well its points are read, of all targets at once. NaN
    also where that would be too many: each target's first such bucket is always looked through.
    """
    answers = [_known(one) for one in found]
    pairs = zip(answers, found, strict=True)
    mixed = [(answer, *one, _places(one[2])) for answer, one in pairs if one is not None]
    sought = [one for one in mixed if len(one[-1])]
    most = _MOST_POINTS // max(1, len(sought))
    spans = [
        _Span(answer, target, nodes, places, most) for answer, target, _, nodes, places in sought
    ]
    if spans:
        _look_up(connection, spans, grid)
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


def _places(nodes: Nodes) -> NDArray[np.intp]:
    """Places of the buckets that hold both."""
    return np.flatnonzero((_bad(nodes) > 0) & (nodes.finite > 0))


class _Span:
    """The first buckets of a target that hold both, and the part of x that they lie in."""

    def __init__(
        self, answer: Floats, target: Target, nodes: Nodes, places: NDArray[np.intp], most: int
    ) -> None:
        held = np.cumsum(nodes.n[places])
        self.places = places[: max(1, int(np.searchsorted(held, most, "right")))]
        self.answer, self.begins = answer, nodes.s0[self.places]
        self.low, self.high = self.begins.min().item(), nodes.s1[self.places].max().item()
        self.target = Target(target.pieces, target.axis, Window(self.low, self.high), broken=True)

    def fill(self, grid: Grid) -> None:
        """Puts what was read into the answer."""
        found = self.target.buckets(grid)
        if found is None:
            return
        at = np.sort(found[1].s0)
        # a bucket may end a little behind its edge, so its own x say what is in it
        self.answer[self.places] = at[np.searchsorted(at, self.begins).clip(max=len(at) - 1)]


def _look_up(connection: Connection, spans: Sequence[_Span], grid: Grid) -> None:
    low, high = min(span.low for span in spans), max(span.high for span in spans)
    fine = Grid(0 if grid.integral else finest_exponent(low, high), grid.integral)
    read_buckets(connection, [span.target for span in spans], fine)
    for span in spans:
        span.fill(fine)
