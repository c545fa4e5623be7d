"""What calls leave at a real server, for those whose other tests need none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lossboard

from .conftest import Script, rows_of, the_run

LINES = "ATOM      1  N   MET A   1      38.198  19.582  28.998  1.00 53.36           N"


def config() -> dict[str, Any]:
    return dict(the_run().config)


def file_of(value: dict[str, Any]) -> bytes:
    with the_run().file(value["path"]).download("fetched", replace=True) as file:
        return Path(file.name).read_bytes()


@pytest.mark.covers("log.commit", "log.empty")
def test_rows_arrive_as_they_were_committed(project: str) -> None:
    with lossboard.init() as run:
        run.log({"a": 1}, commit=False)
        run.log({"b": 2})
        run.log({})
        run.log({"c": 3}, step=5)
        run.log({"d": 4}, step=5, commit=True)
        run.log({"e": 5})
    assert rows_of(the_run()) == [
        {"_step": 0, "a": 1, "b": 2},
        {"_step": 1},
        {"_step": 5, "c": 3, "d": 4},
        {"_step": 6, "e": 5},
    ]


@pytest.mark.covers("arrays", "Histogram")
def test_arrays_arrive_as_numbers_lists_and_histograms(project: str) -> None:
    values = np.random.default_rng(0).normal(size=1000)
    with lossboard.init() as run:
        run.log(
            {
                "one": torch.tensor([2.5], dtype=torch.bfloat16, requires_grad=True),
                "few": torch.arange(4).reshape(2, 2),
                "many": values,
                "own": lossboard.Histogram(values, num_bins=8),
                "numpy": lossboard.Histogram(np_histogram=([1, 2], [0, 1, 2])),
            }
        )
    [row] = the_run().scan_history()
    assert (row["one"], row["few"]) == (2.5, [[0, 1], [2, 3]])
    for key, bins in (("many", 32), ("own", 8)):
        counts, edges = np.histogram(values, bins)
        assert row[key]["values"] == counts.tolist()
        assert row[key]["bins"] == pytest.approx(edges, rel=1e-6)
    assert row["numpy"] == {"_type": "histogram", "values": [1, 2], "bins": [0, 1, 2]}


@pytest.mark.covers("init.config", "init.allow_val_change", "config", "config-defaults.yaml")
def test_the_config_arrives_with_its_last_values(project: str) -> None:
    Path("config-defaults.yaml").write_text("lr: {value: 1, desc: rate}\ndepth: {value: 3}\n")
    given = {"lr": 0.1, "net": {"width": 8}, "gone": float("nan")}
    with lossboard.init(config=given, allow_val_change=True) as run:
        run.config.lr = 0.2
        run.config.setdefaults({"depth": 9, "seed": 7})
        run.config.update({"net": {"width": 16}})
    assert config() == {
        "lr": 0.2,
        "net": {"width": 16},
        "gone": None,
        "depth": 3,
        "seed": 7,
    }


@pytest.mark.covers("summary")
def test_the_summary_arrives_with_its_last_values(project: str) -> None:
    with lossboard.init() as run:
        run.log({"loss": 2.0, "gone": 1})
        run.log({"loss": 1.0})
        run.summary["best"] = {"loss": 0.5}
        run.summary["best"]["at"] = 7
        run.summary.update({"note": "x"})
        del run.summary["gone"]
    found = {key: value for key, value in the_run().summary.items() if not key.startswith("_")}
    assert found == {"loss": 1.0, "best": {"loss": 0.5, "at": 7}, "note": "x"}


@pytest.mark.covers("summary")
def test_a_later_row_outdates_what_was_set_or_removed(project: str) -> None:
    with lossboard.init() as run:
        run.log({"set": 1, "gone": 1})
        run.summary["set"] = 9
        del run.summary["gone"]
        run.log({"set": 2, "gone": 3})
        assert (run.summary["set"], run.summary["gone"]) == (2, 3)
    assert (the_run().summary["set"], the_run().summary["gone"]) == (2, 3)


VARIABLES = """
import lossboard as wandb
with wandb.init() as run:
    run.log({"x": 1})
"""


@pytest.mark.covers("WANDB_*")
def test_variables_arrive_as_what_they_name(project: str, script: Script) -> None:
    done = script(
        VARIABLES,
        WANDB_RUN_ID="by-variable",
        WANDB_NAME="named",
        WANDB_NOTES="some notes",
        WANDB_TAGS="a,b",
        WANDB_RUN_GROUP="group",
        WANDB_JOB_TYPE="eval",
        WANDB_ENTITY="team",
        WANDB_DIR="there",
    )
    assert done.returncode == 0, done.stderr
    run = lossboard.Api().run(f"team/{project}/by-variable")
    assert (run.name, run.notes, run.tags, run.group, run.job_type) == (
        "named",
        "some notes",
        ["a", "b"],
        "group",
        "eval",
    )


@pytest.mark.covers("init.settings", "Settings", "init.dir")
def test_settings_of_init_arrive_and_its_folder_is_the_runs(project: str, tmp_path: Path) -> None:
    settings = lossboard.Settings(run_group="g", run_job_type="j", run_tags=["t"], console="off")
    with lossboard.init(dir=tmp_path / "deep" / "er", settings=settings) as run:
        assert Path(run.dir).is_relative_to(tmp_path / "deep" / "er" / "wandb")
        Path(run.dir, "kept.txt").write_text("kept")
        run.save(f"{run.dir}/kept.txt", base_path=run.dir)
    found = the_run()
    assert (found.group, found.job_type, found.tags) == ("g", "j", ["t"])
    assert [file.name for file in found.files(["kept.txt"])] == ["kept.txt"]


ATTACH = """
import multiprocessing
import lossboard as wandb

def work(run):
    run.log({"child": 1})

if __name__ == "__main__":
    with wandb.init(id="shared") as run:
        run.log({"parent": 1})
        child = multiprocessing.get_context("spawn").Process(target=work, args=(run,))
        child.start()
        child.join()
        run.log({"parent": 2})
"""


@pytest.mark.covers("attach")
def test_what_a_pickled_run_logs_arrives_in_that_run(project: str, script: Script) -> None:
    done = script(ATTACH)
    assert done.returncode == 0, done.stderr
    rows = rows_of(the_run())
    assert sorted(key for row in rows for key in row if key != "_step") == [
        "child",
        "parent",
        "parent",
    ]


@pytest.mark.covers("unwatch")
def test_nothing_of_a_model_arrives_after_unwatch(api: lossboard.Api) -> None:
    model = torch.nn.Linear(3, 1)
    with lossboard.init() as run:
        run.watch(model, log="all", log_freq=1)
        for step in range(4):
            if step == 2:
                run.unwatch(model)
            model(torch.ones(2, 3)).sum().backward()
            run.log({"loss": step})
    found = api.run(run.path)
    assert [event.step for event in found.histograms("gradients/weight")] == [0, 1]
    assert len(list(found.histograms("parameters/bias"))) == 2


MEDIA: list[tuple[str, Callable[[], Any], str, bytes]] = [
    ("audio", lambda: lossboard.Audio(np.zeros(80), sample_rate=8000), "audio-file", b"RIFF"),
    (
        "video",
        lambda: lossboard.Video(np.zeros((3, 3, 8, 8), np.uint8), format="gif"),
        "video-file",
        b"GIF8",
    ),
    ("html", lambda: lossboard.Html("<b>page</b>", inject=False), "html-file", b"<b>page</b>"),
    ("points", lambda: lossboard.Object3D(np.ones((4, 3))), "object3D-file", b"[[1.0"),
]


@pytest.mark.covers("Audio", "Html")
@pytest.mark.parametrize(("key", "make", "kind", "head"), MEDIA, ids=[one[0] for one in MEDIA])
def test_media_arrive_with_their_bytes(
    project: str, key: str, make: Callable[[], Any], kind: str, head: bytes
) -> None:
    with lossboard.init() as run:
        run.log({key: make(), "several": [make(), make()]})
    [row] = the_run().scan_history()
    assert row[key]["_type"] == kind
    assert file_of(row[key]).startswith(head)
    assert len(json.dumps(row["several"]).split(f"media/{row[key]['path'].split('/')[1]}/")) >= 3


@pytest.mark.covers("Html")
def test_a_molecule_arrives_with_its_atoms(project: str) -> None:
    Path("m.pdb").write_text(LINES)
    with lossboard.init() as run:
        run.log({"molecule": lossboard.Molecule("m.pdb")})
    [row] = the_run().scan_history()
    assert file_of(row["molecule"]).decode() == LINES


@pytest.mark.covers("init.disabled", "before init")
def test_nothing_of_a_disabled_run_arrives(project: str) -> None:
    with pytest.raises(lossboard.Error):
        lossboard.log({"x": 1})
    with lossboard.init(mode="disabled") as run:
        run.log({"x": 1})
        run.summary["y"] = 2
    with lossboard.init(name="real"):
        lossboard.log({"x": 1})
    assert [one.name for one in lossboard.Api().runs()] == ["real"]


@pytest.mark.covers("config", "summary")
def test_what_is_edited_inside_of_a_value_or_deleted_arrives(project: str) -> None:
    given = {"names": {0: "cat"}, "net": {"layers": [1]}, "gone": 1}
    with lossboard.init(config=given) as run:
        run.log({"lists": [1]})
        run.config["names"][1] = "dog"
        run.config.net["layers"].append(2)
        del run.config["gone"]
        run.summary["best"] = {"at": [1]}
        run.summary["best"]["at"].append(2)
        run.summary["lists"].append(2)
        assert run.config["names"][0] == "cat"
    assert config() == {"names": {"0": "cat", "1": "dog"}, "net": {"layers": [1, 2]}}
    found = the_run().summary
    assert (found["best"], found["lists"]) == ({"at": [1, 2]}, [1, 2])


@pytest.mark.covers("define_metric", "log.step")
def test_a_late_row_keeps_what_it_brought(project: str) -> None:
    with lossboard.init() as run:
        run.define_metric("*", step_metric="epoch")
        for step in range(4):
            run.log({"epoch": step * 10, "loss": step}, step=step)
        run.log({"acc": 0.5}, step=1)
        run.log({"loss": 9}, step=4, commit=True)
        assert run.summary["_step"] == 4
    assert rows_of(the_run())[1] == {"_step": 1, "epoch": 10, "loss": 1, "acc": 0.5}
    assert rows_of(the_run())[4] == {"_step": 4, "epoch": 30, "loss": 9}


@pytest.mark.covers("summary", "Api.runs")
def test_a_summary_says_when_the_last_row_was_and_filters_find_it(project: str) -> None:
    with lossboard.init() as run:
        run.log({"loss": 1}, step=7, commit=True)
        live = {key: run.summary[key] for key in ("_step", "_timestamp", "_runtime")}
    found = the_run().summary
    assert {key: found[key] for key in live} == pytest.approx(live, abs=1e-3)
    assert found["_wandb"] == {"runtime": int(found["_runtime"])}
    api = lossboard.Api()
    assert [len(api.runs(project, {"summary_metrics._step": step})) for step in (7, 8)] == [1, 0]


@pytest.mark.covers("Table")
def test_tables_whose_keys_differ_are_artifacts_that_differ(project: str) -> None:
    keys = ("x/y", "x_y", "x y")
    with lossboard.init() as run:
        run.log({key: lossboard.Table(["key"], [[key]]) for key in keys})
    found = the_run().logged_artifacts()
    assert len({one.name for one in found}) == 3
    assert f"run-{run.id}-x_y:v0" in [one.name for one in found]


@pytest.mark.covers("Run.scan_history", "log.step")
def test_rows_of_negative_steps_are_scanned_too(project: str) -> None:
    with lossboard.init() as run:
        run.log({"a": 0}, step=0)
        run.log({"a": -2}, step=-2)
    assert [row["a"] for row in the_run().scan_history()] == [-2, 0]
    assert [row["a"] for row in the_run().scan_history(min_step=0)] == [0]
