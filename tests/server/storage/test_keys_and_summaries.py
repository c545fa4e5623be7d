"""The catalogue and the summaries of runs against plain dicts."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from tests.examples import examples

from lossboard.wire import Column, HistogramColumn, HistogramData, Record, Rows
from lossboard_server.database import schema
from lossboard_server.queries import keys, last_steps, summaries

pytestmark = pytest.mark.usefixtures("small_blocks")

numbers = st.one_of(st.integers(-9, 9), st.floats(-10, 10), st.sampled_from([math.inf, math.nan]))
rows = st.tuples(
    st.sampled_from([1, 1, 1, 0, 5, -7]),
    st.dictionaries(st.sampled_from(["a", "b", "t"]), numbers, min_size=1),
)
parts = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), st.lists(rows, min_size=1, max_size=12)),
        st.just(("seal", None)),
        st.just(("resume", None)),
    ),
    max_size=8,
)


class Story:
    """Plays parts into a store and into a list."""

    def __init__(self, store: Any) -> None:
        self.store, self.run = store, store.run()
        self.writer = store.writer(self.run)
        self.logged: list[tuple[int, int, dict[str, Any]]] = []
        self.step, self.time_us = 0, 1000

    def play(self, parts: Any) -> Story:
        for what, argument in parts:
            if what == "rows":
                self.log(*argument)
            elif what == "seal":
                self.store.seal(self.run)
            else:
                self.writer = self.store.writer(self.run, "resume", self.writer.attempt_id)
        return self

    def log(self, *rows: Any) -> None:
        some = []
        for step, values in rows:
            self.step, self.time_us = self.step + step, self.time_us + 10
            some.append((self.step, self.time_us, values))
        self.logged += some
        self.writer.log(*some)

    def set(self, **columns: Any) -> None:
        """Set JSON columns of the run."""
        run, values = schema.run, {name: json.dumps(value) for name, value in columns.items()}
        with self.store.connection.begin():
            self.store.connection.execute(update(run).where(run.c.id == self.run).values(values))

    def summary(self) -> dict[str, Any]:
        """Without what it says of the last row."""
        found = self.store.ask(summaries, [self.run])[self.run]
        return {key: value for key, value in found.items() if not key.startswith("_")}


def same(one: Any, two: Any) -> bool:
    """Equal in type and value, where NaN equals NaN."""
    return repr(one) == repr(two)


# One test of three properties: what an example is made of costs more than what it proves.
@examples(1000)
@given(parts=parts)
def test_the_catalogue_the_summary_and_defined_metrics_tell_what_was_logged(
    store: Any, parts: Any
) -> None:
    story = Story(store).play(parts)
    the_catalogue_counts_what_was_logged(story)
    the_summary_is_the_last_value_that_arrived(story)
    define_metric_replaces_the_last_value_by_its_operations(story)


def the_catalogue_counts_what_was_logged(story: Story) -> None:
    found = {one.key: one for one in story.store.ask(keys, [story.run])}
    assert found.keys() == {key for _, _, values in story.logged for key in values}
    for key, one in found.items():
        places = [(step, time_us) for step, time_us, values in story.logged if key in values]
        assert one.n == len(places)
        assert (one.min_step, one.max_step) == (min(places)[0], max(places)[0])
        times = [time_us for _, time_us in places]
        assert (one.min_us, one.max_us) == (min(times), max(times))
    steps = [step for step, _, _ in story.logged]
    assert story.store.ask(last_steps, [story.run]) == {story.run: max(steps, default=None)}


def the_summary_is_the_last_value_that_arrived(story: Story) -> None:
    wanted: dict[str, Any] = {}
    for _, _, values in story.logged:
        wanted |= values
    summary = story.summary()
    assert summary.keys() == wanted.keys()
    assert all(same(summary[key], wanted[key]) for key in wanted)


def define_metric_replaces_the_last_value_by_its_operations(story: Story) -> None:
    operations = ["min", "max", "mean", "first", "last"]
    story.set(metrics_json={"a": {"name": "a", "summary": operations}, "t*": {"summary": ["none"]}})
    logged = [values["a"] for _, _, values in story.logged if "a" in values]
    summary = story.summary()
    assert "t" not in summary and ("a" in summary) == bool(logged)
    if logged:
        array = np.array(logged, float)
        with np.errstate(invalid="ignore"):
            numeric = [array.min(), array.max(), array.mean()]
        found = [summary["a"][name] for name in operations]
        np.testing.assert_allclose(np.array(found[:3], float), numeric, rtol=1e-9, atol=1e-9)
        assert same(found[3:], [logged[0], logged[-1]])


def test_a_value_set_by_hand_stands_until_its_key_is_logged_again(store: Any) -> None:
    story = Story(store)
    story.log((1, {"a": 1, "b": 2}))
    story.set(set_summary_json={"a": ["by hand", 1005], "b": ["old", 900], "c": [3, 5]})
    assert story.summary() == {"a": 1, "b": 2, "c": 3}
    story.set(set_summary_json={"a": ["by hand", 1010]})
    assert story.summary() == {"a": "by hand", "b": 2}
    story.log((1, {"a": 7}))
    assert story.summary() == {"a": 7, "b": 2}


def test_values_of_nested_dicts_are_nested_again(store: Any) -> None:
    story = Story(store)
    eight, number = np.zeros(1, "<i8").tobytes(), np.ones(1).tobytes()
    paths = (("a", "b"), ("a", "c", "d"), ())
    columns = [Column(".".join(path) or "e.f", number, path=path) for path in paths]
    story.writer.send(Record(version=1, rows=Rows(eight, eight, columns)))
    for _ in range(2):
        assert story.summary() == {"a": {"b": 1.0, "c": {"d": 1.0}}, "e.f": 1.0}
        assert [one.path for one in store.ask(keys, [story.run])] == [list(path) for path in paths]
        store.seal(story.run)


@pytest.mark.parametrize("seal", [False, True])
def test_a_rewound_run_is_summed_up_as_of_the_cut(store: Any, seal: bool) -> None:
    story = Story(store)
    story.log(*((1, {"a": step, "b": float(step), "c": f"at {step}"}) for step in range(1, 31)))
    if seal:
        store.seal(story.run)
    store.writer(story.run, "rewind", story.writer.attempt_id, 12)
    assert story.summary() == {"a": 12, "b": 12.0, "c": "at 12"}
    assert isinstance(story.summary()["a"], int)
    assert {one.n for one in store.ask(keys, [story.run])} == {12}
    assert store.ask(last_steps, [story.run]) == {story.run: 12}


def test_the_catalogue_names_watched_histograms_and_media(store: Any) -> None:
    story = Story(store)
    eight, empty = np.zeros(1, "<i8").tobytes(), HistogramData(0.0, 0.0, b"", 0, 0.0)
    story.log((1, {"image": {"_type": "image-file", "path": "media/x.png"}, "note": "text"}))
    story.writer.watch(
        HistogramColumn("gradients/w", eight, eight, [empty], eight),
        HistogramColumn("mine", eight, eight, [empty]),
    )
    for _ in range(2):
        listed = store.ask(keys, [story.run])
        found = {one.key: (one.kind, one.watched, one.media) for one in listed}
        assert found["image"] == ("json", False, "image-file")
        assert found["note"] == ("json", False, None)
        assert found["gradients/w"] == ("histogram", True, None)
        assert found["mine"] == ("histogram", False, None)
        store.seal(story.run)
