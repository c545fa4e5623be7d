"""`run.summary`, and the counting behind it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard.live_run.metrics import MetricTable, definition_of
from lossboard.live_run.summary import Summary
from lossboard.live_run.tally import KeyTally, Tally


class Case:
    """A summary with the rows it follows from, and what it sends."""

    def __init__(self) -> None:
        self.tally, self.metrics = Tally(), MetricTable()
        self.sent: list[Any] = []
        self.summary = Summary(
            {}, tally=self.tally, metrics=self.metrics, on_change=lambda *c: self.sent.append(c)
        )

    def log(self, *rows: dict[Any, Any]) -> Case:
        for row in rows:
            self.tally.add(row)
        return self


@pytest.mark.covers("summary")
def test_the_summary_holds_the_last_value_of_each_key() -> None:
    summary = Case().log({"loss": 1.0, "acc": 5}, {"loss": 0.5}).summary
    assert summary == {"loss": 0.5, "acc": 5}
    assert summary["loss"] == summary.loss == summary.get("loss") == 0.5


def test_none_is_skipped() -> None:
    assert Case().log({"a": 1}, {"a": None}).summary == {"a": 1}


@pytest.mark.covers("summary")
def test_nested_keys_merge_and_can_be_set_through() -> None:
    case = Case().log({("a", "b"): 1}, {("a", "c"): 2})
    assert case.summary.a.b == 1
    case.summary.a.b = 9
    assert case.summary["a"] == {"b": 9, "c": 2}
    assert case.sent == [({"a": {"b": 9, "c": 2}}, [])]


def test_what_is_set_stands_until_the_next_row_has_the_key() -> None:
    case = Case().log({"acc": 1})
    case.summary["acc"] = 10
    assert case.summary["acc"] == 10
    case.log({"acc": 2})
    assert case.summary["acc"] == 2


def test_what_is_set_and_deleted_is_sent_and_what_follows_from_rows_is_not() -> None:
    case = Case().log({"loss": 1})
    case.summary.update({"best": np.float32(2), "text": "x"})
    del case.summary["best"]
    assert case.sent == [({"best": 2.0}, []), ({"text": "x"}, []), ({}, ["best"])]


@pytest.mark.covers("summary")
def test_a_missing_value_is_a_key_error_also_as_an_attribute() -> None:
    summary = Case().summary
    with pytest.raises(KeyError):
        _ = summary["x"]
    with pytest.raises(KeyError):
        _ = summary.x
    assert not hasattr(summary, "x")


@pytest.mark.covers("summary")
def test_it_reads_as_a_dict() -> None:
    summary = Case().log({"a": 1, "b": 2}).summary
    assert dict(summary) == dict(summary.items()) == {"a": 1, "b": 2}
    assert list(summary) == list(summary.keys()) == ["a", "b"]
    assert "a" in summary and len(summary) == 2


@pytest.mark.covers("define_metric")
def test_operations_of_define_metric_replace_the_last_value_from_the_runs_begin_on() -> None:
    case = Case().log({"loss": 3.0}, {"loss": 1.0}, {"loss": 2.0})
    case.metrics.define(definition_of("loss", summary="min,max,mean,first,last"), overwrite=False)
    case.summary.recompute()
    assert case.summary["loss"] == {"min": 1.0, "max": 3.0, "mean": 2.0, "first": 3.0, "last": 2.0}


@pytest.mark.covers("define_metric")
def test_best_follows_the_goal_and_none_leaves_the_key_out() -> None:
    case = Case()
    case.metrics.define(definition_of("acc", summary="best", goal="max"), overwrite=False)
    case.metrics.define(definition_of("hidden*", summary="none"), overwrite=False)
    case.log({"acc": 1, "hidden/a": 1}, {"acc": 3}, {"acc": 2})
    assert case.summary == {"acc": {"best": 3}}


def test_text_has_no_statistics() -> None:
    case = Case()
    case.metrics.define(definition_of("t", summary="max,last"), overwrite=False)
    assert case.log({"t": "x"}).summary == {"t": {"last": "x"}}


numbers = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.integers(-(2**60), 2**60))


@examples(1000)
@given(st.lists(st.lists(numbers, min_size=1, max_size=300), min_size=1, max_size=4))
def test_statistics_are_those_of_numpy(blocks: list[list[float]]) -> None:
    tally = KeyTally()
    for block in blocks:
        tally.add(block)
    values = np.array([float(value) for block in blocks for value in block])
    assert tally.n == len(values)
    np.testing.assert_array_equal(float(tally.lowest), values.min())
    np.testing.assert_array_equal(float(tally.highest), values.max())
    assert tally.first is blocks[0][0] and tally.last is blocks[-1][-1]


@given(st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_samples_are_evenly_spaced_from_the_first_number_on(sizes: list[int]) -> None:
    tally, count = KeyTally(), 0
    for size in sizes:
        tally.add([float(value) for value in range(count, count + size)])
        count += size
    stride = tally.samples[1] - tally.samples[0] if len(tally.samples) > 1 else 1
    assert tally.samples == list(np.arange(0, count, stride))
    assert len(tally.samples) <= 128
    assert len(tally.samples) >= min(count, 64)


def test_rows_that_wait_for_a_device_are_counted_when_they_are_ready() -> None:
    class Waiting:
        is_ready = False

        def ready(self) -> bool:
            return self.is_ready

        def resolve(self) -> float:
            return 5.0

    value, tally = Waiting(), Tally()
    tally.add({"a": 1.0})
    tally.add({"a": value})
    assert tally.fold(wait=False) == {"a": 1.0}
    assert tally.fold(wait=False) == {}
    value.is_ready = True
    assert tally.fold(wait=False) == {"a": 5.0}


def test_numbers_too_large_for_statistics_are_kept_as_the_last_value() -> None:
    tally = KeyTally()
    tally.add([1, 10**400])
    assert tally.last == 10**400
    assert (tally.n, tally.highest, math.isfinite(tally.mean)) == (1, 1, True)
