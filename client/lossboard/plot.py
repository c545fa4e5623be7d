"""Ready charts: `wandb.plot.line(...)` and its kin.

A chart is a table and a specification of how to draw it. Logged under `key`, the table goes into
history as `<key>_table` and the specification into the config below `_wandb.visualize.<key>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lossboard.media.base import as_array, optional_module
from lossboard.media.table import Table

__all__ = [
    "CustomChart",
    "bar",
    "confusion_matrix",
    "histogram",
    "line",
    "line_series",
    "plot_table",
    "pr_curve",
    "roc_curve",
    "scatter",
]

MAX_CURVE_POINTS = 10_000  # W&B resamples longer curves; the whole table would be slow to draw


class CustomChart:
    """A table drawn by one of W&B's chart specifications, such as `wandb/line/v0`."""

    def __init__(
        self,
        table: Table,
        spec_name: str,
        fields: Mapping[str, str],
        string_fields: Mapping[str, str] | None = None,
        split_table: bool = False,
    ) -> None:
        self.table = table
        self.spec_name = spec_name
        self.fields = dict(fields)
        self.string_fields = dict(string_fields or {})
        self.split_table = split_table

    def table_key(self, key: str) -> str:
        """The history key of the table of the chart logged under `key`."""
        if not self.split_table:
            return f"{key}_table"
        folder, _, name = key.rpartition("/")
        base = f"Custom Chart Tables/{name}_table"
        return f"{folder}/{base}" if folder else base

    def spec(self, key: str, table_key: str | None = None) -> dict[str, Any]:
        """The value for the config below `_wandb.visualize.<key>`; `table_key` is for a table that
        has a history key of its own."""
        return {
            "panel_type": "Vega2",
            "panel_config": {
                "panelDefId": self.spec_name,
                "fieldSettings": self.fields,
                "stringSettings": self.string_fields,
                "transform": {"name": "tableWithLeafColNames"},
                "userQuery": _query(table_key or self.table_key(key)),
            },
        }


def _query(table_key: str) -> dict[str, Any]:
    table = {
        "name": "summaryTable",
        "args": [{"name": "tableKey", "value": table_key}],
        "fields": [],
    }
    run_sets = {
        "name": "runSets",
        "args": [{"name": "runSets", "value": "${runSets}"}],
        "fields": [{"name": "id", "fields": []}, {"name": "name", "fields": []}, table],
    }
    return {"queryFields": [run_sets]}


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: Mapping[str, str],
    string_fields: Mapping[str, str] | None = None,
    split_table: bool = False,
) -> CustomChart:
    """Any specification over any table; `fields` names the columns of its fields."""
    if not isinstance(data_table, Table):
        raise TypeError(f"plot_table takes a Table, not {type(data_table).__name__}")
    return CustomChart(data_table, vega_spec_name, fields, string_fields, split_table)


def line(
    table: Table,
    x: str,
    y: str,
    stroke: str | None = None,
    title: str = "",
    split_table: bool = False,
) -> CustomChart:
    """A line through column `y` over column `x`, one for each value of column `stroke`."""
    fields = {"x": x, "y": y} | ({"stroke": stroke} if stroke else {})
    return plot_table("wandb/line/v0", table, fields, {"title": title}, split_table)


def scatter(
    table: Table, x: str, y: str, title: str = "", split_table: bool = False
) -> CustomChart:
    """Points of columns `x` and `y`."""
    return plot_table("wandb/scatter/v0", table, {"x": x, "y": y}, {"title": title}, split_table)


def bar(
    table: Table, label: str, value: str, title: str = "", split_table: bool = False
) -> CustomChart:
    """A bar as long as column `value` for each value of column `label`."""
    fields = {"label": label, "value": value}
    return plot_table("wandb/bar/v0", table, fields, {"title": title}, split_table)


def histogram(table: Table, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """The distribution of column `value`."""
    return plot_table("wandb/histogram/v0", table, {"value": value}, {"title": title}, split_table)


def line_series(
    xs: Sequence[Any],
    ys: Sequence[Sequence[Any]],
    keys: Sequence[str] | None = None,
    title: str = "",
    xname: str = "x",
    split_table: bool = False,
) -> CustomChart:
    """Several lines: `ys` holds one sequence a line, `xs` one shared sequence or one a line.

    Raises ValueError when lengths differ and TypeError for anything but sequences.
    """
    if not _is_sequence(xs) or not _is_sequence(ys) or not all(map(_is_sequence, ys)):
        raise TypeError("line_series takes a sequence xs and a sequence ys of sequences")
    shared = not _is_sequence(xs[0]) if len(xs) else True
    each_x = [xs] * len(ys) if shared else list(xs)
    names = [f"key_{index}" for index in range(len(ys))] if keys is None else list(keys)
    if not len(each_x) == len(ys) == len(names):
        raise ValueError(f"{len(each_x)} xs, {len(ys)} ys and {len(names)} keys don't match")
    rows = [
        [_number(x), name, _number(y)]
        for x_values, y_values, name in zip(each_x, ys, names, strict=True)
        for x, y in zip(x_values, y_values, strict=True)
    ]
    table = Table(columns=["step", "lineKey", "lineVal"], data=rows)
    fields = {"step": "step", "lineKey": "lineKey", "lineVal": "lineVal"}
    strings = {"title": title, "xname": xname}
    return plot_table("wandb/lineseries/v0", table, fields, strings, split_table)


def confusion_matrix(
    probs: Any = None,
    y_true: Sequence[int] | None = None,
    preds: Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    title: str = "Confusion Matrix Curve",
    split_table: bool = False,
) -> CustomChart:
    """How often class a was taken for class b: from `preds`, or `probs` of shape (n, classes).

    Raises ValueError when both or none of probs and preds are given, or lengths differ.
    """
    if (probs is None) == (preds is None):
        raise ValueError("confusion_matrix takes either probs or preds")
    predicted = as_array(preds) if probs is None else as_array(probs).argmax(axis=1)
    actual = as_array(y_true)
    if len(predicted) != len(actual):
        raise ValueError(f"{len(actual)} values of y_true, {len(predicted)} predictions")
    count = len(class_names) if class_names else int(max(predicted.max(), actual.max())) + 1
    names = list(class_names or [f"Class_{index + 1}" for index in range(count)])
    counts = np.zeros((count, count), np.int64)
    np.add.at(counts, (actual.astype(int), predicted.astype(int)), 1)
    rows = [[names[a], names[p], int(counts[a, p])] for a in range(count) for p in range(count)]
    table = Table(columns=["Actual", "Predicted", "nPredictions"], data=rows)
    fields = {name: name for name in table.columns}
    return plot_table("wandb/confusion_matrix/v1", table, fields, {"title": title}, split_table)


def roc_curve(
    y_true: Sequence[Any] | None = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str = "ROC Curve",
    split_table: bool = False,
) -> CustomChart:
    """True over false positives for each class; `y_probas` has shape (n, classes)."""
    metrics = _sklearn_metrics("roc_curve")
    rows = []
    for name, actual, score in _one_against_rest(y_true, y_probas, labels, classes_to_plot):
        false_positive, true_positive, _ = metrics.roc_curve(actual, score)
        rows += [
            [name, round(float(x), 3), round(float(y), 3)]
            for x, y in _thinned(false_positive, true_positive)
        ]
    table = Table(columns=["class", "fpr", "tpr"], data=rows)
    strings = {"title": title, "x-axis-title": "False positive rate"}
    strings["y-axis-title"] = "True positive rate"
    fields = {"x": "fpr", "y": "tpr", "class": "class"}
    return plot_table("wandb/area-under-curve/v0", table, fields, strings, split_table)


def pr_curve(
    y_true: Sequence[Any] | None = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    interp_size: int = 21,
    title: str = "Precision-Recall Curve",
    split_table: bool = False,
) -> CustomChart:
    """Precision over recall for each class, at `interp_size` equally spaced recalls."""
    metrics = _sklearn_metrics("pr_curve")
    recalls = np.linspace(0, 1, interp_size)
    rows = []
    for name, actual, score in _one_against_rest(y_true, y_probas, labels, classes_to_plot):
        precision, recall, _ = metrics.precision_recall_curve(actual, score)
        # the highest precision that is reached at this recall or a higher one
        best = np.maximum.accumulate(precision)
        at = np.interp(recalls, recall[::-1], best[::-1])
        rows += [
            [name, round(float(y), 3), round(float(x), 3)] for x, y in zip(recalls, at, strict=True)
        ]
    table = Table(columns=["class", "precision", "recall"], data=rows)
    strings = {"title": title, "x-axis-title": "Recall", "y-axis-title": "Precision"}
    fields = {"x": "recall", "y": "precision", "class": "class"}
    return plot_table("wandb/area-under-curve/v0", table, fields, strings, split_table)


def _one_against_rest(
    y_true: Any, y_probas: Any, labels: Sequence[str] | None, classes_to_plot: Any
) -> list[tuple[str, Any, Any]]:
    """Name, truth (bool[n]) and score (float[n]) of each class to plot."""
    if y_true is None or y_probas is None:
        raise ValueError("y_true and y_probas are both needed")
    actual, scores = as_array(y_true), as_array(y_probas)
    classes = np.unique(actual)
    wanted = classes if classes_to_plot is None else np.intersect1d(classes, classes_to_plot)
    found = []
    for index, value in enumerate(classes):
        if value in wanted:
            name = str(labels[index]) if labels is not None else str(value)
            found.append((name, actual == value, scores[:, index]))
    return found


def _thinned(xs: Any, ys: Any) -> list[tuple[Any, Any]]:
    stride = max(1, -(-len(xs) // MAX_CURVE_POINTS))
    keep = np.unique(np.append(np.arange(0, len(xs), stride), len(xs) - 1))
    return list(zip(xs[keep], ys[keep], strict=True))


def _sklearn_metrics(name: str) -> Any:
    return optional_module("sklearn.metrics", package="scikit-learn", purpose=f"plot.{name}")


def _is_sequence(value: Any) -> bool:
    return not isinstance(value, str) and hasattr(value, "__len__")


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
