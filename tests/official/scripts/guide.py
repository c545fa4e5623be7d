"""What W&B's guide to its public API shows, one function a task; the same through every reader."""

import json
import sys
from pathlib import Path

import pandas as pd
import wandb
from wandb.apis.public import Run
from wandb.apis.public.runs import Runs

project = sys.argv[1]
path = f"local/{project}"
api = wandb.Api()
run = api.run(f"{path}/run1")
tasks = {}


def task(function):
    tasks[function.__name__] = function()


@task
def changes():
    chosen = api.run(f"{path}/run2")
    chosen.config["model"]["layers"] = 7
    chosen.summary["renamed"] = chosen.summary["loss"]
    chosen.summary.update()
    chosen.tags.append(sys.argv[3])
    chosen.update()
    again = wandb.Api().run(f"{path}/run2")
    return [again.config["model"], again.summary["renamed"], sys.argv[3] in again.tags]


@task
def facts_of_a_run():
    assert isinstance(run, Run)
    return [run.id, run.name, run.state, run.entity, run.project, run.path, run.tags, run.group]


@task
def its_config_and_last_values():
    return [run.config, run.summary["loss"], dict(run.summary_metrics), run.lastHistoryStep]


@task
def all_rows():
    return [[row["_step"], row["loss"], row.get("word")] for row in run.scan_history()]


@task
def rows_that_have_some_keys():
    return [[row["loss"], row["rare"]] for row in run.scan_history(keys=["loss", "rare"])]


@task
def a_frame_of_samples():
    frame = run.history(samples=4, keys=["loss"])
    return [list(frame.columns), frame["loss"].to_list()]


@task
def runs_by_filters():
    chosen = [
        {"config.model.layers": {"$gte": 2}},
        {"$and": [{"tags": "odd"}, {"state": "finished"}]},
        {"summary_metrics.loss": {"$lt": 11}, "display_name": {"$regex": "^n[0-9]$"}},
        {"$or": [{"group": None}, {"jobType": "eval"}], "config.lr": {"$nin": [0.5]}},
        {"created_at": {"$gt": "2020-01-01"}, "username": "local"},
    ]
    return [[one.id for one in api.runs(path, filters=filters)] for filters in chosen]


@task
def runs_in_an_order():
    orders = ("+created_at", "-created_at", "-summary_metrics.loss", "+config.lr.value")
    return [[one.id for one in api.runs(path, order=order, per_page=2)] for order in orders]


@task
def a_table_of_all_runs():
    rows = [
        {
            **{k: v for k, v in one.summary._json_dict.items() if not k.startswith("_")},
            **{k: v for k, v in one.config.items() if not k.startswith("_")},
            "name": one.name,
        }
        for one in api.runs(path)
    ]
    return json.loads(pd.DataFrame(rows).to_json(orient="records"))


@task
def the_number_of_runs_and_one_by_its_place():
    runs = api.runs(path)
    assert isinstance(runs, Runs)
    return [len(runs), runs[0].id, next(iter(runs)).id]


@task
def values_of_all_runs():
    found = api.runs(path).histories(keys=["loss"], samples=3)
    return [[row["run_id"], row["loss"]] for row in found]


@task
def files_by_name_and_pattern():
    with run.file("notes.txt").download(root="got", replace=True) as file:
        text = file.read()
    return [text, sorted(one.name for one in run.files(pattern="%.txt")), run.metadata["host"]]


@task
def system_metrics():
    rows = run.history(stream="system", pandas=False)
    return [run.system_metrics["system.cpu"], [row["system.cpu"] for row in rows]]


@task
def artifacts():
    artifact = api.artifact(f"{path}/data:latest")
    folder = Path(artifact.download(root="artifact"))
    versions = [one.name for one in api.artifacts("dataset", f"{path}/data")]
    types = [one.name for one in api.artifact_types(path)]
    logged = [one.name for one in api.run(f"{path}/run3").logged_artifacts()]
    return [(folder / "f.txt").read_text(), artifact.aliases, versions, types, logged]


@task
def the_best_of_a_sweep():
    sweep = api.sweep(f"{path}/{sys.argv[2]}")
    best = sweep.best_run()
    return [best.id, [one.id for one in sweep.runs], sweep.config["method"], run.sweep.id]


@task
def projects():
    return [[one.name, one.entity] for one in api.projects("local") if one.name == project]


print("RESULT " + json.dumps(tasks))
