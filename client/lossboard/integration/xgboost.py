"""XGBoost: metrics of every boosting round, and what the model found important."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import lossboard
from lossboard import plot
from lossboard.media.base import optional_module
from lossboard.media.table import Table

__all__ = ["WandbCallback", "wandb_callback"]

MAX_FEATURES = 120  # bars that can be told apart; the most important ones are shown

_xgboost = optional_module("xgboost", package="xgboost", purpose="lossboard.integration.xgboost")
_TrainingCallback: Any = _xgboost.callback.TrainingCallback


class WandbCallback(_TrainingCallback):  # type: ignore[misc]
    """Logs `<data>-<metric>` and `epoch` of every round, the booster's configuration as config,
    best score and iteration as summary, and the feature importance as a bar chart.

    `log_model` also stores the model as an artifact. Needs an active run.
    """

    def __init__(
        self,
        log_model: bool = False,
        log_feature_importance: bool = True,
        importance_type: str = "gain",
        define_metric: bool = True,
    ) -> None:
        super().__init__()
        if lossboard.run is None:
            raise lossboard.Error("You must call wandb.init() before WandbCallback()")
        self._log_model = log_model
        self._log_importance = log_feature_importance
        self._importance_type = importance_type
        self._define = define_metric
        if define_metric:
            lossboard.define_metric("epoch")
            lossboard.define_metric("*", step_metric="epoch", step_sync=True)

    def before_training(self, model: Any) -> Any:
        """The booster's configuration becomes config."""
        lossboard.config.update(json.loads(model.save_config()))
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, Any]) -> bool:
        """One row a round; never stops the training."""
        row: dict[str, Any] = {
            f"{data}-{name}": _value(values)
            for data, metrics in evals_log.items()
            for name, values in metrics.items()
        }
        for key in row if self._define and epoch == 0 else ():
            goal = "max" if any(part in key for part in ("auc", "map", "ndcg", "acc")) else "min"
            # A definition of its own takes nothing from that of "*".
            lossboard.define_metric(key, step_metric="epoch", summary=goal)
        lossboard.log({**row, "epoch": epoch})
        return False

    def after_training(self, model: Any) -> Any:
        """Importance, best round and, if asked for, the model."""
        if self._log_model:
            _log_model(model)
        if self._log_importance:
            _log_importance(model, self._importance_type)
        if model.attr("best_score") is not None:
            lossboard.log(
                {
                    "best_score": float(model.attr("best_score")),
                    "best_iteration": int(model.attr("best_iteration")),
                }
            )
        return model


def wandb_callback() -> WandbCallback:
    """The old name of WandbCallback."""
    warnings.warn("wandb_callback is deprecated: use WandbCallback", DeprecationWarning, 2)
    return WandbCallback()


def _value(values: Any) -> float:
    last = values[-1]
    return float(last[0] if isinstance(last, tuple) else last)  # cross validation: mean, std


def _log_importance(model: Any, importance_type: str) -> None:
    scores = model.get_score(importance_type=importance_type)
    total = sum(_first(score) for score in scores.values()) or 1.0
    ranked = sorted(scores.items(), key=lambda item: -_first(item[1]))[:MAX_FEATURES]
    table = Table(
        columns=["Feature", "Importance"],
        data=[[str(name), _first(score) / total] for name, score in ranked],
    )
    chart = plot.bar(table, "Feature", "Importance", title="Feature Importance")
    lossboard.log({"Feature Importance": chart})


def _first(score: Any) -> float:
    return float(score[0] if isinstance(score, list) else score)


def _log_model(model: Any) -> None:
    run = lossboard.run
    assert run is not None
    path = Path(run.dir) / f"{run.id}_model.json"
    model.save_model(str(path))
    run.log_model(str(path), name=f"{run.id}_model")
