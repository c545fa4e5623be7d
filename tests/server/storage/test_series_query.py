"""Bucketed series against a plain list of points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard_server.queries import (
    HistoryQuery,
    SeriesQuery,
    SinceMark,
    query_history,
    query_series,
)

pytestmark = pytest.mark.usefixtures("small_blocks")

MAX_ROWS = 48  # the sum of one bit for each row must be exact in a float


@dataclass
class Point:
    """A row: its bit, step, time and value, and the value of the metric in it, if any."""

    bit: int
    step: int
    time_us: int
    value: Any
    metric: float | None


def _ascends(numbers: list[int]) -> bool:
    return numbers == sorted(numbers)


@dataclass
class Plain:
    """What a run holds, as lists: attempts with the last step that counts of each."""

    uid: int
    attempts: list[tuple[list[Point], float]] = field(default_factory=list)

    def points(self) -> list[Point]:
        return [p for points, cut in self.attempts for p in points if p.step <= cut]

    def again(self) -> list[Point]:
        """Points of earlier attempts from a later one's first to its last step."""
        kept = [[p for p in points if p.step <= cut] for points, cut in self.attempts]
        spans = [(min(p.step for p in ps), max(p.step for p in ps)) if ps else None for ps in kept]
        return [
            point
            for i, points in enumerate(kept)
            for point in points
            if any(span and span[0] <= point.step <= span[1] for span in spans[i + 1 :])
        ]

    def extent(self, axis: str) -> tuple[float, float]:
        """Of the metric on its axis, else of all points."""
        points = self.points()
        metric = [p.metric for p in points if p.metric is not None]
        x = metric if axis == "metric:m" else [self._x(axis, p) for p in points]
        return min(x), max(x)

    def x(self, axis: str) -> list[tuple[float, Point]]:
        """Points with their x, in order of arrival; those without an x left out."""
        pairs = [(self._x(axis, p), p) for p in self.points()]
        return [(x, p) for x, p in pairs if math.isfinite(x)]

    def _times_us(self) -> dict[int, int]:
        """Of each point; of a clock that was set back while steps went on, the latest so far."""
        every = [p for points, _ in self.attempts for p in points]
        counted = self.points()
        times = [p.time_us for p in counted]
        if _ascends([p.step for p in every]) and not _ascends([p.time_us for p in every]):
            times = list(itertools.accumulate(times, max))
        return {p.bit: time_us for p, time_us in zip(counted, times, strict=True)}

    def _x(self, axis: str, point: Point) -> float:
        if axis == "step":
            return point.step
        if axis in ("time", "runtime"):
            time_us = self._times_us()[point.bit]
            return time_us if axis == "time" else max(0, time_us) / 1e6  # runs start at time 0
        place = (point.step, point.time_us)
        known = [p for p in self.points() if p.metric is not None]
        before = [p for p in known if (p.step, p.time_us) <= place]
        latest = max(before, key=lambda p: (p.step, p.time_us), default=None)
        return math.nan if latest is None else latest.metric


values = st.one_of(
    st.integers(-5, 5),
    st.floats(-1e6, 1e6),
    st.sampled_from([math.nan, math.inf, -math.inf, 1e300]),
)
steps = st.one_of(st.just(1), st.integers(0, 3), st.integers(-40, 60))
cells = st.tuples(steps, st.sampled_from([1, 1, 1, 700, -300]), values, st.integers(0, 3))
parts = st.lists(
    st.one_of(
        st.lists(cells, min_size=1, max_size=30).map(lambda rows: ("rows", rows)),
        st.just(("seal", None)),
        st.tuples(st.sampled_from(["resume", "rewind", "fork", "fresh"]), st.integers(-10, 60)),
    ),
    min_size=1,
    max_size=8,
)
windows = st.one_of(st.none(), st.floats(-60, 120))


class Story:
    """Plays parts into a store and into lists."""

    def __init__(self, store: Any, metric_climbs: bool) -> None:
        self.store = store
        self.plain = Plain(store.run())
        self.writer = store.writer(self.plain.uid)
        self.plain.attempts = [([], math.inf)]
        self.metric_climbs = metric_climbs
        self.step = self.bit = 0
        self.time_us, self.metric = 1000, 0.0

    def play(self, parts: list[tuple[str, Any]]) -> Plain:
        for what, argument in parts:
            if what == "rows":
                self._log(argument)
            elif what == "seal":
                self.store.seal(self.plain.uid)
            else:
                self._open(what, argument)
        return self.plain

    def _log(self, rows: list[Any]) -> None:
        points = [self._point(*row) for row in rows[: MAX_ROWS - self.bit]]
        self.plain.attempts[-1][0].extend(points)
        self.writer.log(*((p.step, p.time_us, _values(p)) for p in points))

    def _point(self, step: int, time_step: int, value: Any, metric_step: int) -> Point:
        self.step += step
        self.time_us += time_step
        while self.time_us in {p.time_us for ps, _ in self.plain.attempts for p in ps} | {0}:
            self.time_us += 1
        self.metric += metric_step if self.metric_climbs else metric_step - 1.5
        self.bit += 1
        metric = self.metric if metric_step else None
        return Point(self.bit - 1, self.step, self.time_us, value, metric)

    def _open(self, kind: str, cut: int) -> None:
        uid = self.plain.uid
        parent = None if kind == "fresh" else self.writer.attempt_id
        limit: float = cut if kind in ("rewind", "fork") else math.inf
        if kind == "fresh":
            self.plain.attempts = []
        if kind == "fork":
            uid = self.store.run()
        self.plain.attempts = [(ps, min(old, limit)) for ps, old in self.plain.attempts]
        self.plain.attempts.append(([], math.inf))
        cut_step = None if limit == math.inf else cut
        self.plain.uid = uid
        self.writer = self.store.writer(uid, kind, parent, cut_step)


def _values(point: Point) -> dict[str, Any]:
    row = {"bit": 2.0**point.bit, "v": point.value}
    return row if point.metric is None else row | {"m": point.metric}


def _check_bucket(columns: dict[str, Any], i: int, members: list[tuple[float, Point]]) -> None:
    """The columns of bucket i are those of exactly these points, given in order of arrival."""
    members = sorted(members, key=lambda pair: pair[0])
    numbers = np.array([float(p.value) for _, p in members])
    finite = numbers[np.isfinite(numbers)]
    assert columns["count"][i] == len(members)
    assert columns["finite"][i] == len(finite)
    assert columns["nan"][i] == np.isnan(numbers).sum()
    assert columns["pos_inf"][i] == (numbers == np.inf).sum()
    assert columns["neg_inf"][i] == (numbers == -np.inf).sum()
    assert (columns["x_first"][i], columns["x_last"][i]) == (members[0][0], members[-1][0])
    if len(finite):
        assert columns["min"][i] == finite.min() and columns["max"][i] == finite.max()
        assert columns["x_min"][i] == min(x for x, p in members if p.value == finite.min())
        assert columns["x_max"][i] == min(x for x, p in members if p.value == finite.max())
        assert columns["mean"][i] == pytest.approx(finite.mean(), rel=1e-9, abs=1e-9)
    else:
        assert all(np.isnan(columns[name][i]) for name in ("min", "max", "mean", "x_min"))
    bad = [x for x, p in members if not math.isfinite(float(p.value))]
    assert math.isnan(columns["x_bad"][i]) == (not bad)


def _check_bad(
    columns: dict[str, Any],
    i: int,
    points: Iterable[tuple[float, Point]],
    members: list[tuple[float, Point]],
) -> None:
    """Where the first value that is not finite stands; buckets may reach into the next one, and
    what that has before is as near."""
    own = [x for x, p in members if not math.isfinite(float(p.value))]
    if own:
        known = [x for x, p in points if not math.isfinite(float(p.value))]
        assert columns["x_bad"][i] in known
        assert columns["x_first"][i] <= columns["x_bad"][i] <= min(own)


def _check_ends(columns: dict[str, Any], i: int, members: list[tuple[float, Point]]) -> None:
    """On the step axis, points that share a step are ordered by arrival."""
    ordered = sorted(members, key=lambda pair: pair[0])
    for name, (_, point) in (("first", ordered[0]), ("last", ordered[-1])):
        np.testing.assert_equal(float(columns[name][i]), float(point.value))


def _masks(columns: dict[str, Any]) -> list[int]:
    """The bits of the points in each bucket, of which each may be in one alone."""
    return [_total(columns, i) for i in range(len(columns["count"]))]


def _total(columns: dict[str, Any], i: int) -> int:
    return round(float(columns["mean"][i]) * int(columns["count"][i]))


@examples(1000)
@given(
    parts=parts,
    climbs=st.booleans(),
    axis=st.sampled_from(["step", "time", "runtime", "metric:m"]),
    x0=windows,
    x1=windows,
    buckets=st.integers(2, 40),
)
def test_every_point_of_the_window_is_in_exactly_one_bucket_and_all_of_it_is_exact(
    store: Any, parts: Any, climbs: bool, axis: str, x0: Any, x1: Any, buckets: int
) -> None:
    plain = Story(store, climbs).play(parts)
    scale = {"time": 30, "runtime": 3e-5}.get(axis, 1)
    x0, x1 = (None if x is None else x * scale for x in (x0, x1))
    query = SeriesQuery([plain.uid], ["bit", "v"], x=axis, x0=x0, x1=x1, buckets=buckets)
    answer = store.ask(query_series, query)
    placed = plain.x(axis)
    low, high = x0 if x0 is not None else -math.inf, x1 if x1 is not None else math.inf
    inside = {p.bit: (x, p) for x, p in placed if low <= x <= high}
    found = {one.key: one for one in answer.series}
    if not found:
        assert not inside
        return
    again = {point.bit for point in plain.again()}
    older, twice = found["v"].older, {bit for bit in inside if bit in again}
    assert found["v"].n == len(plain.points()) - len(again)
    assert (0 if older is None else older.n) == len(again)
    masks = _masks(found["bit"].columns)
    assert sum(masks) == sum(2**bit for bit in inside if bit not in again)
    columns, width = found["v"].columns, answer.grid.width
    if older is not None:
        bits = found["bit"].older
        assert bits is not None
        assert sum(_masks(bits.columns)) == sum(2**bit for bit in twice)
    for i, mask in enumerate(masks):
        members = [inside[bit] for bit in range(MAX_ROWS) if mask >> bit & 1]
        _check_bucket(columns, i, members)
        _check_bad(columns, i, inside.values(), members)
        assert columns["bucket"][i] == math.floor(columns["x_first"][i] / width)
        assert columns["x_last"][i] - columns["x_first"][i] < 2 * width
        if axis == "step":
            _check_ends(columns, i, members)
    assert found["v"].x_extent == plain.extent(axis)


@examples(1000)
@given(parts=parts, more=parts, axis=st.sampled_from(["step", "time"]), buckets=st.integers(2, 40))
def test_a_refresh_since_an_edge_completes_the_buckets_before_it(
    store: Any, parts: Any, more: Any, axis: str, buckets: int
) -> None:
    story = Story(store, True)
    story.play(parts)
    run = story.plain.uid
    query = SeriesQuery([run], ["bit"], x=axis, buckets=buckets)
    before = store.ask(query_series, query)
    story.play([part for part in more if part[0] == "rows"])
    if not before.series or not len(before.series[0].columns["bucket"]):
        return
    old = before.series[0]
    edge = int(old.columns["bucket"][-1])
    mark = SinceMark(old.generation, edge * before.grid.width, before.grid.width)
    fresh = store.ask(query_series, query)
    since = SeriesQuery([run], ["bit"], x=axis, buckets=buckets, since={str(run): mark})
    update = store.ask(query_series, since).series[0]
    whole = fresh.series[0].columns
    assert update.reset == (fresh.grid.width != before.grid.width)
    kept = np.ones(len(whole["bucket"]), bool) if update.reset else whole["bucket"] >= edge
    for name, column in whole.items():
        np.testing.assert_array_equal(column[kept], update.columns[name])


@examples(1000)
@given(parts=parts)
def test_counts_are_the_same_before_and_after_sealing(store: Any, parts: Any) -> None:
    story = Story(store, True)
    story.play(parts)
    run = story.plain.uid
    before = store.ask(query_series, SeriesQuery([run], ["v"], buckets=5))
    store.seal(run)
    after = store.ask(query_series, SeriesQuery([run], ["v"], buckets=5))
    assert [one.n for one in before.series] == [one.n for one in after.series]
    assert [one.in_window for one in before.series] == [one.in_window for one in after.series]


FAR = [(step, 0.0) for step in range(40, 44)]


def _sealed(store: Any, *parts: list[Any]) -> dict[str, Any]:
    """Columns over buckets of 8 steps of seals of four (step, value) each, a node for each seal."""
    run = store.run()
    writer = store.writer(run)
    for part in parts:
        writer.log(*((step, 10 * step, {"v": value}) for step, value in part))
        store.seal(run)
    answer = store.ask(query_series, SeriesQuery([run], ["v"], x0=0, x1=103, buckets=13))
    assert answer.grid.width == 8
    columns: dict[str, Any] = answer.series[0].columns
    return columns


def test_points_of_an_opened_node_keep_their_place_among_nodes_taken_whole(store: Any) -> None:
    narrow = [(5, 2.0), (6, 0.0), (6, 0.0), (7, 3.0)]
    early = [(5, 1.0), (100, 0.0), (101, 0.0), (102, 0.0)]
    late = [(7, 4.0), (100, 0.0), (101, 0.0), (102, 0.0)]
    columns = _sealed(store, FAR, early, narrow, FAR)
    assert (columns["first"][0], columns["last"][0], columns["count"][0]) == (1.0, 3.0, 5)
    assert _sealed(store, FAR, narrow, late, FAR)["last"][0] == 4.0
    assert _sealed(store, FAR, late, narrow, FAR)["last"][0] == 3.0


def test_the_x_of_a_minimum_is_the_least_at_which_it_stands(store: Any) -> None:
    one = [(4, 0.0), (5, -1.0), (6, 9.0), (7, 0.0)]
    two = [(0, 0.0), (1, 9.0), (2, -1.0), (3, 0.0)]
    columns = _sealed(store, one, two, FAR, FAR)
    assert (columns["x_min"][0], columns["x_max"][0]) == (2, 1)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_x_nearer_to_zero_than_a_bucket_lies_on_its_side_of_zero(
    store: Any, is_sealed: bool
) -> None:
    """On the axis of a metric whose numbers are of very different sizes."""
    uid = store.run()
    writer = store.writer(uid)
    for step, x in enumerate([-1e-320, 1e-320, 1e300]):
        writer.log((step, step + 1, {"m": x, "v": float(step)}))
    if is_sealed:
        store.seal(uid)
    query = SeriesQuery([uid], ["v"], x="metric:m", buckets=10)
    columns = store.ask(query_series, query).series[0].columns
    assert list(columns["count"]) == [1, 1, 1]
    assert list(columns["x_first"]) == [-1e-320, 1e-320, 1e300]


@examples(1000)
@given(parts=parts, buckets=st.integers(2, 200))
def test_a_drawn_value_is_that_of_the_history_where_both_name_a_step(
    store: Any, parts: Any, buckets: int
) -> None:
    """A bucket of one point names a step; a resumed run has each step of its newest attempt."""
    plain = Story(store, True).play(parts)
    answer = store.ask(query_series, SeriesQuery([plain.uid], ["v"], buckets=buckets))
    rows = store.ask(query_history, HistoryQuery(plain.uid, keys=["v"], limit=1000)).rows
    history = {row["_step"]: float(row["v"]) for row in rows}
    for series in answer.series:
        columns = series.columns
        for i in np.flatnonzero(columns["count"] == 1):
            drawn = float(columns["last"][i])
            np.testing.assert_equal(drawn, history[int(columns["x_first"][i])])
