"""The real libraries, each training something small through `lossboard run`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from .conftest import Integration, axis_of, drawn, needs, only_run, points

pytestmark = pytest.mark.long
RAW = 1  # a gradient before processes average it


@pytest.mark.covers("transformers")
@needs("transformers", "accelerate", "torch", "torchvision")
def test_the_transformers_trainer(integration: Integration) -> None:
    told = integration("transformers_trainer.py", WANDB_WATCH="gradients")
    run = only_run("huggingface")
    losses = [(entry["step"], entry["loss"]) for entry in told["log"] if "loss" in entry]
    scores = [(entry["step"], entry["eval_loss"]) for entry in told["log"] if "eval_loss" in entry]
    assert points(run, "train/global_step", "train/loss") == losses and len(losses) == 8
    assert points(run, "train/global_step", "eval/loss") == scores and len(scores) == 2
    assert drawn(run, "train/loss", "train/global_step") == losses
    assert {axis_of(run, key) for key in ("train/loss", "eval/loss")} == {"train/global_step"}
    assert (run.name, run.state) == ("tiny bert", "finished")
    assert run.config["hidden_size"] == 8 and run.config["learning_rate"] == 0.01
    assert run.config["model/num_parameters"] == told["parameters"]
    assert run.summary["train_runtime"] > 0
    assert run.metadata["label"] == {"code": "transformers_trainer"}


@pytest.mark.covers("Lightning")
@needs("lightning", "torch", "torchvision")
def test_the_lightning_logger(integration: Integration) -> None:
    told = integration("lightning_logger.py")
    run = only_run("lightning")
    losses = [tuple(row) for row in told["rows"]]
    assert points(run, "trainer/global_step", "train/loss") == losses and len(losses) == 8
    assert points(run, "trainer/global_step", "epoch", "val/size") == [(3, 0, 8.0), (7, 1, 8.0)]
    assert drawn(run, "train/loss", "trainer/global_step") == losses
    assert axis_of(run, "train/loss") == axis_of(run, "val/size") == "trainer/global_step"
    assert run.config == {"lr": 0.1, "nested": {"depth": 2}}
    assert run.summary["answers"]["_type"] == "table-file"
    assert run.summary["pictures"]["captions"] == ["noise"]
    events = list(run.histograms("gradients/layer.weight"))
    assert [event.batch for event in events] == [2, 4, 6, 8]


@pytest.mark.covers("Lightning")
@needs("lightning", "torch", "torchvision")
def test_a_model_that_lightning_shards_is_watched(integration: Integration) -> None:
    project, other = (f"{kind}-{uuid4().hex}" for kind in ("sharded", "replicated"))
    told = integration("lightning_sharded.py", WANDB_PROJECT=project, REPLICATED=other)
    run = only_run(project)
    events = list(run.histograms("gradients/net.0.weight"))
    sums = [event.histogram.data.total for event in events]
    assert sums == pytest.approx(told["sums"], rel=1e-4, abs=1e-6) and len(sums) >= 2
    part = events[0].part
    assert part is not None and (part.rank, part.ranks, part.held, part.whole) == (0, 2, 4, 8)
    assert len(list(run.histograms("parameters/net.1.bias"))) == len(events)
    replicated = list(only_run(other).histograms("gradients/net.0.weight"))
    raw = [event.histogram.data.total for event in replicated]
    assert raw == pytest.approx(told["raw"], rel=1e-4, abs=1e-6)
    assert {event.part.gradient for event in replicated if event.part} == {RAW}
    assert len(replicated) == len(events)


@pytest.mark.covers("transformers")
@needs("transformers", "accelerate", "torch", "torchvision")
def test_the_trainer_watches_all_of_a_model(integration: Integration) -> None:
    project = f"watched-{uuid4().hex}"
    integration("transformers_trainer.py", WANDB_PROJECT=project, WANDB_WATCH="all", EPOCHS="25")
    run = only_run(project)
    names = ("bert.encoder.layer.0.attention.self.query.weight", "classifier.bias")
    for key in [f"{kind}/{name}" for kind in ("gradients", "parameters") for name in names]:
        assert [event.batch for event in run.histograms(key)] == [100]


@pytest.mark.covers("accelerate")
@needs("accelerate", "torch", "PIL")
def test_the_accelerate_tracker(integration: Integration) -> None:
    told = integration("accelerate_tracker.py")
    run = only_run("accelerate")
    assert points(run, "_step", "loss") == [tuple(row) for row in told["losses"]]
    assert (run.name, run.tags, run.config) == ("loop", ["tiny"], {"lr": 0.1})
    assert run.summary["noise"]["count"] == 2 and run.lastHistoryStep == 50


@pytest.mark.covers("xgboost")
@needs("xgboost")
def test_the_xgboost_callback(integration: Integration) -> None:
    told = integration("xgboost_callback.py")
    run = only_run("xgboost")
    assert points(run, "epoch", "train-logloss") == list(enumerate(told["logloss"]))
    assert drawn(run, "train-auc", "epoch") == list(enumerate(told["auc"]))
    assert axis_of(run, "train-logloss") == "epoch"
    assert run.config["rounds"] == 5 and "learner" in run.config
    assert run.summary["train-auc"] == {"max": 1.0}
    assert run.summary["best_score"] == 1.0 and run.summary["best_iteration"] == 0
    (model,) = [found for found in run.logged_artifacts() if found.type == "model"]
    assert model.name.startswith(f"{run.id}_model:")


@pytest.mark.covers("lightgbm")
@needs("lightgbm")
def test_the_lightgbm_callback(integration: Integration) -> None:
    told = integration("lightgbm_callback.py")
    run = only_run("lightgbm")
    logloss = told["binary_logloss"]
    assert points(run, "iteration", "train_binary_logloss") == list(enumerate(logloss))
    assert points(run, "iteration", "train_auc") == list(enumerate(told["auc"]))
    assert run.config["rounds"] == 5 and run.config["objective"] == "binary"
    assert run.summary["train_auc"] == {"max": max(told["auc"])}
    assert run.summary["train_binary_logloss"] == {"min": min(logloss)}
    assert run.summary["best_score"]["train"]["auc"] == told["auc"][-1]
    chart = run.summary["Feature Importance_table"]
    assert (chart["_type"], chart["nrows"]) == ("table-file", len(told["importance"]))
    (model,) = [found for found in run.logged_artifacts() if found.type == "model"]
    assert model.name.startswith(f"model_{run.id}:") and "best" in model.aliases
    validated = list(only_run("lightgbm-cv").scan_history(keys=["iteration", "valid_auc-mean"]))
    assert [row["iteration"] for row in validated] == [0, 1, 2]
    assert "valid_auc-stdv" in only_run("lightgbm-cv").summary


SKLEARN_CHARTS = {
    "calibration_curve",
    "class_proportions",
    "confusion_matrix",
    "elbow_curve",
    "feature_importances",
    "learning_curve",
    "outlier_candidates",
    "precision_recall",
    "residuals",
    "roc",
    "silhouette_plot",
    "summary_metrics",
}


@pytest.mark.covers("sklearn")
@needs("sklearn", "pandas")
def test_the_plots_of_scikit_learn(integration: Integration) -> None:
    integration("sklearn_plots.py")
    run = only_run("sklearn")
    charts = {key.removesuffix("_table") for row in run.scan_history() for key in row}
    assert SKLEARN_CHARTS - charts == set()
    assert run.config["forest"]["n_estimators"] == 5 and "alpha" in run.config["ridge"]
    assert run.config["means"]["n_clusters"] == 3
    scores = downloaded_table(run, "summary_metrics_table")
    assert 0 < dict(scores["data"])["r2_score"] < 1


def downloaded_table(run: Any, key: str) -> Any:
    tables = [row[key] for row in run.scan_history() if key in row]
    return run._connection.get("runs", run._uid, "files", tables[-1]["path"])


def test_a_missing_package_is_named() -> None:
    mark = needs("no_such_package")
    assert mark.args == (True,)
    assert "no_such_package" in mark.kwargs["reason"]
