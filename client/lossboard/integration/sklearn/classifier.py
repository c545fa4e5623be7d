"""Charts of what a fitted classifier does, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import lossboard
from lossboard import plot
from lossboard.integration.sklearn.regressor import plot_learning_curve, plot_summary_metrics
from lossboard.media.base import optional_module
from lossboard.media.table import Table

__all__ = [
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_confusion_matrix",
    "plot_feature_importances",
    "plot_precision_recall",
    "plot_roc",
]

MAX_FEATURES = 50


def plot_classifier(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    y_pred: Any,
    y_probas: Any,
    labels: Sequence[str] | None = None,
    is_binary: bool = False,
    model_name: str = "Classifier",
    feature_names: Sequence[str] | None = None,
    log_learning_curve: bool = False,
) -> None:
    """All plots of this module for one fitted classifier; parameters go into config."""
    lossboard.config.update({model_name: model.get_params()}, allow_val_change=True)
    plot_feature_importances(model, feature_names)
    if log_learning_curve:
        plot_learning_curve(model, X_train, y_train)
    plot_confusion_matrix(y_test, y_pred, labels)
    plot_summary_metrics(model, X=X_train, y=y_train, X_test=X_test, y_test=y_test)
    plot_class_proportions(y_train, y_test, labels)
    plot_roc(y_test, y_probas, labels)
    plot_precision_recall(y_test, y_probas, labels)
    if is_binary:
        plot_calibration_curve(model, X_train, y_train, model_name)


def plot_roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Any = None,
) -> None:
    """True over false positives for each class, as `roc`."""
    lossboard.log({"roc": plot.roc_curve(y_true, y_probas, labels, classes_to_plot)})


def plot_precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Any = None,
) -> None:
    """Precision over recall for each class, as `precision_recall`."""
    lossboard.log({"precision_recall": plot.pr_curve(y_true, y_probas, labels, classes_to_plot)})


def plot_confusion_matrix(
    y_true: Any = None, y_pred: Any = None, labels: Sequence[str] | None = None
) -> None:
    """How often one class was taken for another, as `confusion_matrix`."""
    classes, codes = np.unique(np.concatenate([y_true, y_pred]), return_inverse=True)
    names = list(labels) if labels is not None else [str(name) for name in classes]
    chart = plot.confusion_matrix(
        y_true=codes[: len(y_true)].tolist(), preds=codes[len(y_true) :].tolist(), class_names=names
    )
    lossboard.log({"confusion_matrix": chart})


def plot_feature_importances(
    model: Any = None,
    feature_names: Sequence[str] | None = None,
    title: str = "Feature Importance",
    max_num_features: int = MAX_FEATURES,
) -> None:
    """Importances or coefficients of the features, as `feature_importances`.

    A model that has neither is left out with a warning.
    """
    importances = getattr(model, "feature_importances_", None)
    if importances is None and hasattr(model, "coef_"):
        coefficients = np.atleast_2d(np.asarray(model.coef_))
        importances = (
            np.abs(coefficients).mean(axis=0) if len(coefficients) > 1 else coefficients[0]
        )
    if importances is None:
        name = type(model).__name__
        lossboard.termwarn(f"{name} has no feature importances or coefficients to plot")
        return
    names = feature_names if feature_names is not None else range(len(importances))
    order = np.argsort(-np.abs(importances))[:max_num_features]
    rows = [[str(names[index]), float(importances[index])] for index in order]
    table = Table(columns=["feature_names", "importances"], data=rows)
    lossboard.log({"feature_importances": plot.bar(table, "feature_names", "importances", title)})


def plot_class_proportions(
    y_train: Any = None, y_test: Any = None, labels: Sequence[str] | None = None
) -> None:
    """How many examples of each class train and test hold, as `class_proportions`."""
    rows: list[list[Any]] = []
    classes = np.unique(np.concatenate([y_train, y_test]))
    for dataset, values in (("train", np.asarray(y_train)), ("test", np.asarray(y_test))):
        for index, value in enumerate(classes):
            name = str(labels[index]) if labels is not None else str(value)
            rows.append([name, dataset, int((values == value).sum())])
    table = Table(columns=["class", "dataset", "count"], data=rows)
    lossboard.log({"class_proportions": plot.bar(table, "class", "count", "Class Proportions")})


def plot_calibration_curve(
    clf: Any = None, X: Any = None, y: Any = None, clf_name: str = "Classifier"
) -> None:
    """Share of positives over predicted probability of a binary classifier, fitted anew on a
    part of the data, as `calibration_curve`."""
    purpose = "plot_calibration_curve"
    calibration = optional_module("sklearn.calibration", package="scikit-learn", purpose=purpose)
    selection = optional_module("sklearn.model_selection", package="scikit-learn", purpose=purpose)
    base = optional_module("sklearn.base", package="scikit-learn", purpose=purpose)
    fit_x, test_x, fit_y, test_y = selection.train_test_split(X, y, random_state=0)
    fitted = base.clone(clf).fit(fit_x, fit_y)
    actual, predicted = calibration.calibration_curve(
        test_y, fitted.predict_proba(test_x)[:, 1], n_bins=10
    )
    rows = [[clf_name, float(x), float(a)] for x, a in zip(predicted, actual, strict=True)]
    rows += [["Perfectly calibrated", 0.0, 0.0], ["Perfectly calibrated", 1.0, 1.0]]
    table = Table(columns=["model", "mean_predicted_value", "fraction_of_positives"], data=rows)
    chart = plot.line(
        table, "mean_predicted_value", "fraction_of_positives", "model", "Calibration Curve"
    )
    lossboard.log({"calibration_curve": chart})
