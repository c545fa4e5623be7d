"""Charts of what a clusterer found."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import lossboard
from lossboard import plot
from lossboard.media.base import optional_module
from lossboard.media.table import Table

__all__ = ["plot_clusterer", "plot_elbow_curve", "plot_silhouette"]


def plot_clusterer(
    model: Any,
    X_train: Any,
    cluster_labels: Any,
    labels: Sequence[str] | None = None,
    model_name: str = "Clusterer",
) -> None:
    """All plots of this module; parameters go into config."""
    lossboard.config.update({model_name: model.get_params()}, allow_val_change=True)
    plot_elbow_curve(model, X_train)
    plot_silhouette(model, X_train, cluster_labels, labels)


def plot_elbow_curve(
    clusterer: Any = None,
    X: Any = None,
    cluster_ranges: Sequence[int] | None = None,
    n_jobs: int = 1,
    show_cluster_time: bool = True,
) -> None:
    """Error over the number of clusters, as `elbow_curve`. A clusterer without `n_clusters` is
    left out with a warning."""
    if not hasattr(clusterer, "n_clusters"):
        name = type(clusterer).__name__
        lossboard.termwarn(f"{name} has no n_clusters, so there is no elbow curve to plot")
        return
    base = optional_module("sklearn.base", package="scikit-learn", purpose="plot_elbow_curve")
    rows = []
    for count in cluster_ranges or range(1, 10, 2):
        start = time.perf_counter()
        fitted = base.clone(clusterer).set_params(n_clusters=count).fit(X)
        duration_secs = time.perf_counter() - start if show_cluster_time else 0.0
        rows.append([count, float(abs(fitted.score(X))), duration_secs])
    table = Table(columns=["cluster_ranges", "errors", "clustering_time"], data=rows)
    chart = plot.line(table, "cluster_ranges", "errors", title="Elbow Curve")
    lossboard.log({"elbow_curve": chart})


def plot_silhouette(
    clusterer: Any = None,
    X: Any = None,
    cluster_labels: Any = None,
    labels: Sequence[str] | None = None,
    metric: str = "euclidean",
    kmeans: bool = True,
) -> None:
    """How well each example lies in its cluster (−1 to 1), as `silhouette_plot`."""
    metrics = optional_module("sklearn.metrics", package="scikit-learn", purpose="plot_silhouette")
    clusters = clusterer.fit_predict(X) if cluster_labels is None else np.asarray(cluster_labels)
    values = metrics.silhouette_samples(X, clusters, metric=metric)
    order = np.lexsort((-values, clusters))
    rows = [
        [place, float(values[index]), _name(clusters[index], labels)]
        for place, index in enumerate(order)
    ]
    table = Table(columns=["y", "x", "cluster"], data=rows)
    title = f"Silhouette, mean {values.mean():.3f}"
    lossboard.log({"silhouette_plot": plot.line(table, "y", "x", "cluster", title)})


def _name(cluster: Any, labels: Sequence[str] | None) -> str:
    return str(cluster) if labels is None else str(labels[int(cluster)])
