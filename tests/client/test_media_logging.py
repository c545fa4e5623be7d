"""Media that are logged arrive as W&B's JSON in history and as files of the run."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import PIL.Image
import plotly.graph_objects as go
import pytest
import torch

import lossboard
from lossboard import plot

Logged = Callable[..., Any]


@pytest.fixture
def logged(api: lossboard.Api) -> Logged:
    """`logged({...}, {...})` logs these rows in a run and gives it back from the server."""

    def log(*rows: dict[str, Any], **options: Any) -> Any:
        with lossboard.init(**options) as run:
            for row in rows:
                run.log(row)
        return api.run(run.path)

    return log


def content(run: Any, value: dict[str, Any]) -> bytes:
    """The bytes of the file that the JSON of a media value names."""
    with run.file(value["path"]).download("fetched", replace=True) as file:
        return Path(file.name).read_bytes()


def history(run: Any) -> list[dict[str, Any]]:
    return list(run.scan_history())


@pytest.mark.covers("Image")
def test_an_image_is_a_file_of_the_run_with_its_pixels(logged: Logged) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    run = logged({"loss": 1.0}, {"examples/digit": lossboard.Image(pixels, caption="three")})
    value = history(run)[1]["examples/digit"]
    assert value["path"].startswith("media/images/examples/digit_1_")
    assert (value["_type"], value["caption"], value["width"]) == ("image-file", "three", 4)
    image = PIL.Image.open(io.BytesIO(content(run, value)))
    assert np.array_equal(np.asarray(image), pixels)
    assert run.summary["examples/digit"] == value


@pytest.mark.covers("Image")
def test_a_list_of_images_is_one_value(logged: Logged) -> None:
    images = [lossboard.Image(torch.rand(1, 5, 7), caption=str(n)) for n in range(3)]
    value = history(logged({"images": images}))[0]["images"]
    assert (value["_type"], value["count"], value["captions"]) == (
        "images/separated",
        3,
        ["0", "1", "2"],
    )


@pytest.mark.covers("media.nested")
def test_media_in_nested_dicts_keep_their_place(logged: Logged) -> None:
    run = logged({"val": {"page": lossboard.Html("<b>x</b>"), "loss": 2}})
    nested = history(run)[0]["val"]
    assert nested["loss"] == 2
    assert b"<b>x</b>" in content(run, nested["page"])


def test_an_explicit_step_is_the_step_of_the_file(api: lossboard.Api) -> None:
    with lossboard.init() as run:
        run.log({"page": lossboard.Html("x")}, step=40)
    assert "page_40_" in history(api.run(run.path))[0]["page"]["path"]


@pytest.mark.covers("figures")
def test_figures_become_plotly_or_a_picture_of_what_plotly_can_not_show(logged: Logged) -> None:
    figure, axes = plt.subplots()
    axes.plot([1, 2, 4])
    shown, other = plt.subplots()
    other.imshow(np.eye(3))
    run = logged({"line": figure, "map": shown, "own": go.Figure(go.Bar(y=[3]))})
    row = history(run)[0]
    assert {key: row[key]["_type"] for key in ("line", "map", "own")} == {
        "line": "plotly-file",
        "map": "image-file",
        "own": "plotly-file",
    }
    assert json.loads(content(run, row["line"]))["data"][0]["y"] == [1.0, 2.0, 4.0]
    assert plt.fignum_exists(figure.number)
    plt.close("all")


@pytest.mark.covers("figures")
def test_the_pyplot_module_stands_for_its_current_figure(logged: Logged) -> None:
    plt.plot([5, 6])
    value = history(logged({"chart": plt}))[0]["chart"]
    plt.close("all")
    assert value["_type"] == "plotly-file"


@pytest.mark.covers("Table")
def test_a_data_frame_is_a_table(logged: Logged) -> None:
    run = logged({"frame": pd.DataFrame({"a": [1, 2], "b": ["x", None]})})
    value = history(run)[0]["frame"]
    assert (value["_type"], value["ncols"], value["nrows"]) == ("table-file", 2, 2)
    assert json.loads(content(run, value)) == {
        "columns": ["a", "b"],
        "data": [[1, "x"], [2, None]],
    }


@pytest.mark.covers("Table")
def test_a_table_is_an_artifact_too_with_its_media(logged: Logged) -> None:
    image = lossboard.Image(np.ones((3, 3)))
    run = logged({"seen": lossboard.Table(columns=["id", "image"], data=[[7, image]])})
    [artifact] = run.logged_artifacts()
    assert (artifact.type, artifact.name) == ("run_table", f"run-{run.id}-seen:v0")
    [[number, shown]] = artifact.get("seen").data
    assert (number, shown.width) == (7, 3)
    cell = json.loads(content(run, history(run)[0]["seen"]))["data"][0][1]
    assert cell["_type"] == "image-file"


@pytest.mark.covers("Table")
def test_an_incremental_table_adds_rows(api: lossboard.Api) -> None:
    table = lossboard.Table(columns=["n"], log_mode="INCREMENTAL")
    with lossboard.init() as run:
        for n in range(3):
            table.add_data(n)
            run.log({"table": table})
    stored = api.run(run.path)
    values = [row["table"] for row in history(stored)]
    assert [(value["nrows"], value["increment_num"]) for value in values] == [
        (1, 0),
        (2, 1),
        (3, 2),
    ]
    assert [json.loads(content(stored, value))["data"] for value in values] == [[[0]], [[1]], [[2]]]
    assert values[2]["previous_increments_paths"] == [one["artifact_path"] for one in values[:2]]
    increments = {one.name: one for one in stored.logged_artifacts()}
    assert list(increments) == [f"run-{run.id}-incr-table:v{n}" for n in range(3)]
    assert increments[f"run-{run.id}-incr-table:v2"].get("2.table").data == [[2]]


@pytest.mark.covers("Table")
def test_an_incremental_table_goes_on_in_a_resumed_run_and_begins_anew_in_another(
    api: lossboard.Api,
) -> None:
    table = lossboard.Table(columns=["n"], data=[[0]], log_mode="INCREMENTAL")
    with lossboard.init(id="grown") as run:
        run.log({"table": table})
        run.log({"table": table})
    with lossboard.init(id="grown", resume="must") as run:
        run.log({"table": lossboard.Table(columns=["n"], data=[[1]], log_mode="INCREMENTAL")})
    with lossboard.init(id="other") as run:
        run.log({"table": table})
    first, again, second = (row["table"] for row in history(api.run("grown")))
    assert again == first
    assert (first["increment_num"], second["increment_num"]) == (0, 1)
    assert second["previous_increments_paths"] == [first["artifact_path"]]
    [other] = (row["table"] for row in history(api.run("other")))
    assert (other["increment_num"], other["previous_increments_paths"]) == (0, [])
    assert json.loads(content(api.run("other"), other))["data"] == [[0]]


@pytest.mark.covers("plot")
def test_a_chart_is_a_table_in_history_and_a_specification_in_config(logged: Logged) -> None:
    table = lossboard.Table(columns=["x", "y"], data=[[0, 1], [1, 4]])
    run = logged(
        {"curve": plot.line(table, "x", "y", title="T"), "n": {"c": plot.bar(table, "x", "y")}}
    )
    assert {"curve_table", "n.c_table"} <= set(history(run)[0])
    charts = run._attributes["config"]["_wandb"]["visualize"]
    assert set(charts) == {"curve", "n.c"}
    assert charts["curve"]["panel_config"]["panelDefId"] == "wandb/line/v0"
    assert dict(run.config) == {}


@pytest.mark.covers("Image.masks")
def test_class_labels_go_into_the_hidden_config(logged: Logged) -> None:
    mask = {"mask_data": np.zeros((4, 4), int), "class_labels": {0: "cat"}}
    run = logged({"i": lossboard.Image(np.zeros((4, 4)), masks={"truth": mask})})
    labels = run._attributes["config"]["_wandb"]["mask/class_labels"]
    assert labels["i_wandb_delimeter_truth"]["value"] == {"0": "cat"}
    assert history(run)[0]["i"]["masks"]["truth"]["path"].startswith("media/images/mask/")


@pytest.mark.covers("Image")
def test_classes_name_what_masks_show(logged: Logged) -> None:
    classes = lossboard.Classes([{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}])
    masks = {"truth": {"mask_data": np.ones((4, 4), int)}}
    run = logged({"i": lossboard.Image(np.zeros((4, 4)), classes=classes, masks=masks)})
    labels = run._attributes["config"]["_wandb"]["mask/class_labels"]
    assert labels["i_wandb_delimeter_truth"]["value"] == {"0": "cat", "1": "dog"}


@pytest.mark.covers("Image", "Artifact")
def test_classes_come_back_from_an_artifact(api: lossboard.Api) -> None:
    classes = lossboard.Classes([{"id": 0, "name": "cat"}])
    artifact = lossboard.Artifact("classes", "dataset")
    assert artifact.add(classes, "names").path == "names.classes.json"
    with lossboard.init() as run:
        found = run.log_artifact(artifact).wait().get("names")
    assert found.to_json() == {"_type": "classes", "class_set": [{"id": 0, "name": "cat"}]}


def test_classes_without_names_are_refused() -> None:
    with pytest.raises(AssertionError, match="a class has an 'id' and a 'name'"):
        lossboard.Classes([{"id": 0}])
    with pytest.raises(TypeError, match="a class is a dict"):
        lossboard.Classes(["cat"])  # type: ignore[list-item]


@pytest.mark.covers("media.nested")
def test_media_in_the_summary_are_files_too(api: lossboard.Api) -> None:
    with lossboard.init() as run:
        run.summary["best"] = lossboard.Image(np.zeros((2, 2)))
    stored = api.run(run.path)
    assert "best_summary_" in stored.summary["best"]["path"]
    assert content(stored, stored.summary["best"])


def test_the_same_bytes_are_stored_once(logged: Logged, server: Any) -> None:
    page = lossboard.Html("the same page " + "x" * 50)
    run = logged({"a": page, "b": lossboard.Html("the same page " + "x" * 50)}, {"a": page})
    files = [file for file in run.files() if file.name.startswith("media/html")]
    assert len(files) == 2
    assert len({file.sha256 for file in files}) == 1
    sha256 = files[0].sha256
    assert len(list(server.data_dir.glob(f"blobs/*/{sha256}"))) == 1


def test_an_image_logged_in_two_runs_is_a_file_of_both(api: lossboard.Api) -> None:
    image = lossboard.Image(np.zeros((2, 2)))
    paths = []
    for _ in range(2):
        with lossboard.init() as run:
            run.log({"i": image})
        paths.append(run.path)
    for run in map(api.run, paths):
        assert content(run, history(run)[0]["i"])


@pytest.mark.covers("media.nested")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param([[lossboard.Html("x")]], id="list of lists"),
        pytest.param([{"a": lossboard.Html("x")}], id="dict in a list"),
        pytest.param([lossboard.Html("x"), 3], id="media beside numbers"),
        pytest.param(pd.Series([1, 2]), id="series"),
    ],
)
def test_what_can_not_be_shown_is_a_type_error_if_settings_are_strict(
    offline: Path, value: Any
) -> None:
    run = lossboard.init(settings={"strict": True})
    with pytest.raises(TypeError, match="not JSON serializable"):
        run.log({"x": value})
    run.finish()


def test_media_are_no_hyperparameters(offline: Path) -> None:
    run = lossboard.init(settings={"strict": True})
    with pytest.raises(TypeError, match="run config"):
        run.config["image"] = lossboard.Html("x")
    run.finish()


def test_media_of_an_offline_run_arrive_by_sync(script: Any, server: Any, project: str) -> None:
    code = (
        "import lossboard\n"
        "run = lossboard.init(id='off', mode='offline')\n"
        "run.log({'page': lossboard.Html('offline page')})\n"
        "run.log({'t': lossboard.Table(columns=['a'], data=[[lossboard.Html('cell')]])})\n"
        "run.finish()\n"
    )
    assert script(code).returncode == 0
    synced = script("import sys; from lossboard.cli import main; sys.exit(main())", "sync", ".")
    assert synced.returncode == 0, synced.stderr
    run = lossboard.Api().run(f"{project}/off")
    assert b"offline page" in content(run, history(run)[0]["page"])
    assert [artifact.type for artifact in run.logged_artifacts()] == ["run_table"]


def test_a_disabled_run_takes_media_and_makes_no_file(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    run = lossboard.init(mode="disabled")
    run.log({"i": lossboard.Html("x"), "f": go.Figure()})
    run.summary["s"] = lossboard.Html("x")
    artifact = run.log_artifact(lossboard.Artifact("a", "dataset"))
    assert artifact.wait() is not None
    assert run.save("x") is False
    run.finish()
    assert list(tmp_path.iterdir()) == []


def test_charts_of_a_forked_child_stand_beside_those_of_its_parent(
    script: Any, project: str
) -> None:
    code = (
        "import os, lossboard\n"
        "from lossboard import plot\n"
        "run = lossboard.init(id='forked')\n"
        "table = lossboard.Table(columns=['x', 'y'], data=[[0, 1]])\n"
        "pid = os.fork()\n"
        "name = 'parent' if pid else 'child'\n"
        "run.log({name: plot.line(table, 'x', 'y')})\n"
        "if pid:\n"
        "    os.waitpid(pid, 0)\n"
        "run.finish()\n"
    )
    assert script(code).returncode == 0
    config = lossboard.Api().run(f"{project}/forked")._attributes["config"]
    assert set(config["_wandb"]["visualize"]) == {"child", "parent"}
