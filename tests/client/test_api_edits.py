"""Edits through `lossboard.Api()`: what is changed is stored, or says why not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

import lossboard as wandb
from lossboard.errors import CommError


@pytest.fixture
def edited(api: wandb.Api, project: str) -> Any:
    """A finished run, as the Api has it."""
    config = {"model": {"layers": 3, "sizes": [1, 2]}, "lr": 0.1, "flag": True, "count": 1}
    with wandb.init(config=config) as run:
        run.log({"acc": 0.5, "nested": {"top1": 0.1}})
    return api.run(run.path)


def shown(summary: Any) -> dict[str, Any]:
    """A summary without what follows from the rows."""
    return {key: value for key, value in summary.items() if not key.startswith("_")}


def kinds(value: Any) -> Any:
    """Values with their types: 1, 1.0 and True are three."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    return [kinds(item) for item in value] if isinstance(value, list) else (type(value), value)


@pytest.mark.covers("Run.update")
def test_an_edit_inside_a_nested_value_is_stored(api: wandb.Api, edited: Any) -> None:
    edited.config["model"]["layers"] = 99
    edited.config["model"]["sizes"].append(3)
    edited.summary["nested"]["top1"] = 0.9
    edited.update()
    again = api.run("/".join(edited.path))
    assert again.config["model"] == {"layers": 99, "sizes": [1, 2, 3]}
    assert again.summary["nested"] == {"top1": 0.9}


@pytest.mark.covers("Run.update")
@pytest.mark.parametrize(
    ("key", "value"), [("flag", 1), ("count", 1.0), ("count", True), ("lr", 0.1), ("flag", None)]
)
def test_a_value_that_changes_its_type_alone_is_stored(
    api: wandb.Api, edited: Any, key: str, value: Any
) -> None:
    edited.config[key] = edited.summary[key] = value
    edited.update()
    again = api.run("/".join(edited.path))
    assert kinds(again.config[key]) == kinds(again.summary[key]) == (type(value), value)


@pytest.mark.covers("Run.update")
def test_numpy_torch_and_non_finite_values_are_stored_as_log_does(
    api: wandb.Api, edited: Any
) -> None:
    given = {
        "f32": np.float32(0.5),
        "i64": np.int64(3),
        "array": np.array([1, 2]),
        "tensor": torch.tensor(2.5),
        "infinite": -math.inf,
        "wide": 2**70,
        "inside": [{"deep": np.float64(1.5)}, math.inf],
    }
    edited.config.update(given)
    edited.summary.update({**given, "nan": math.nan})
    edited.config["nan"] = math.nan
    edited.update()
    again = api.run("/".join(edited.path))
    expected = {
        "f32": 0.5,
        "i64": 3,
        "array": [1, 2],
        "tensor": 2.5,
        "infinite": -math.inf,
        "wide": 2**70,
        "inside": [{"deep": 1.5}, math.inf],
    }
    for values in (again.config, again.summary):
        assert kinds({key: values[key] for key in expected}) == kinds(expected)
        assert math.isnan(values["nan"])


@pytest.mark.covers("Run.update")
def test_keys_are_removed_and_renamed(api: wandb.Api, edited: Any) -> None:
    edited.summary["accuracy"] = edited.summary["acc"]
    del edited.summary["acc"]
    edited.config["rate"] = edited.config.pop("lr")
    edited.update()
    again = api.run("/".join(edited.path))
    assert shown(again.summary) == {"accuracy": 0.5, "nested": {"top1": 0.1}}
    assert set(again.config) == {"model", "flag", "count", "rate"}


@pytest.mark.covers("Run.update")
def test_all_of_a_config_can_be_replaced(api: wandb.Api, edited: Any) -> None:
    edited.config = {"only": 1}
    edited.update()
    assert api.run("/".join(edited.path)).config == {"only": 1}
    with pytest.raises(TypeError, match="the config of a run is a dict"):
        edited.config = [1]


@pytest.mark.covers("Run.update")
def test_what_describes_a_run_can_be_set_and_emptied(api: wandb.Api, edited: Any) -> None:
    edited.name, edited.group, edited.job_type, edited.notes = "n", "g", "eval", "text"
    edited.tags.append("a")
    edited.save()
    again = api.run("/".join(edited.path))
    assert (again.name, again.group, again.job_type, again.notes) == ("n", "g", "eval", "text")
    assert again.tags == ["a"]
    again.group = again.job_type = None
    again.update()
    last = api.run("/".join(edited.path))
    assert (last.name, last.group, last.job_type, last.display_name) == ("n", "", "", "n")


@pytest.mark.parametrize(
    ("field", "value"),
    [("tags", "abc"), ("tags", [1]), ("tags", 5), ("name", 5), ("group", ["g"]), ("notes", 1.5)],
)
def test_a_description_of_a_wrong_type_is_refused_where_it_is_set(
    edited: Any, field: str, value: Any
) -> None:
    with pytest.raises(TypeError, match=r"of a run is text|tags is a list of texts"):
        setattr(edited, field, value)


class Refusing:
    def __repr__(self) -> str:
        raise RuntimeError("no text")

    __str__ = __repr__


@pytest.mark.covers("Run.update")
def test_one_bad_value_costs_no_other(api: wandb.Api, edited: Any) -> None:
    edited.summary["bad"], edited.summary["good"] = Refusing(), 1
    edited.config["good"], edited.notes = 2, "noted"
    edited.tags.extend(["kept", 7])
    with pytest.raises(TypeError, match="'bad'.*'tags'"):
        edited.update()
    again = api.run("/".join(edited.path))
    assert (again.summary["good"], again.config["good"], again.notes) == (1, 2, "noted")
    assert again.tags == ["kept"] and "bad" not in again.summary


@pytest.mark.covers("Run.update")
def test_a_value_that_the_server_refuses_costs_no_other(api: wandb.Api, edited: Any) -> None:
    edited.config["large"], edited.config["good"] = "x" * 20_000_000, 2
    with pytest.raises(CommError, match="large"):
        edited.config.update(more=3)
    again = api.run("/".join(edited.path))
    assert (again.config["good"], again.config["more"]) == (2, 3) and "large" not in again.config


@pytest.fixture
def many(api: wandb.Api, project: str) -> str:
    """A project of seven runs with one tag and falling numbers."""
    for number in range(7):
        with wandb.init(tags=["old"], config={"number": -number}, name=f"n{number}"):
            pass
    return project


@pytest.mark.covers("Api.runs")
@pytest.mark.parametrize("order", ["+created_at", "-created_at", "+config.number", "-display_name"])
def test_all_runs_are_deleted_by_a_walk_over_them(api: wandb.Api, many: str, order: str) -> None:
    for run in api.runs(order=order, per_page=2):
        run.delete()
    assert len(api.runs()) == 0


@pytest.mark.covers("Api.runs")
def test_all_runs_are_retagged_by_a_walk_over_those_with_the_old_tag(
    api: wandb.Api, many: str
) -> None:
    walked = api.runs(filters={"tags": "old"}, per_page=2)
    for run in walked:
        run.tags = ["new"]
        run.update()
    assert len(api.runs(filters={"tags": "new"})) == len(walked) == 7


@pytest.mark.covers("Api.runs")
@pytest.mark.parametrize("order", ["+config.number", "-summary_metrics.nothing", "+group", "-name"])
def test_pages_of_any_order_hold_each_run_once(api: wandb.Api, many: str, order: str) -> None:
    whole = [run.id for run in api.runs(order=order)]
    assert [run.id for run in api.runs(order=order, per_page=2)] == whole
    assert len(set(whole)) == 7


@pytest.mark.covers("Api.runs")
def test_next_gives_one_run_after_the_other(api: wandb.Api, many: str) -> None:
    runs = api.runs(per_page=3)
    found = [next(runs).name, runs.next().name, next(runs).name, next(runs).name]
    assert found == ["n0", "n1", "n2", "n3"] and len(runs) == 7
    assert [run.name for run in runs][-1] == "n6"
