"""Whatever is logged comes back: client, spool, server and query against a list of points."""

from __future__ import annotations

import math
import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lossboard

KEYS = ("loss", "train/accuracy", "nested.value")
STEPS = 400  # below the number of buckets: one bucket a step
VALUES = st.floats(width=64) | st.integers(-(2**53), 2**53)
CALLS = st.lists(
    st.tuples(
        st.integers(0, STEPS - 1), st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1)
    ),
    min_size=1,
    max_size=40,
)
Points = dict[tuple[str, int], list[float]]


def logged_points(calls: Iterable[tuple[int, dict[str, float]]]) -> Points:
    """Values by key and step in order of arrival: every call is a row of its own at its step."""
    points: Points = defaultdict(list)
    for step, data in calls:
        for key, value in data.items():
            points[key, step].append(float(value))
    return points


def log_run(base_url: str, project: str, calls: list[tuple[int, dict[str, float]]]) -> str:
    run = lossboard.init(project=project, settings={"base_url": base_url, "silent": True})
    for step, data in calls:
        run.log(data, step=step, commit=True)
    run.finish()
    return str(run.id)


def queried_series(base_url: str, project: str, run_id: str) -> list[dict[str, Any]]:
    run = httpx.get(f"{base_url}/api/runs/local/{project}/{run_id}").raise_for_status().json()
    question = {
        "runs": [run["uid"]],
        "keys": list(KEYS),
        "kind": "scalar",
        "x": "step",
        "x0": 0,
        "x1": STEPS - 1,
        "buckets": STEPS,
    }
    answer = httpx.post(f"{base_url}/api/query/series", json=question).raise_for_status().json()
    assert answer["grid"]["width"] == 1
    return list(answer["series"])


def buckets(series: dict[str, Any]) -> Iterable[tuple[tuple[str, int], dict[str, float]]]:
    names = list(series["columns"])
    for values in zip(*series["columns"].values(), strict=True):
        bucket = {name: float(value) for name, value in zip(names, values, strict=True)}
        yield (series["key"], int(bucket["bucket"])), bucket


def same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def check_bucket(bucket: dict[str, float], values: list[float]) -> None:
    finite = [value for value in values if math.isfinite(value)]
    assert bucket["count"] == len(values)
    assert bucket["finite"] == len(finite)
    assert bucket["nan"] == sum(map(math.isnan, values))
    assert bucket["pos_inf"] == values.count(math.inf)
    assert bucket["neg_inf"] == values.count(-math.inf)
    assert same(bucket["min"], min(finite, default=math.nan))
    assert same(bucket["max"], max(finite, default=math.nan))
    assert same(bucket["first"], values[0])
    assert same(bucket["last"], values[-1])


@pytest.fixture
def here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spools of the test's runs lie in its own directory."""
    monkeypatch.chdir(tmp_path)


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=CALLS)
def test_a_query_returns_every_point_that_was_logged(
    calls: list[tuple[int, dict[str, float]]], server: Any, here: None
) -> None:
    project = f"path-{uuid.uuid4().hex[:8]}"
    run_id = log_run(server.base_url, project, calls)
    found = dict(
        entry
        for series in queried_series(server.base_url, project, run_id)
        for entry in buckets(series)
    )
    expected = logged_points(calls)
    assert set(found) == set(expected)
    for place, values in expected.items():
        check_bucket(found[place], values)
