"""Last, least, greatest and best values of metrics, as columns, filters and orders of runs."""

from __future__ import annotations

import json
import math
import secrets
from typing import Any

import pytest

from lossboard.wire import MetricDefinition

# run: values of acc, of which the last is not the best; none of it is in a summary
LOGGED: dict[str, list[float]] = {
    "rising": [0.1, 0.5, 0.9],
    "peaked": [0.2, 0.95, 0.3],
    "broken": [0.4, math.inf, math.nan],
    "lost": [math.nan, math.nan, math.nan],
}


@pytest.fixture(scope="module")
def logged(server: Any, writer_of: Any, rows_of: Any) -> tuple[Any, str]:
    """Four runs that logged acc, and one that did not; one of them says that more is better."""
    project = f"values-{secrets.token_hex(4)}"
    for run_id, values in LOGGED.items():
        writer = writer_of(server, project=project, run_id=run_id)
        goal = [MetricDefinition(name="a*", goal="maximize")] if run_id == "rising" else []
        writer.send(rows=rows_of(range(3), acc=values), metrics=goal).raise_for_status()
    other = writer_of(server, project=project, run_id="other")
    other.log(1).raise_for_status()
    return other, project


def column(logged: tuple[Any, str], field: str) -> dict[str, Any]:
    """The field's values by run id."""
    http, path = logged[0].http, f"/api/projects/local/{logged[1]}"
    values = http.get(f"{path}/metrics", params={"field": field}).raise_for_status().json()
    runs = http.get(f"{path}/runs").json()["runs"]
    found = values["values"][field]
    return {run["run_id"]: found[str(run["uid"])] for run in runs if str(run["uid"]) in found}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("last", {"rising": 0.9, "peaked": 0.3, "broken": "NaN", "lost": "NaN"}),
        ("min", {"rising": 0.1, "peaked": 0.2, "broken": 0.4, "lost": "NaN"}),
        ("max", {"rising": 0.9, "peaked": 0.95, "broken": "Infinity", "lost": "NaN"}),
        ("best", {"rising": 0.9, "peaked": 0.95, "broken": "Infinity", "lost": "NaN"}),
    ],
)
def test_every_metric_has_a_last_least_greatest_and_best_value(
    logged: tuple[Any, str], aggregate: str, expected: dict[str, Any]
) -> None:
    assert column(logged, f"{aggregate}.acc") == expected


def best_of(writers: dict[str, Any], *asked: str) -> dict[str, float]:
    """Best acc by run id, asked for these runs alone."""
    uids = {str(writer.run()["uid"]): run_id for run_id, writer in writers.items()}
    http, project = writers["plain"].http, writers["plain"].start.project
    wanted = ",".join(uid for uid, run_id in uids.items() if run_id in asked)
    query = {"field": "best.acc", "runs": wanted}
    answer = http.get(f"/api/projects/local/{project}/metrics", params=query).raise_for_status()
    return {uids[uid]: value for uid, value in answer.json()["values"]["best.acc"].items()}


def test_what_is_best_in_a_run_does_not_depend_on_the_runs_asked_for(
    server: Any, writer_of: Any, rows_of: Any
) -> None:
    """The run's own goal counts, else that of the newest run of the project that has one."""
    project = f"goals-{secrets.token_hex(4)}"
    writers = {}
    for run_id, goal in {"least": "minimize", "plain": "", "greatest": "maximize"}.items():
        writers[run_id] = writer_of(server, project=project, run_id=run_id)
        metrics = [MetricDefinition(name="acc", goal=goal)] if goal else []
        rows = rows_of(range(3), acc=[0.1, 0.9, 0.5])
        writers[run_id].send(rows=rows, metrics=metrics).raise_for_status()
    each = {"least": 0.1, "plain": 0.9, "greatest": 0.9}
    assert best_of(writers, "least", "plain", "greatest") == each
    for run_id in each:
        assert best_of(writers, run_id) == {run_id: each[run_id]}
    assert best_of(writers, "least", "plain") == {"least": 0.1, "plain": 0.9}


def test_without_a_goal_nothing_is_best(logged: tuple[Any, str]) -> None:
    assert column(logged, "best.loss") == {}
    assert column(logged, "min.loss") == {"other": 1.0}


def listed(logged: tuple[Any, str], **query: str) -> list[str]:
    answer = logged[0].http.get(f"/api/projects/local/{logged[1]}/runs", params=query)
    return [run["run_id"] for run in answer.raise_for_status().json()["runs"]]


def test_runs_are_sorted_by_what_a_metric_once_was(logged: tuple[Any, str]) -> None:
    assert listed(logged, sort="max.acc", order="desc")[:3] == ["broken", "peaked", "rising"]
    assert listed(logged, sort="min.acc", order="asc")[:3] == ["rising", "peaked", "broken"]


def test_runs_are_filtered_by_what_a_metric_once_was(logged: tuple[Any, str]) -> None:
    nested = {"$or": [{"max.acc": {"$gt": 0.92}}, {"$and": [{"last.acc": {"$gte": 0.9}}]}]}
    assert sorted(listed(logged, filter=json.dumps(nested))) == ["broken", "peaked", "rising"]


def test_a_value_follows_what_is_logged_later(writer: Any) -> None:
    path = f"/api/projects/local/{writer.start.project}/metrics"
    for step in (3, 1):
        writer.log(step).raise_for_status()
        uid = str(writer.run()["uid"])
        values = writer.http.get(path, params={"field": ["min.loss", "last.loss"]}).json()["values"]
        assert values == {"min.loss": {uid: float(step)}, "last.loss": {uid: float(step)}}


@pytest.mark.parametrize("field", ["acc", "mean.acc", "min"])
def test_what_is_no_value_of_a_metric_is_refused(logged: tuple[Any, str], field: str) -> None:
    path = f"/api/projects/local/{logged[1]}/metrics"
    assert logged[0].http.get(path, params={"field": field}).status_code == 422
