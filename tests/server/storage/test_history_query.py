"""History rows against plain dicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard.wire import HistogramColumn, HistogramData
from lossboard_server.queries import HistoryQuery, query_history

pytestmark = pytest.mark.usefixtures("small_blocks")

WATCHED = "gradients/w"

cell_values = st.one_of(
    st.integers(-9, 9),
    st.floats(-10, 10),
    st.sampled_from([math.inf, "text", True, None, [1, {"a": 2}]]),
)
rows = st.tuples(
    st.sampled_from([1, 1, 1, 0, 5, -7]), st.dictionaries(st.sampled_from("abc"), cell_values)
)
parts = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), st.lists(rows, min_size=1, max_size=15)),
        st.tuples(st.just("watch"), st.just(None)),
        st.tuples(st.just("seal"), st.just(None)),
        st.tuples(st.sampled_from(["resume", "rewind"]), st.integers(-5, 30)),
    ),
    max_size=9,
)


class Story:
    """Plays parts into a store and into lists."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.run = store.run(started_us=1_000_000)
        self.writer = store.writer(self.run)
        self.logged: list[tuple[int, int, dict[str, Any]]] = []
        self.events: list[tuple[int, int, float]] = []  # step, time, the count it holds
        self.step, self.time_us = 0, 2_000_000

    def play(self, parts: Any) -> Story:
        for what, argument in parts:
            getattr(self, f"_{what}")(argument)
        return self

    def _rows(self, rows: Any) -> None:
        some = []
        for step, values in rows:
            self.step, self.time_us = self.step + step, self.time_us + 500_000
            some.append((self.step, self.time_us, values))
        self.logged += some
        self.writer.log(*some)

    def _watch(self, _: None) -> None:
        self.time_us += 500_000
        number = len(self.events) + 1
        data = HistogramData(0.0, 1.0, np.array([number, 0], "<u4").tobytes(), 2, float(number))
        step, time_us, batch = (
            np.array([i], "<i8").tobytes() for i in (self.step, self.time_us, 1)
        )
        self.writer.watch(HistogramColumn(WATCHED, step, time_us, [data], batch))
        self.events.append((self.step, self.time_us, number))

    def _seal(self, _: None) -> None:
        self.store.seal(self.run)

    def _resume(self, _: int) -> None:
        self.writer = self.store.writer(self.run, "resume", self.writer.attempt_id)

    def _rewind(self, cut: int) -> None:
        self.writer = self.store.writer(self.run, "rewind", self.writer.attempt_id, cut)
        self.logged = [row for row in self.logged if row[0] <= cut]
        self.events = [event for event in self.events if event[0] <= cut]

    def rows(self, keys: set[str] | None = None) -> list[dict[str, Any]]:
        """What history has to be, of all keys or made of these alone."""
        merged: dict[int, dict[str, Any]] = {}
        for step, time_us, values in self.logged:
            if keys is not None and not keys & values.keys():
                continue
            place = {"_step": step, "_timestamp": time_us / 1e6, "_runtime": time_us / 1e6 - 1}
            merged[step] = merged.get(step, {}) | place | values
        found = [merged[step] for step in sorted(merged)]
        for step, time_us, number in sorted(self.events, key=lambda event: event[0]):
            for row in found:
                if row["_step"] >= step and row["_timestamp"] >= time_us / 1e6:
                    value = {"values": [number, 0], "bins": [0.0, 0.5, 1.0]}
                    row[WATCHED] = {"_type": "histogram"} | value
                    break
        return found


def pages(story: Story, **query: Any) -> list[dict[str, Any]]:
    """All pages, one after another."""
    rows: list[dict[str, Any]] = []
    start = query.pop("min_step", None)
    while True:
        page = story.store.ask(query_history, HistoryQuery(story.run, min_step=start, **query))
        assert len(page.rows) <= query["limit"]
        rows += page.rows
        if page.next_step is None:
            return rows
        start = page.next_step


def typed(rows: list[dict[str, Any]]) -> list[Any]:
    """Rows that differ where an int became a float, and times to the microsecond."""
    return [
        sorted((key, type(value).__name__, _rounded(value)) for key, value in row.items())
        for row in rows
    ]


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) and math.isfinite(value) else str(value)


WINDOW_ENDS = st.none() | st.integers(-8, 40)


# One test of three properties: what an example is made of costs more than what it proves.
@examples(1000)
@given(
    parts=parts,
    most=st.integers(1, 12),
    keys=st.lists(st.sampled_from(["a", "b", WATCHED, "_step"]), unique=True),
    low=WINDOW_ENDS,
    high=WINDOW_ENDS,
)
def test_rows_of_a_window_rows_with_named_keys_and_samples_are_those_of_plain_dicts(
    store: Any, parts: Any, most: int, keys: list[str], low: Any, high: Any
) -> None:
    story = Story(store).play(parts)
    each_step_is_one_row_with_the_last_value_of_each_key(story, most, low, high)
    with_keys_only_rows_that_have_all_of_them_come_back(story, most, keys)
    for named in (keys, None):
        window = {"keys": named, "min_step": low, "max_step": high}
        samples_are_rows_at_even_distances_with_the_extremes_of_the_keys_asked_for(
            story, most, window
        )


def each_step_is_one_row_with_the_last_value_of_each_key(
    story: Story, limit: int, low: Any, high: Any
) -> None:
    wanted = [
        row
        for row in story.rows()
        if (low is None or row["_step"] >= low) and (high is None or row["_step"] < high)
    ]
    assert typed(pages(story, limit=limit, min_step=low, max_step=high)) == typed(wanted)


def with_keys_only_rows_that_have_all_of_them_come_back(
    story: Story, limit: int, keys: list[str]
) -> None:
    named = set(keys) - {"_step"}
    kept = {"_step", "_timestamp", "_runtime", *keys}
    wanted = [
        {key: value for key, value in row.items() if key in kept}
        for row in story.rows(named if named and WATCHED not in keys else None)
        if named <= row.keys()
    ]
    assert typed(pages(story, limit=limit, keys=keys)) == typed(wanted)


def samples_are_rows_at_even_distances_with_the_extremes_of_the_keys_asked_for(
    story: Story, samples: int, window: dict[str, Any]
) -> None:
    rows = pages(story, limit=1000, **window)
    places = np.linspace(0, len(rows) - 1, samples).round().astype(int)
    wanted = rows if len(rows) <= samples else [rows[place] for place in places]
    query = HistoryQuery(story.run, samples=samples, **window)
    found = story.store.ask(query_history, query).rows
    extremes = extreme_rows(rows, set(window["keys"] or ()) & {"a", "b"})
    missing = [row for row in extremes if row not in typed(wanted)]
    if not missing:
        assert typed(found) == typed(wanted)
    elif len(extremes) <= samples:
        assert all(row in typed(found) for row in extremes)
        assert len(found) <= samples
        assert all(row in typed(rows) for row in typed(found))


def extreme_rows(rows: list[dict[str, Any]], keys: set[str]) -> list[Any]:
    """The first rows with the least, the greatest and a non-finite number of each key."""
    found = []
    for key in keys:
        numbers = [row for row in rows if type(row.get(key)) in (int, float)]
        finite = [row for row in numbers if math.isfinite(row[key])]
        broken = [row for row in numbers if not math.isfinite(row[key])]
        found += broken[:1]
        if finite:
            found += [min(finite, key=lambda row: row[key]), max(finite, key=lambda row: row[key])]
    return [row for i, row in enumerate(typed(found)) if row not in typed(found)[:i]]


def test_histograms_that_were_logged_stand_in_their_own_row(store: Any) -> None:
    story = Story(store)
    data = HistogramData(0.0, 2.0, np.array([0.5, 1], "<f8").tobytes(), 4, 1.5)
    step, time_us = (np.array([i], "<i8").tobytes() for i in (3, 7))
    story.writer.log((3, 7, {}), (4, 8, {"a": 1}))
    story.writer.watch(HistogramColumn("mine", step, time_us, [data]))
    first, second = store.ask(query_history, HistoryQuery(story.run)).rows
    assert first["mine"] == {"_type": "histogram", "values": [0.5, 1.0], "bins": [0.0, 1.0, 2.0]}
    assert "mine" not in second


def test_system_metrics_are_a_history_of_their_own(store: Any) -> None:
    story = Story(store)
    story.writer.system((0, 10, {"cpu": 5.0}), (1, 20, {"cpu": 6, "gpu": "off"}))
    story.writer.log((9, 30, {"loss": 1.0}))
    rows = store.ask(query_history, HistoryQuery(story.run, stream="system")).rows
    assert [(row["_step"], row["cpu"], row.get("gpu")) for row in rows] == [
        (0, 5.0, None),
        (1, 6, "off"),
    ]
    assert [row["_step"] for row in store.ask(query_history, HistoryQuery(story.run)).rows] == [9]


def test_a_spike_is_among_few_samples_of_many_rows(store: Any) -> None:
    run = store.run()
    spike = {1234: 99.0, 2345: -7.0, 456: math.nan}
    writer = store.writer(run)
    writer.log(*((step, step, {"loss": spike.get(step, 1.0)}) for step in range(3000)))
    query = HistoryQuery(run, samples=10, keys=["loss"])
    rows = store.ask(query_history, query).rows
    assert len(rows) <= 10
    assert {0, 456, 1234, 2345, 2999} <= {row["_step"] for row in rows}
