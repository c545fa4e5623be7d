"""`POST /api/query/series`: scalar series over one grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec
import numpy as np
from sqlalchemy import Connection

from lossboard_server.damage import damaged_blocks
from lossboard_server.encoding import Columns
from lossboard_server.errors import Invalid
from lossboard_server.queries.points.axes import (
    Axis,
    MetricAxis,
    RuntimeAxis,
    StepAxis,
    TimeAxis,
)
from lossboard_server.queries.points.lineage import Lineage
from lossboard_server.queries.points.logged_again import clock_went_back, logged_again
from lossboard_server.queries.points.metrics import metric_axis
from lossboard_server.queries.points.non_finite import first_non_finite
from lossboard_server.queries.points.reader import Piece, Target, Window, read_buckets
from lossboard_server.queries.points.running import running_axis, started_axis
from lossboard_server.queries.points.selection import Found, Selection
from lossboard_server.queries.points.totals import totals
from lossboard_server.queries.points.whole import read_all
from lossboard_server.queries.runs.runs import store_version
from lossboard_server.storage import TailMemo
from lossboard_server.storage.buckets import Grid, grid_over
from lossboard_server.storage.nodes import Nodes
from lossboard_server.storage.points import Floats, Ints, Points

__all__ = [
    "GridAnswer",
    "SeriesAnswer",
    "SeriesQuery",
    "SeriesResult",
    "SinceMark",
    "axis_of",
    "check_x",
    "grid_answer",
    "query_series",
]

_MAX_BUCKETS = 100_000
_METRIC = "metric:"
_UNITS = {"step": "step", "time": "us", "runtime": "s", "process": "s"}


class SinceMark(msgspec.Struct, frozen=True, rename={"from_x": "from"}):
    """The place from which a live refresh goes on: the generation of the answer it has, and x of
    the last edge.

    With `width`, the width of the grid it has, a changed grid counts as a new generation.
    """

    generation: int
    from_x: float
    width: float | None = None


class SeriesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of the request (docs/http_api.md)."""

    runs: list[int]
    keys: list[str]
    kind: Literal["scalar", "system"] = "scalar"
    x: str = "step"
    x0: float | None = None
    x1: float | None = None
    buckets: int = 1000
    since: dict[str, SinceMark] | None = None


class GridAnswer(msgspec.Struct, frozen=True):
    """The grid: bucket i begins at i * width, those from `first` on, `count` of them."""

    width: float
    first: int
    count: int
    unit: str


class OlderAnswer(msgspec.Struct, frozen=True):
    """Points of earlier attempts at steps that a later one has logged again, by buckets."""

    n: int
    columns: Columns


class SeriesAnswer(msgspec.Struct, frozen=True):
    """The non-empty buckets of one series; at steps logged again, of the newest attempt."""

    run: int
    key: str
    n: int
    in_window: int
    generation: int
    exact_points: bool
    x_extent: tuple[float, float] | None
    reset: bool
    columns: Columns
    older: OlderAnswer | None = None
    damaged: int = 0  # blocks that can't be read; their points are missing


class SeriesResult(msgspec.Struct, frozen=True):
    """The answer; series without any point are not in it."""

    grid: GridAnswer
    series: list[SeriesAnswer]
    version: int


@dataclass
class _Line:
    """One series of the answer in the making; `extent` in x, None if no point is on the axis.

    `ordered`: its times were put into the order of its steps.
    """

    lineage: Lineage
    key: str
    found: list[Found]
    pieces: list[Piece]
    axis: Axis
    ordered: bool = False
    older: list[Piece] = field(default_factory=list)
    n: int = 0
    n_older: int = 0
    extent: tuple[float, float] | None = None


def query_series(connection: Connection, memo: TailMemo, query: SeriesQuery) -> SeriesResult:
    """The buckets of every run's every key that has points.

    Raises Invalid for an x or a number of buckets that isn't one, NotFound for unknown runs.
    """
    _check(query)
    keys = list(query.keys)
    if query.x.startswith(_METRIC):
        keys.append(query.x.removeprefix(_METRIC))
    selection = Selection(connection, memo, query.runs, [query.kind, "scalar"], keys)
    lines = _lines(selection, query)
    _measure(connection, lines, query.x)
    lines = [line for line in lines if line.n]
    low, high = _range(lines, query)
    grid = grid_over(low, high, query.buckets, integral=query.x in ("step", "time"))
    targets = [_target(line, line.pieces, query, grid) for line in lines]
    older = [_target(line, line.older, query, grid) for line in lines]
    read_buckets(connection, [*targets, *older], grid)
    found = [_found(target, grid) for target in [*targets, *older]]
    bad = first_non_finite(connection, found, grid)
    columns = [_columns(*each) for each in zip(found, bad, strict=True)]
    halves = columns[: len(lines)], columns[len(lines) :]
    answers = [_answer(*each, query, grid) for each in zip(lines, *halves, strict=True)]
    return SeriesResult(grid_answer(grid, low, high, query.x), answers, store_version(connection))


def _check(query: SeriesQuery) -> None:
    if not 2 <= query.buckets <= _MAX_BUCKETS:
        raise Invalid(f"buckets is {query.buckets}: expected 2 to {_MAX_BUCKETS:,}")
    check_x(query.x, query.x0, query.x1)


def check_x(x: str, x0: float | None, x1: float | None) -> None:
    """Raises Invalid for an x-axis or a window that isn't one."""
    if x not in _UNITS and not x.startswith(_METRIC):
        raise Invalid(f"x is {x!r}: expected {', '.join(_UNITS)} or metric:<key>")
    for name, limit in (("x0", x0), ("x1", x1)):
        if limit is not None and not math.isfinite(limit):
            raise Invalid(f"{name} is {limit}: expected a finite number, or null for no limit")


def _lines(selection: Selection, query: SeriesQuery) -> list[_Line]:
    lines = []
    for lineage in selection.lineages:
        axis = axis_of(selection, lineage, query.x, query.x0, query.x1)
        for key in dict.fromkeys(query.keys):
            found = selection.find(lineage, query.kind, key)
            if found and axis is not None:
                pieces, ordered = _pieces(selection, found, axis)
                older = [replace(piece, older=True) for piece in pieces if piece.again]
                lines.append(_Line(lineage, key, found, pieces, axis, ordered, older))
    return lines


def _pieces(selection: Selection, found: list[Found], axis: Axis) -> tuple[list[Piece], bool]:
    if isinstance(axis, TimeAxis | RuntimeAxis) and clock_went_back(found):
        points: Points = read_all(selection.connection, found)
        forward = np.maximum.accumulate(points.times_us)
        return [Piece(None, None, points._replace(times_us=forward))], True
    again = logged_again(found)
    pieces = [replace(one.piece(), again=spans) for one, spans in zip(found, again, strict=True)]
    if isinstance(axis, MetricAxis) and not axis.ascends:
        # No node can stand for its points then, so read them once.
        wholes = [read_all(selection.connection, [one]) for one in found]
        pieces = [Piece(None, None, all_, p.again) for all_, p in zip(wholes, pieces, strict=True)]
    return pieces, False


def axis_of(
    selection: Selection, lineage: Lineage, x: str, low: float | None, high: float | None
) -> Axis | None:
    """The run's axis called `x`, good for x from `low` to `high`.

    None if it is a metric without any finite value in this run.
    """
    if x == "step":
        return StepAxis()
    if x == "time":
        return TimeAxis()
    if x == "runtime":
        return started_axis(selection, lineage)
    if x == "process":
        return running_axis(selection, lineage)
    found = selection.find(lineage, "scalar", x.removeprefix(_METRIC))
    if not found:
        return None
    return metric_axis(selection.connection, found, low, high)


def _measure(connection: Connection, lines: list[_Line], x: str) -> None:
    """Count the points of each line and find its extent in x, from the catalogue if it can.

    On a metric axis the extent is the metric's.
    """
    cut = [
        line
        for line in lines
        if line.older or line.ordered or any(o.cut is not None for o in line.found)
    ]
    counts = totals(connection, [(line.pieces, StepAxis()) for line in cut])
    for line in lines:
        line.n = sum(one.n for one in line.found)
    for line, total in zip(cut, counts, strict=True):
        line.n = 0 if total is None else int(total.n[0])
    repeated = [line for line in lines if line.older]
    again = totals(connection, [(line.older, StepAxis()) for line in repeated])
    for line, total in zip(repeated, again, strict=True):
        line.n_older = 0 if total is None else int(total.n[0])
    placed = totals(connection, [([*line.pieces, *line.older], line.axis) for line in cut])
    for line, total in zip(cut, placed, strict=True):
        line.extent = None if total is None else (total.s0[0].item(), total.s1[0].item())
    for line in lines:
        if isinstance(line.axis, MetricAxis):
            line.extent = line.axis.extent
        elif not any(line is other for other in cut):
            line.extent = _catalogue_extent(line, x)


def _catalogue_extent(line: _Line, x: str) -> tuple[float, float]:
    extents = [one.extent("step" if x == "step" else "us") for one in line.found]
    low, high = min(extent[0] for extent in extents), max(extent[1] for extent in extents)
    if isinstance(line.axis, RuntimeAxis):
        low, high = line.axis.seconds(np.array([low, high])).tolist()
    return low, high


def _range(lines: list[_Line], query: SeriesQuery) -> tuple[float, float]:
    """x from the first to the last edge that the grid has to cover."""
    extents = [line.extent for line in lines if line.extent is not None]
    low = query.x0 if query.x0 is not None else min((e[0] for e in extents), default=None)
    high = query.x1 if query.x1 is not None else max((e[1] for e in extents), default=None)
    if low is None:
        low = high if high is not None else 0.0
    return low, max(low, high if high is not None else low)


def _target(line: _Line, pieces: list[Piece], query: SeriesQuery, grid: Grid) -> Target:
    since = (query.since or {}).get(str(line.lineage.run_uid))
    first = None
    if since is not None and not _outdated(line, since, grid):
        first = grid.bucket(since.from_x)
    return Target(pieces, line.axis, Window(query.x0, query.x1, first))


def _outdated(line: _Line, since: SinceMark, grid: Grid) -> bool:
    moved = since.generation != line.lineage.generation
    return moved or (since.width is not None and since.width != grid.width)


_FoundBuckets = tuple[Target, Ints, Nodes] | None


def _found(target: Target, grid: Grid) -> _FoundBuckets:
    buckets = target.buckets(grid)
    return None if buckets is None else (target, *buckets)


def _answer(
    line: _Line, columns: Columns, older: Columns, query: SeriesQuery, grid: Grid
) -> SeriesAnswer:
    since = (query.since or {}).get(str(line.lineage.run_uid))
    return SeriesAnswer(
        run=line.lineage.run_uid,
        key=line.key,
        n=line.n,
        in_window=int(columns["count"].sum()),
        generation=line.lineage.generation,
        exact_points=bool((columns["count"] == 1).all()),
        x_extent=line.extent,
        reset=since is not None and _outdated(line, since, grid),
        columns=columns,
        older=OlderAnswer(line.n_older, older) if line.n_older else None,
        damaged=damaged_blocks({one.series_id for one in line.found}),
    )


def _columns(found: _FoundBuckets, bad: Floats) -> Columns:
    if found is None:
        return _no_columns()
    _, buckets, nodes = found
    finite = nodes.finite
    none = finite == 0
    with np.errstate(invalid="ignore"):
        mean = np.where(none, np.nan, nodes.total / np.maximum(finite, 1))
    return Columns(
        {
            "bucket": buckets,
            "count": nodes.n,
            "finite": finite,
            "mean": mean,
            "min": nodes.low,
            "max": nodes.high,
            "first": nodes.first,
            "last": nodes.last,
            "x_first": nodes.s0,
            "x_last": nodes.s1,
            "x_min": np.where(none, np.nan, nodes.s_low),
            "x_max": np.where(none, np.nan, nodes.s_high),
            "nan": nodes.nan,
            "pos_inf": nodes.pos_inf,
            "neg_inf": nodes.neg_inf,
            "x_bad": bad,
        }
    )


_NAMES = (
    *("bucket", "count", "finite", "mean", "min", "max", "first", "last"),
    *("x_first", "x_last", "x_min", "x_max", "nan", "pos_inf", "neg_inf"),
    "x_bad",
)


def _no_columns() -> Columns:
    return Columns({name: np.empty(0) for name in _NAMES})


def grid_answer(grid: Grid, low: float, high: float, x: str) -> GridAnswer:
    """The grid as it stands in answers; x from `low` to `high` is what it covers."""
    first = grid.bucket(low)
    unit = _UNITS.get(x, x.removeprefix(_METRIC))
    return GridAnswer(grid.width, first, grid.bucket(high) - first + 1, unit)
