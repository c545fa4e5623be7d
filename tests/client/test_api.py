"""`lossboard.Api()`: what was logged, read back."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

import lossboard as wandb
from lossboard.api import NotFound
from lossboard.connection import Connection
from lossboard.errors import CommError, UnsupportedError


@pytest.fixture
def three(project: str) -> list[str]:
    """Ids of three runs with lr 0.1, 0.2, 0.3 and accuracies that fall."""
    ids = []
    for number, lr in enumerate((0.1, 0.2, 0.3)):
        with wandb.init(config={"lr": lr}, name=f"run-{number}", tags=[f"t{number}"]) as run:
            run.log({"acc": 1 - lr})
        ids.append(run.id)
    return ids


@pytest.mark.covers("Api.runs")
def test_runs_are_listed_counted_and_indexed(api: wandb.Api, three: list[str]) -> None:
    runs = api.runs(per_page=2)
    assert len(runs) == 3
    assert [run.id for run in runs] == three
    assert runs[-1].id == runs[2].id == three[2]
    assert [run.id for run in runs[1:]] == three[1:]


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"config.lr": {"$gt": 0.15}}, [1, 2]),
    ({"config.lr.value": 0.1}, [0]),
    ({"summary_metrics.acc": {"$lt": 0.85}}, [1, 2]),
    ({"$or": [{"display_name": "run-0"}, {"tags": "t2"}]}, [0, 2]),
    ({"state": "running"}, []),
]


@pytest.mark.covers("Api.runs")
@pytest.mark.parametrize(("filters", "found"), FILTERS)
def test_filters_pick_runs(
    api: wandb.Api, three: list[str], filters: dict[str, Any], found: list[int]
) -> None:
    assert [run.id for run in api.runs(filters=filters)] == [three[index] for index in found]


@pytest.mark.covers("Api.runs")
@pytest.mark.parametrize(
    "order", ["-created_at", "+summary_metrics.acc", "-config.lr.value", "-display_name"]
)
def test_orders_sort_runs(api: wandb.Api, three: list[str], order: str) -> None:
    assert [run.id for run in api.runs(order=order)] == three[::-1]


@pytest.mark.covers("Api.run")
def test_a_run_is_found_by_path_and_by_link(api: wandb.Api, project: str, three: list[str]) -> None:
    for path in (three[0], f"{project}/{three[0]}", f"local/{project}/runs/{three[0]}"):
        assert api.run(path).id == three[0]
    assert api.run(three[0]).url.endswith(f"/local/{project}/runs/{three[0]}")


def test_what_is_not_there_raises(api: wandb.Api, project: str) -> None:
    with pytest.raises(NotFound, match="there is no run"):
        api.run(f"{project}/nothing")
    with pytest.raises(ValueError, match="is not a run"):
        api.run("a/b/c/d/e")


def test_a_server_that_is_away_is_named() -> None:
    with pytest.raises(CommError, match=r"no answer from http://127\.0\.0\.1:9 .*lossboard serve"):
        wandb.Api({"base_url": "http://127.0.0.1:9"}).projects()


@pytest.mark.covers("Api.run")
def test_projects_are_listed(api: wandb.Api, project: str, three: list[str]) -> None:
    found = {found.name: found for found in api.projects()}[project]
    assert (found.run_count, found.path) == (3, ["local", project])
    assert len(api.project(project).runs()) == 3


def logged(count: int = 100) -> wandb.Run:
    with wandb.init() as run:
        for step in range(count):
            row: dict[str, Any] = {"loss": 1 / (step + 1), "epoch": step // 10}
            run.log(row | ({"rare": step} if step % 25 == 0 else {}))
    return run


@pytest.mark.covers("Run.scan_history")
def test_scan_history_gives_every_row_in_pages(api: wandb.Api, project: str) -> None:
    found = api.run(logged().path)
    rows = list(found.scan_history(page_size=7))
    assert [row["_step"] for row in rows] == list(range(100))
    assert rows[3]["loss"] == 0.25 and "_timestamp" in rows[3]
    assert found.lastHistoryStep == 99


@pytest.mark.covers("Run.scan_history")
def test_scan_history_with_keys_gives_only_rows_that_have_all(api: wandb.Api, project: str) -> None:
    found = api.run(logged().path)
    assert list(found.scan_history(keys=["loss", "rare"], min_step=10, max_step=75)) == [
        {"loss": 1 / 26, "rare": 25},
        {"loss": 1 / 51, "rare": 50},
    ]


@pytest.mark.covers("Run.history")
def test_history_samples_evenly_with_first_and_last(api: wandb.Api, project: str) -> None:
    found = api.run(logged().path)
    rows = found.history(samples=12, pandas=False)
    assert [row["_step"] for row in rows] == [step * 9 for step in range(12)]
    by_epoch = found.history(keys=["loss"], x_axis="epoch", pandas=False)
    assert len(by_epoch) == 100 and set(by_epoch[0]) == {"epoch", "loss"}


@pytest.mark.covers("Run.history")
def test_history_asks_the_server_for_500_rows_that_have_the_keys(
    api: wandb.Api, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = api.run(logged(3000).path)
    asked: list[Any] = []
    get = Connection.get_binary

    def noted(self: Connection, *parts: Any, **query: Any) -> Any:
        asked.append(query)
        return get(self, *parts, **query)

    monkeypatch.setattr(Connection, "get_binary", noted)
    steps = [row["_step"] for row in found.history(pandas=False)]
    assert (len(steps), steps[0], steps[-1]) == (500, 0, 2999)
    assert {b - a for a, b in pairwise(steps)} == {6, 7}
    rare = found.history(keys=["loss", "rare"], samples=3, pandas=False)
    assert [row["rare"] for row in rare] == [0, 1500, 2975]
    assert len(asked) == 2


@pytest.mark.covers("Run.history")
def test_history_is_a_frame_where_pandas_is_there(api: wandb.Api, project: str) -> None:
    pandas = pytest.importorskip("pandas")
    frame = api.run(logged().path).history()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["loss"].iloc[-1] == 0.01


def test_numbers_that_are_not_finite_come_back_as_they_were(api: wandb.Api, project: str) -> None:
    with wandb.init(config={"limit": math.inf}) as run:
        run.log({"x": math.nan, "y": math.inf, "z": -math.inf})
    (row,) = api.run(run.path).scan_history()
    assert math.isnan(row["x"]) and (row["y"], row["z"]) == (math.inf, -math.inf)
    assert api.run(run.path).config == {"limit": math.inf}


WIDE: Final = {
    "beyond_floats": 2**53 + 1,
    "negative": -(2**70),
    "numpy": np.uint64(2**64 - 1),
    "listed": [1, 2**90, [-(2**63) - 1]],
    "nested": {"deep": {"id": 10**30}},
}
WIDE_AS_INTS: Final = {**WIDE, "numpy": 2**64 - 1}


def test_ints_of_any_size_come_back_as_they_were_logged(api: wandb.Api, project: str) -> None:
    with wandb.init(config=WIDE) as run:
        run.log(WIDE)
        run.log({"beyond_floats": 5})
        run.summary.update({"best": 2**80})
    found = api.run(run.path)
    for rows in (list(found.scan_history()), found.history(pandas=False)):
        assert rows[0].items() >= WIDE_AS_INTS.items()
        assert rows[1]["beyond_floats"] == 5
    assert [row["negative"] for row in found.scan_history(keys=["negative"])] == [-(2**70)]
    assert found.history()["negative"][0] == -(2**70)
    assert found.config == WIDE_AS_INTS
    wanted = {**WIDE_AS_INTS, "beyond_floats": 5, "best": 2**80}
    assert found.summary.items() >= wanted.items()
    found.config["added"], found.summary["best"] = 2**100, -(2**100)
    found.update()
    again = api.run(run.path)
    assert (again.config["added"], again.summary["best"]) == (2**100, -(2**100))


def test_every_histogram_of_a_key_comes_back_also_those_of_one_step(
    api: wandb.Api, project: str
) -> None:
    with wandb.init() as run:
        for step in (0, 1):
            run.log({"w": wandb.Histogram(np.arange(100) + step, num_bins=10)})
        run.log({"w": wandb.Histogram(np_histogram=([1, 2.5], [0, 1, 5]))}, step=0)
    events = list(api.run(run.path).histograms("w"))
    assert [event.step for event in events] == [0, 0, 1]
    assert [event.batch for event in events] == [None, None, None]
    assert events[0].histogram.histogram == [10] * 10
    assert events[1].histogram.histogram == [1.0, 2.5]
    assert events[1].histogram.bins == [0, 1, 5]
    np.testing.assert_allclose(events[2].histogram.quantiles(0.5), 50.5, rtol=0.06)


def test_many_events_come_in_pages(api: wandb.Api, project: str) -> None:
    with wandb.init() as run:
        for step in range(1100):
            run.log({"w": wandb.Histogram([step, step + 1])})
    events = list(api.run(run.path).histograms("w"))
    assert [event.histogram.bins[0] for event in events] == list(range(1100))


def test_threads_read_through_one_api(api: wandb.Api, three: list[str]) -> None:
    def accuracy(run_id: str) -> float:
        return float(api.run(run_id).history(pandas=False)[0]["acc"])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(accuracy, three * 20))
    assert found == pytest.approx([0.9, 0.8, 0.7] * 20)


@pytest.mark.covers("Run.update")
def test_edits_are_sent_by_update(api: wandb.Api, project: str) -> None:
    with wandb.init(config={"lr": 0.1}) as run:
        run.log({"acc": 1})
    found = api.run(run.path)
    found.name, found.tags, found.config["note"] = "renamed", ["a"], "x"
    found.update()
    found.summary.update({"best": 2})
    again = api.run(run.path)
    assert (again.name, again.tags) == ("renamed", ["a"])
    assert again.config == {"lr": 0.1, "note": "x"}
    assert (again.summary["acc"], again.summary["best"]) == (1, 2)


@pytest.mark.covers("Run.update")
def test_a_deleted_run_is_gone(api: wandb.Api, three: list[str]) -> None:
    api.run(three[1]).delete()
    assert [run.id for run in api.runs()] == [three[0], three[2]]


@pytest.mark.covers("Run.files")
def test_files_are_listed_and_downloaded_below_the_folder(
    api: wandb.Api, project: str, tmp_path: Path
) -> None:
    with wandb.init(settings={"x_disable_meta": True}) as run:
        run._sender.put_file(b"content", name="folder/file.txt", time_us=1)
    found = api.run(run.path)
    assert ("folder/file.txt", 7) in [(file.name, file.size) for file in found.files()]
    with found.file("folder/file.txt").download(root=tmp_path / "down") as file:
        assert file.read() == "content"
    with pytest.raises(ValueError, match="is there already"):
        found.file("folder/file.txt").download(root=tmp_path / "down")
    with pytest.raises(NotFound):
        found.file("other")


@pytest.mark.covers("Run.user")
def test_a_run_tells_its_user_commit_and_whole_config(
    api: wandb.Api, project: str, tmp_path: Path
) -> None:
    with wandb.init(config={"lr": 0.1}) as run:
        run.log({"chart": wandb.plot.line(wandb.Table(["x", "y"], [[1, 2]]), "x", "y")})
    found = api.run(run.path)
    assert (found.user.username, found.user.entity) == ("local", "local")
    assert found.user == api.viewer and api.viewer.teams == ["local"]
    assert found.rawconfig["lr"] == 0.1 and "visualize" in found.rawconfig["_wandb"]
    assert json.loads(found.json_config)["lr"] == {"value": 0.1}
    assert found.storage_id not in ("", api.create_run().storage_id)
    assert found.commit == found.metadata.get("git", {}).get("commit")


@pytest.mark.covers("Run.upload_file")
def test_a_file_is_added_to_a_finished_run(api: wandb.Api, project: str, tmp_path: Path) -> None:
    with wandb.init() as run:
        run.log({"acc": 1})
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "notes.txt"
    path.write_text("later")
    found = api.run(run.path)
    uploaded = found.upload_file(path, root=tmp_path)
    assert (uploaded.name, uploaded.size, uploaded.mimetype) == (
        "folder/notes.txt",
        5,
        "text/plain",
    )
    with uploaded.download(root=tmp_path / "down") as file:
        assert file.read() == "later"
    assert found.upload_file("folder/notes.txt").name == "folder/notes.txt"
    assert (found.load().state, found.summary["acc"]) == ("finished", 1)
    with pytest.raises(ValueError, match="does not lie below"):
        found.upload_file(path, root=tmp_path / "down")


@pytest.mark.covers("Runs.histories")
def test_histories_are_the_rows_of_all_runs(api: wandb.Api, three: list[str]) -> None:
    rows = api.runs().histories(keys=["acc"])
    assert [(row["run_id"], row["acc"]) for row in rows] == [
        (run_id, pytest.approx(acc)) for run_id, acc in zip(three, (0.9, 0.8, 0.7), strict=True)
    ]
    pandas = pytest.importorskip("pandas")
    frame = api.runs().histories(format="pandas")
    assert isinstance(frame, pandas.DataFrame) and list(frame["run_id"]) == three
    with pytest.raises(ValueError, match="format"):
        api.runs().histories(format="csv")  # type: ignore[arg-type]


@pytest.mark.covers("Api.from_path")
def test_paths_lead_to_projects_and_runs(api: wandb.Api, project: str, three: list[str]) -> None:
    found = api.from_path(f"local/{project}")
    assert isinstance(found, wandb.api.Project) and found.run_count == 3
    for path in (f"local/{project}/{three[0]}", f"local/{project}/runs/{three[0]}"):
        assert api.from_path(path).path == ["local", project, three[0]]
    with pytest.raises(UnsupportedError, match="reports"):
        api.from_path(f"local/{project}/reports/abc")
    with pytest.raises(ValueError):
        api.from_path("a/b/c/d/e")


@pytest.mark.covers("Api.from_path")
def test_projects_and_runs_are_made_before_anything_is_logged(api: wandb.Api, project: str) -> None:
    api.create_project(project, "local")
    assert api.project(project).run_count == 0
    made = api.create_run(run_id="made")
    assert (made.path, made.state) == (["local", project, "made"], "running")
    with wandb.init(id="made", resume="must") as run:
        run.log({"acc": 1})
    again = api.create_run(run_id="made", project=project)
    assert (again.name, again.state, again.summary["acc"]) == (made.name, "finished", 1)
    assert api.settings["project"] == project and api.flush() is None


@pytest.mark.covers("Bokeh")
def test_bokeh_plots_are_refused_with_advice() -> None:
    with pytest.raises(UnsupportedError, match="Html"):
        wandb.data_types.Bokeh("plot.json")
