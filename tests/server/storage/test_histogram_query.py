"""Histogram events against a plain list of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard.wire import COUNT_TYPES, HistogramColumn, HistogramData, HistogramFlag
from lossboard_server.queries import (
    HistogramQuery,
    TensorQuery,
    query_histograms,
    query_tensors,
)

pytestmark = pytest.mark.usefixtures("small_blocks")

KEY = "gradients/fc.weight"


@st.composite
def histograms(draw: Any) -> HistogramData:
    """Any histogram the wire allows: constants, none finite, own edges, fractions, magnitudes."""
    bins = draw(st.sampled_from([0, 1, 3, 3, 3, 7]))
    kind = draw(st.integers(0, 4))
    most = {0: 255, 1: 65535, 2: 2**32 - 1, 3: 2**50, 4: 1000}[kind]
    counts = draw(st.lists(st.integers(0, most), min_size=bins, max_size=bins))
    numbers = np.array(counts, np.float64) + (0.5 if kind == 4 else 0)
    edges = np.cumsum(draw(st.lists(st.integers(1, 9), min_size=bins + 1, max_size=bins + 1)))
    edged = bins > 0 and draw(st.booleans())
    keys = sorted(draw(st.sets(st.integers(-5000, 5000), max_size=4)))
    return HistogramData(
        lo=draw(st.floats(-10, 0)),
        hi=draw(st.floats(0, 10)),
        counts=numbers.astype(COUNT_TYPES[kind]).tobytes(),
        count_type=kind,
        n=float(numbers.sum()),
        edges=edges.astype("<f8").tobytes() if edged else b"",
        nan=draw(st.integers(0, 3)),
        pos_inf=draw(st.integers(0, 3)),
        zeros=draw(st.integers(0, 2**40)),
        total=draw(st.floats(-1e6, 1e6)),
        squares=draw(st.floats(0, 1e6)),
        magnitude_keys=np.array(keys, "<i2").tobytes(),
        magnitude_counts=np.arange(1, len(keys) + 1, dtype="<u8").tobytes(),
        flags=HistogramFlag.PARTIAL_EVENT,
    )


events = st.tuples(st.integers(0, 20), histograms())
stories = st.lists(
    st.one_of(
        st.tuples(st.just("watch"), st.lists(events, min_size=1, max_size=6)),
        st.just(("seal", [])),
        st.tuples(st.just("rewind"), st.integers(0, 20)),
    ),
    max_size=6,
)


def play(store: Any, story: Any) -> tuple[int, list[tuple[int, int, HistogramData]]]:
    """The run, and its events (step, batch, histogram) in order of (step, arrival)."""
    run, kept, batch = store.run(), [], 0
    writer = store.writer(run)
    for what, argument in story:
        if what == "watch":
            batches = range(batch, batch + len(argument))
            batch += len(argument)
            writer.watch(column([step for step, _ in argument], [h for _, h in argument], batches))
            kept += [(s, b, h) for (s, h), b in zip(argument, batches, strict=True)]
        elif what == "seal":
            store.seal(run)
        else:
            writer = store.writer(run, "rewind", writer.attempt_id, argument)
            kept = [event for event in kept if event[0] <= argument]
    return run, sorted(kept, key=lambda event: event[0])


def column(steps: Any, found: list[HistogramData], batches: Any) -> HistogramColumn:
    as_bytes = [np.array(numbers, "<i8").tobytes() for numbers in (steps, batches)]
    return HistogramColumn(KEY, as_bytes[0], as_bytes[1], found, as_bytes[1])


def same(columns: dict[str, Any], wanted: list[tuple[int, int, HistogramData]]) -> bool:
    """Whether the columns hold these events, every field of them."""
    datas = [data for _, _, data in wanted]
    assert columns["step"].tolist() == [step for step, _, _ in wanted]
    assert columns["batch"].tolist() == [batch for _, batch, _ in wanted]
    for name in ("lo", "hi", "n", "nan", "pos_inf", "zeros", "total", "squares", "flags"):
        assert columns[name].tolist() == [getattr(data, name) for data in datas], name
    counts = [np.frombuffer(d.counts, COUNT_TYPES[d.count_type]).tolist() for d in datas]
    assert columns["bins"].tolist() == [len(some) for some in counts]
    assert columns["counts"].tolist() == sum(counts, [])
    edges = [np.frombuffer(data.edges, "<f8").tolist() for data in datas]
    assert columns["edged"].tolist() == [bool(some) for some in edges]
    assert columns["edges"].tolist() == sum(edges, [])
    keys = [np.frombuffer(data.magnitude_keys, "<i2").tolist() for data in datas]
    assert columns["magnitude_bins"].tolist() == [len(some) for some in keys]
    assert columns["magnitude_keys"].tolist() == sum(keys, [])
    assert columns["magnitude_counts"].tolist() == sum(
        (list(range(1, len(k) + 1)) for k in keys), []
    )
    return True


WINDOW_ENDS = st.none() | st.integers(-1, 21)


# One test of four properties: what an example is made of costs more than what it proves.
@examples(1000)
@given(
    story=stories,
    window=st.tuples(WINDOW_ENDS, WINDOW_ENDS),
    limit=st.integers(1, 5),
    places=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    buckets=st.integers(2, 8),
)
def test_events_of_a_window_each_kth_some_by_position_and_sums_of_buckets_are_those_of_plain_lists(
    store: Any, story: Any, window: Any, limit: int, places: tuple[int, int], buckets: int
) -> None:
    run, wanted = play(store, story)
    every_event_of_the_window_comes_back_whole_and_in_order(store, run, wanted, *window)
    the_sums_of_buckets_are_those_of_their_events(store, run, wanted, buckets)
    if wanted:
        with_a_limit_each_kth_event_comes_back_and_always_the_last(store, run, wanted, limit)
        events_are_picked_by_position(store, run, wanted, *places)


def every_event_of_the_window_comes_back_whole_and_in_order(
    store: Any, run: int, wanted: list[Any], low: Any, high: Any
) -> None:
    answer = store.ask(query_histograms, HistogramQuery([run], [KEY], x0=low, x1=high))
    inside = [e for e in wanted if (low is None or e[0] >= low) and (high is None or e[0] <= high)]
    if not wanted:
        assert answer.series == []
        return
    (series,) = answer.series
    assert (series.n, series.in_window, series.stride) == (len(wanted), len(inside), 1)
    assert same(series.columns, inside)


def with_a_limit_each_kth_event_comes_back_and_always_the_last(
    store: Any, run: int, wanted: list[Any], limit: int
) -> None:
    (series,) = store.ask(query_histograms, HistogramQuery([run], [KEY], limit=limit)).series
    positions = series.columns["ordinal"].tolist()
    assert len(positions) <= limit and positions[-1] == len(wanted) - 1
    assert set(np.diff(positions).tolist()) <= {series.stride}
    assert same(series.columns, [wanted[i] for i in positions])


def events_are_picked_by_position(
    store: Any, run: int, wanted: list[Any], first: int, last: int
) -> None:
    query = HistogramQuery([run], [KEY], ordinals=(first, last), magnitude=False)
    (series,) = store.ask(query_histograms, query).series
    assert series.columns["step"].tolist() == [e[0] for e in wanted[first : last + 1]]
    assert "magnitude_bins" not in series.columns


def the_sums_of_buckets_are_those_of_their_events(
    store: Any, run: int, wanted: list[Any], buckets: int
) -> None:
    answer = store.ask(query_tensors, TensorQuery(run, "gradients/", buckets=buckets))
    if not wanted:
        assert answer.tensors == []
        return
    (tensor,) = answer.tensors
    columns = tensor.columns
    for i, bucket in enumerate(columns["bucket"].tolist()):
        inside = [e for e in wanted if e[0] // answer.grid.width == bucket]
        datas = [data for _, _, data in inside]
        assert columns["events"][i] == len(inside)
        assert (columns["x_first"][i], columns["x_last"][i]) == (inside[0][0], inside[-1][0])
        for name in ("nan", "zeros"):
            assert columns[name][i] == sum(getattr(data, name) for data in datas)
        broken = [step for step, _, data in inside if data.nan + data.pos_inf + data.neg_inf]
        np.testing.assert_equal(columns["x_bad"][i], broken[0] if broken else math.nan)
        assert columns["n"][i] == pytest.approx(math.fsum(d.n for d in datas), rel=1e-12)
        assert columns["squares"][i] == pytest.approx(sum(d.squares for d in datas), abs=1e-6)
        lows = [data.lo for data in datas if data.n]
        np.testing.assert_equal(columns["lo"][i], min(lows, default=math.nan))
    assert sum(columns["events"]) == len(wanted)


def test_tensors_come_in_the_order_in_which_they_first_arrived(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    keys = [f"gradients/{name}" for name in ("z", "a", "m")]
    empty = HistogramData(0.0, 0.0, b"", 0, 0.0)
    eight = np.zeros(1, "<i8").tobytes()
    for start in (0, 1):
        some = keys[start : start + 2]
        writer.watch(*(HistogramColumn(key, eight, eight, [empty]) for key in some))
        if start == 0:
            store.seal(run)
    answer = store.ask(query_tensors, TensorQuery(run, "gradients/"))
    assert [tensor.key for tensor in answer.tensors] == keys
