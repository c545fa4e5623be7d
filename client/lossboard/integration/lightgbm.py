"""LightGBM: metrics of every boosting round, and a summary of the trained booster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lossboard
from lossboard import plot
from lossboard.media.table import Table

__all__ = ["log_summary", "wandb_callback"]


def wandb_callback(log_params: bool = True, define_metric: bool = True) -> Callable[[Any], None]:
    """A callback for `lightgbm.train` that logs `<data>_<metric>` of every round, and for
    `lightgbm.cv` (`<data>_<metric>-mean` and `-stdv`).

    `log_params` puts the training parameters into config. Needs an active run.
    """
    if lossboard.run is None:
        raise lossboard.Error("You must call wandb.init() before wandb_callback()")
    defined: set[str] = set()

    def callback(environment: Any) -> None:
        if log_params and not defined:
            lossboard.config.update(environment.params)
        row = {}
        for data, name, value, higher_is_better, *spread in environment.evaluation_result_list:
            key = _key(data, name, "-mean" if spread else "")
            row[key] = value
            if spread:
                row[_key(data, name, "-stdv")] = spread[0]
            if define_metric and key not in defined:
                lossboard.define_metric(key, summary="max" if higher_is_better else "min")
            defined.add(key)
        lossboard.log({**row, "iteration": environment.iteration})

    return callback


def _key(data: str, name: str, ending: str) -> str:
    """`<data>_<metric>`; in cross validation older versions give both in the name."""
    return f"{name.replace(' ', '_') if data == 'cv_agg' else f'{data}_{name}'}{ending}"


def log_summary(
    model: Any, feature_importance: bool = True, save_model_checkpoint: bool = False
) -> None:
    """Best iteration and scores, the feature importance as a bar chart, and the model."""
    run = lossboard.run
    if run is None:
        raise lossboard.Error("You must call wandb.init() before log_summary()")
    run.summary["best_iteration"] = model.best_iteration
    run.summary["best_score"] = {data: dict(scores) for data, scores in model.best_score.items()}
    if feature_importance:
        pairs = zip(model.feature_name(), model.feature_importance(), strict=True)
        rows = [[str(name), float(value)] for name, value in sorted(pairs, key=lambda p: -p[1])]
        table = Table(columns=["Feature", "Importance"], data=rows)
        chart = plot.bar(table, "Feature", "Importance", title="Feature Importance")
        lossboard.log({"Feature Importance": chart})
    if save_model_checkpoint:
        path = Path(run.dir) / f"model_{run.id}.txt"
        model.save_model(str(path))
        run.log_model(str(path), name=f"model_{run.id}", aliases=["best"])
