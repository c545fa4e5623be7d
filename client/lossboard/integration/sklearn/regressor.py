"""Charts of what a fitted regressor does and how well, and what regressors share with
classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np

import lossboard
from lossboard import plot
from lossboard.media.base import optional_module
from lossboard.media.table import Table

__all__ = [
    "plot_learning_curve",
    "plot_outlier_candidates",
    "plot_regressor",
    "plot_residuals",
    "plot_summary_metrics",
]


def plot_regressor(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    model_name: str = "Regressor",
) -> None:
    """All plots of this module for one fitted regressor; parameters go into config."""
    lossboard.config.update({model_name: model.get_params()}, allow_val_change=True)
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_learning_curve(model, X_train, y_train)
    plot_outlier_candidates(model, X_train, y_train)
    plot_residuals(model, X_train, y_train)


def plot_summary_metrics(
    model: Any = None, X: Any = None, y: Any = None, X_test: Any = None, y_test: Any = None
) -> None:
    """Scores on the test data, as a table `summary_metrics` and in the summary."""
    metrics = optional_module("sklearn.metrics", package="scikit-learn", purpose="plot_summary")
    base = optional_module("sklearn.base", package="scikit-learn", purpose="plot_summary")
    predicted = model.predict(X_test)
    if base.is_regressor(model):
        scores = _regression_scores(metrics, y_test, predicted)
    else:
        scores = _classification_scores(metrics, y_test, predicted)
    rows = [[name, float(value)] for name, value in scores.items()]
    table = Table(columns=["metric_name", "metric_value"], data=rows)
    chart = plot.bar(table, "metric_name", "metric_value", f"{type(model).__name__} Summary")
    lossboard.log({"summary_metrics": chart})


def _regression_scores(metrics: Any, actual: Any, predicted: Any) -> dict[str, float]:
    return {
        "mae": metrics.mean_absolute_error(actual, predicted),
        "mse": metrics.mean_squared_error(actual, predicted),
        "r2_score": metrics.r2_score(actual, predicted),
    }


def _classification_scores(metrics: Any, actual: Any, predicted: Any) -> dict[str, float]:
    weighted = {"average": "weighted", "zero_division": 0}
    return {
        "accuracy_score": metrics.accuracy_score(actual, predicted),
        "precision": metrics.precision_score(actual, predicted, **weighted),
        "recall": metrics.recall_score(actual, predicted, **weighted),
        "f1_score": metrics.f1_score(actual, predicted, **weighted),
    }


def plot_learning_curve(
    model: Any = None,
    X: Any = None,
    y: Any = None,
    cv: Any = None,
    shuffle: bool = False,
    random_state: int | None = None,
    train_sizes: Any = None,
    n_jobs: int = 1,
    scoring: Any = None,
) -> None:
    """Scores over the number of training examples, as `learning_curve`."""
    selection = optional_module(
        "sklearn.model_selection", package="scikit-learn", purpose="plot_learning_curve"
    )
    sizes, train, test = selection.learning_curve(
        model,
        X,
        y,
        cv=cv,
        shuffle=shuffle,
        random_state=random_state,
        train_sizes=np.linspace(0.1, 1, 5) if train_sizes is None else train_sizes,
        n_jobs=n_jobs,
        scoring=scoring,
    )
    rows = [
        [dataset, float(score), int(size)]
        for dataset, scores in (("train", train), ("test", test))
        for size, score in zip(sizes, scores.mean(axis=1), strict=True)
    ]
    table = Table(columns=["dataset", "score", "train_size"], data=rows)
    chart = plot.line(table, "train_size", "score", "dataset", "Learning Curve")
    lossboard.log({"learning_curve": chart})


def plot_residuals(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Residual over prediction for a train and a test part, as `residuals`."""
    selection = optional_module(
        "sklearn.model_selection", package="scikit-learn", purpose="plot_residuals"
    )
    train_x, test_x, train_y, test_y = selection.train_test_split(X, y, random_state=0)
    rows: list[list[Any]] = []
    for dataset, inputs, actual in (("train", train_x, train_y), ("test", test_x, test_y)):
        predicted = regressor.predict(inputs)
        rows += [
            [dataset, float(p), float(a - p)]
            for p, a in zip(predicted, np.asarray(actual), strict=True)
        ]
    table = Table(columns=["dataset", "prediction", "residual"], data=rows)
    chart = plot.scatter(table, "prediction", "residual", "Residuals")
    lossboard.log({"residuals": chart})


def plot_outlier_candidates(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Cook's distance of each example, as `outlier_candidates`: those above 4/n bend the fit.

    Source: R. D. Cook, Detection of Influential Observation in Linear Regression, 1977.
    """
    inputs = np.asarray(X, float)
    residuals = np.asarray(y, float) - regressor.predict(X)
    design = np.column_stack([np.ones(len(inputs)), inputs])
    leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    count, parameters = design.shape
    error = residuals @ residuals / max(count - parameters, 1) or 1.0
    free = np.clip(1 - leverage, 1e-12, None)
    distance = residuals**2 / (parameters * error) * leverage / free**2
    rows = [[index, float(value)] for index, value in enumerate(distance)]
    table = Table(columns=["instance", "cooks_distance"], data=rows)
    chart = plot.bar(table, "instance", "cooks_distance", f"Cook's distance, limit {4 / count:.3g}")
    lossboard.log({"outlier_candidates": chart})
