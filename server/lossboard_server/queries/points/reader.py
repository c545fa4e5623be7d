"""Reads the points of series in a window as buckets, opening as few blocks as possible.

The open blocks of all levels cover a series. A node is taken whole if it is narrower than a bucket
and lies inside the window; else its children are read, down to the points. All series of a request
go down together, one statement for each level and each distinct set of blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from lossboard_server.damage import readable
from lossboard_server.database import schema
from lossboard_server.queries.points.axes import Axis, StepAxis
from lossboard_server.storage.buckets import Grid, bucket_nodes, bucket_points
from lossboard_server.storage.nodes import Nodes, decode_nodes
from lossboard_server.storage.points import Ints, Points, decode_points
from lossboard_server.storage.pyramid import block_size, group_size, points_under

__all__ = ["Piece", "Target", "Window", "read_buckets"]

_SERIES_PER_STATEMENT = 5000
_PIECE_BIT = 44  # places of one piece stay below 2**44


@dataclass(frozen=True)
class Window:
    """x from `low` to `high`, both inclusive; None: no limit. `first_bucket`: none before it."""

    low: float | None = None
    high: float | None = None
    first_bucket: int | None = None


@dataclass(frozen=True)
class Piece:
    """The part of one attempt in a series: a sealed series, or None, and points of the tail.

    `cut`: the last step that counts. `again`: stretches of steps (both ends inclusive) that later
    attempts have logged again; points in them are left out, or, with `older`, are all there is.
    Pieces are in order of arrival.
    """

    series_id: int | None
    cut: int | None
    tail: Points | None
    again: tuple[tuple[int, int], ...] = ()
    older: bool = False

    def counts(self, first: Ints, last: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of points, or of nodes from one step to another: which may count, and which do whole."""
        touched = np.zeros(len(first), np.bool_)
        covered = np.zeros(len(first), np.bool_)
        for low, high in self.again:
            touched |= (first <= high) & (last >= low)
            covered |= (first >= low) & (last <= high)
        return (touched, covered) if self.older else (~covered, ~touched)


@dataclass
class Target:
    """A series to be read: its pieces, its axis and its window; `found` fills while reading.

    `broken`: only its values that are not finite.
    """

    pieces: Sequence[Piece]
    axis: Axis
    window: Window
    broken: bool = False
    found: list[tuple[Nodes, Ints]] = field(default_factory=list)

    def buckets(self, grid: Grid) -> tuple[Ints, Nodes] | None:
        """The buckets that were read; None if there are none."""
        if not self.found:
            return None
        nodes, places = zip(*self.found, strict=True)
        return bucket_nodes(Nodes.join(nodes), np.concatenate(places), grid)


@dataclass
class _Request:
    """Entries of one level of a piece that are to be looked at; None: all of the block."""

    target: Target
    place: int  # of the piece among the target's
    entries: Ints | None


_Requests = dict[tuple[int, int], list[_Request]]  # by series and level


def read_buckets(connection: Connection, targets: Sequence[Target], grid: Grid) -> None:
    """Read all targets into their `found`."""
    requests: dict[int, list[_Request]] = {}
    for target in targets:
        for place, piece in enumerate(target.pieces):
            if piece.series_id is not None:
                requests.setdefault(piece.series_id, []).append(_Request(target, place, None))
            if piece.tail is not None:
                whole = np.zeros(len(piece.tail.steps), np.int64)
                _take_points(target, place, piece.tail, whole, 1 << (_PIECE_BIT - 1), grid)
    wanted: _Requests = {}
    for row in _open_blocks(connection, sorted(requests)):
        for request in requests[row.series_id]:
            _look_at(row, request, grid, wanted)
    while wanted:
        wanted = _descend(connection, wanted, grid)


_COLUMNS = ("series_id", "level", "ordinal", "n", "s0", "s1", "codec", "data")
_block_columns = [schema.block.c[name] for name in _COLUMNS]


def _open_blocks(connection: Connection, series_ids: list[int]) -> Iterator[Any]:
    block = schema.block.c
    for start in range(0, len(series_ids), _SERIES_PER_STATEMENT):
        some = series_ids[start : start + _SERIES_PER_STATEMENT]
        query = select(*_block_columns).where(block.series_id.in_(some), block.open)
        yield from connection.execute(query)


def _descend(connection: Connection, wanted: _Requests, grid: Grid) -> _Requests:
    """Look at the entries that are wanted; what is wanted of the level below."""
    below: _Requests = {}
    for row in _full_blocks(connection, wanted):
        for request in wanted[row.series_id, row.level]:
            assert request.entries is not None
            low, high = np.searchsorted(request.entries, (row.ordinal, row.ordinal + row.n))
            if low < high:
                inside = request.entries[low:high]
                _look_at(row, _Request(request.target, request.place, inside), grid, below)
    return below


def _full_blocks(connection: Connection, wanted: _Requests) -> Iterator[Any]:
    """The blocks that hold the wanted entries."""
    block = schema.block.c
    alike: dict[tuple[int, bytes], list[int]] = {}
    for (series_id, level), requests in wanted.items():
        entries = np.concatenate([r.entries for r in requests if r.entries is not None])
        ordinals = np.unique(entries // block_size(level)) * block_size(level)
        alike.setdefault((level, ordinals.tobytes()), []).append(series_id)
    for (level, ordinals_bytes), series_ids in alike.items():
        ordinals = np.frombuffer(ordinals_bytes, np.int64).tolist()
        yield from connection.execute(
            select(*_block_columns).where(
                block.series_id.in_(series_ids),
                block.open.is_(False),
                block.level == level,
                block.ordinal.in_(ordinals),
            )
        )


def _look_at(row: Any, request: _Request, grid: Grid, below: _Requests) -> None:
    target, piece = request.target, request.target.pieces[request.place]
    if (piece.cut is not None and row.s0 > piece.cut) or _misses(target, row):
        return
    if row.level == 0:
        times = not isinstance(target.axis, StepAxis)
        points = readable(lambda: decode_points(row.data, row.n, row.codec, times=times), row)
        if points is None:
            return
        chunks = np.zeros(row.n, np.int64)
        if request.entries is not None and len(request.entries) < row.n:
            inside = request.entries - row.ordinal
            points = points.take(inside)
            chunks = _chunks(inside)
        _take_points(target, request.place, points, chunks, row.ordinal, grid)
        return
    nodes = readable(lambda: decode_nodes(row.data, row.n, row.codec), row)
    places = np.arange(row.ordinal, row.ordinal + row.n)
    if nodes is None:  # what it sums up is below
        _open(request, places if request.entries is None else request.entries, row, below)
        return
    if request.entries is not None and len(request.entries) < row.n:
        nodes, places = nodes.take(request.entries - row.ordinal), request.entries
    _take_nodes(request, nodes, places, row, grid, below)


def _misses(target: Target, row: Any) -> bool:
    """Whether a block lies outside the window, where that is known from its steps."""
    low, high = target.window.low, target.window.high
    if not isinstance(target.axis, StepAxis):
        return False
    return (low is not None and row.s1 < low) or (high is not None and row.s0 > high)


def _chunks(places: Ints) -> Ints:
    """For ascending places the first place of the gapless stretch that each is in."""
    begins = np.ones(len(places), np.bool_)
    begins[1:] = places[1:] != places[:-1] + 1
    return places[np.maximum.accumulate(np.where(begins, np.arange(len(places)), 0))]


def _place_of(piece: int, place: Ints | int) -> Any:
    return (piece << _PIECE_BIT) + place


def _take_points(
    target: Target, piece: int, points: Points, chunks: Ints, ordinal: int, grid: Grid
) -> None:
    own = target.pieces[piece]
    on_axis, inside = target.axis.points(points)
    x, window = on_axis.steps, target.window
    if own.cut is not None:
        inside = inside & (points.steps <= own.cut)
    if own.again:
        inside = inside & own.counts(points.steps, points.steps)[0]
    if target.broken:
        inside = inside & ~np.isfinite(points.numbers)
    if window.low is not None:
        inside = inside & (x >= window.low)
    if window.high is not None:
        inside = inside & (x <= window.high)
    if not inside.all():
        on_axis, chunks = on_axis.take(inside), chunks[inside]
    if window.first_bucket is not None:
        late = grid.buckets(on_axis.steps) >= window.first_bucket
        on_axis, chunks = on_axis.take(late), chunks[late]
    if len(on_axis.steps):
        nodes, begins = bucket_points(on_axis, chunks, grid)
        target.found.append((nodes, _place_of(piece, ordinal + begins)))


def _take_nodes(
    request: _Request, nodes: Nodes, places: Ints, row: Any, grid: Grid, below: _Requests
) -> None:
    target, piece = request.target, request.target.pieces[request.place]
    on_axis, usable = target.axis.nodes(nodes)
    touches, whole = _inside(target.window, on_axis)
    if piece.cut is not None:
        touches &= nodes.s0 <= piece.cut
        whole &= nodes.s1 <= piece.cut
    if piece.again:
        some, all_ = piece.counts(nodes.s0, nodes.s1)
        touches &= some
        whole &= all_
    if target.broken:
        touches &= nodes.finite < nodes.n
    taken = touches & whole & usable & grid.spans_less(on_axis.s0, on_axis.s1)
    opened = places[touches & ~taken]
    if target.window.first_bucket is not None:
        # Nodes before it are left out, not opened: their points are in buckets before it.
        taken &= grid.buckets(np.where(taken, on_axis.s0, 0)) >= target.window.first_bucket
    if taken.any():
        orders = _place_of(request.place, places[taken] * points_under(row.level))
        target.found.append((on_axis.take(taken), orders))
    if len(opened):
        _open(request, opened, row, below)


def _open(request: _Request, opened: Ints, row: Any, below: _Requests) -> None:
    """Ask for all that lies under these nodes."""
    size = group_size(row.level)
    children = (opened[:, None] * size + np.arange(size)).ravel()
    key = (row.series_id, row.level - 1)
    below.setdefault(key, []).append(_Request(request.target, request.place, children))


def _inside(window: Window, nodes: Nodes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The nodes that touch the window, as far as is known, and those that lie in it whole."""
    touches: NDArray[np.bool_] = nodes.s1 != -np.inf
    whole = touches.copy()
    if window.low is not None:
        touches &= ~(nodes.s1 < window.low)
        whole &= nodes.s0 >= window.low
    if window.high is not None:
        touches &= ~(nodes.s0 > window.high)
        whole &= nodes.s1 <= window.high
    return touches, whole
