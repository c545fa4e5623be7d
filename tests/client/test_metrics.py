"""`define_metric`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb
from lossboard.errors import Error
from lossboard.live_run.metrics import Metric, MetricTable, definition_of


def table(*definitions: Any) -> MetricTable:
    found = MetricTable()
    for definition in definitions:
        found.define(definition, overwrite=False)
    return found


WRONG: list[dict[str, Any]] = [
    {"name": ""},
    {"name": 5},
    {"name": "a*b"},
    {"name": "*a"},
    {"name": "a", "step_metric": 3},
    {"name": "a", "summary": "median"},
    {"name": "a", "summary": 1},
    {"name": "a", "hidden": "yes"},
    {"name": "a", "goal": "higher"},
]


@pytest.mark.covers("define_metric")
@pytest.mark.parametrize("arguments", WRONG, ids=str)
def test_wrong_arguments_raise_wandbs_error(arguments: dict[str, Any]) -> None:
    with pytest.raises(Error, match="define_metric"):
        definition_of(**arguments)


def test_a_step_metric_is_synced_unless_told_else() -> None:
    assert definition_of("a", step_metric="epoch").step_sync
    assert not definition_of("a", step_metric="epoch", step_sync=False).step_sync
    assert not definition_of("a").step_sync


@pytest.mark.covers("define_metric")
def test_definitions_of_one_name_add_up_and_overwrite_begins_anew() -> None:
    found = table(definition_of("a", hidden=True), definition_of("a", summary="min"))
    merged = found.define(definition_of("a", summary="max"), overwrite=False)
    assert (merged.hidden, merged.summary) == (True, ("min", "max"))
    assert found.define(definition_of("a", summary="last"), overwrite=True).summary == ("last",)


def test_an_explicit_name_comes_before_globs_and_longer_globs_before_shorter() -> None:
    found = table(
        definition_of("*", step_metric="s"),
        definition_of("train/*", step_metric="t"),
        definition_of("train/loss", step_metric="l"),
    )
    steps = {key: found.find(key) for key in ("acc", "train/acc", "train/loss", ("train/x", "y"))}
    assert [d.step_metric for d in steps.values() if d] == ["s", "t", "l", "t"]
    assert found.find("_hidden") is None


@pytest.mark.parametrize("order", [1, -1], ids=["longest last", "longest first"])
def test_the_longest_glob_wins_in_whatever_order_they_were_defined(order: int) -> None:
    globs = ["*", "train/*", "train/loss/*"][::order]
    found = table(*(definition_of(name, step_metric=f"of {name}") for name in globs))
    definition = found.find("train/loss/x")
    assert definition is not None and definition.step_metric == "of train/loss/*"


@pytest.mark.parametrize("order", [1, -1], ids=["longest last", "longest first"])
def test_the_server_takes_the_longest_glob_too(project: str, api: wandb.Api, order: int) -> None:
    with wandb.init() as run:
        for name, summary in [("*", "min"), ("train/*", "max")][::order]:
            run.define_metric(name, summary=summary)
        for value in (1.0, 3.0, 2.0):
            run.log({"train/loss": value})
    stored = api.run(f"{run.entity}/{project}/{run.id}")
    assert stored.summary["train/loss"] == {"max": 3.0}


def test_a_missing_step_metric_is_put_into_the_row_with_its_last_value() -> None:
    found = table(definition_of("*", step_metric="epoch"))
    rows: list[dict[Any, Any]] = [{"loss": 1}, {"epoch": 3}, {"loss": 2}, {"loss": 3, "epoch": 4}]
    for row in rows:
        found.sync(row)
    assert rows == [
        {"loss": 1, "epoch": 0},
        {"epoch": 3},
        {"loss": 2, "epoch": 3},
        {"loss": 3, "epoch": 4},
    ]


def test_rows_without_a_metric_on_it_are_left_alone() -> None:
    found = table(definition_of("train/*", step_metric="epoch"))
    row: dict[Any, Any] = {"other": 1}
    found.sync(row)
    assert row == {"other": 1}


def test_the_returned_metric_says_what_was_defined(offline: Path) -> None:
    run = wandb.init()
    epoch = run.define_metric("epoch")
    metric = run.define_metric("val/*", step_metric=epoch, summary="min,max", goal="minimize")
    assert isinstance(metric, Metric)
    assert (metric.name, metric.step_metric, metric.step_sync) == ("val/*", "epoch", True)
    assert (metric.summary, metric.goal, metric.hidden) == (("min", "max"), "minimize", None)


@pytest.mark.covers("define_metric")
def test_definitions_reach_the_server_and_synced_steps_its_history(
    project: str, api: wandb.Api
) -> None:
    with wandb.init() as run:
        run.define_metric("loss", step_metric="epoch", summary="min")
        run.log({"epoch": 1, "loss": 2.0})
        run.log({"loss": 1.0})
    found = api.run(run.path)
    assert found.history(pandas=False, keys=["epoch", "loss"]) == [
        {"_step": 0, "epoch": 1, "loss": 2.0},
        {"_step": 1, "epoch": 1, "loss": 1.0},
    ]
    assert found.summary["loss"] == {"min": 1.0} == run.summary["loss"]
