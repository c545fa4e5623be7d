"""A series of real length, with blocks of real size, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard.wire import Column, Record, Rows
from lossboard_server.queries import SeriesQuery, query_series
from lossboard_server.storage.entries import scalar

N = 300_000


class Long:
    """A run with late and repeated steps, spikes and non-finite values, and its columns."""

    def __init__(self, store: Any) -> None:
        self.run = store.run()
        writer = store.writer(self.run)
        rng = np.random.default_rng(7)
        self.steps = np.arange(N) * 3
        late = rng.choice(N, 500, replace=False)
        self.steps[late] = rng.integers(0, 3 * N, 500)
        self.times = np.arange(N) * 1000 + rng.integers(0, 900, N)
        self.values = rng.normal(size=N)
        self.values[rng.choice(N, 900, replace=False)] = np.repeat([np.nan, np.inf, -np.inf], 300)
        self.values[rng.choice(N, 20, replace=False)] = 1e9
        for start in range(0, N - 3000, 9000):
            self._send(store, writer, slice(start, min(start + 9000, N - 3000)))
            store.seal(self.run)
        self._send(store, writer, slice(N - 3000, N))  # stays in the tail

    def _send(self, store: Any, writer: Any, part: slice) -> None:
        columns = [
            Column("v", self.values[part].tobytes()),
            Column("count", np.arange(N, dtype="<f8")[part].tobytes(), b"\1"),
        ]
        steps, times = self.steps[part].tobytes(), self.times[part].tobytes()
        writer.send(Record(version=1, rows=Rows(steps, times, columns)))


@pytest.fixture(scope="module")
def long(store: Any) -> Long:
    """Logged once, read by all examples."""
    return Long(store)


edges = st.none() | st.integers(-100, 3 * N)


@examples(1000)
@given(
    axis=st.sampled_from(["step", "time", "metric:count"]),
    x0=edges,
    x1=edges,
    buckets=st.integers(2, 3000),
)
def test_a_window_of_a_long_series_is_exact(
    store: Any, long: Long, axis: str, x0: Any, x1: Any, buckets: int
) -> None:
    scale = {"step": 1, "time": 333}.get(axis, 1 / 3)
    low, high = (None if x is None else x * scale for x in (x0, x1))
    query = SeriesQuery([long.run], ["v"], x=axis, x0=low, x1=high, buckets=buckets)
    (found,) = store.ask(query_series, query).series
    x = {"step": long.steps, "time": long.times}.get(axis, np.arange(N))
    inside = np.ones(N, bool) if low is None else x >= low
    inside &= True if high is None else x <= high
    values = long.values[inside]
    finite = values[np.isfinite(values)]
    columns = found.columns
    assert found.n == N and found.in_window == len(values) == columns["count"].sum()
    assert columns["finite"].sum() == len(finite)
    assert columns["nan"].sum() == np.isnan(values).sum()
    assert len(columns["bucket"]) <= buckets
    if len(finite):
        assert np.nanmax(columns["max"]) == finite.max()
        assert np.nanmin(columns["min"]) == finite.min()
        total = np.nansum(columns["mean"] * columns["finite"])
        assert total == pytest.approx(finite.sum(), rel=1e-9, abs=1e-3)
        ends = (columns["x_first"].min(), columns["x_last"].max())
        assert ends == (x[inside].min(), x[inside].max())


def test_numbers_come_back_as_they_were_logged() -> None:
    assert [repr(scalar(5.0, 1)), repr(scalar(5.0, 0))] == ["5", "5.0"]
