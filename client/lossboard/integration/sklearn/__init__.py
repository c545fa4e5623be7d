"""Plots of scikit-learn models: `wandb.sklearn.plot_classifier(...)` and its kin."""

from __future__ import annotations

from lossboard.integration.sklearn.classifier import (
    plot_calibration_curve,
    plot_class_proportions,
    plot_classifier,
    plot_confusion_matrix,
    plot_feature_importances,
    plot_precision_recall,
    plot_roc,
)
from lossboard.integration.sklearn.clusterer import (
    plot_clusterer,
    plot_elbow_curve,
    plot_silhouette,
)
from lossboard.integration.sklearn.regressor import (
    plot_learning_curve,
    plot_outlier_candidates,
    plot_regressor,
    plot_residuals,
    plot_summary_metrics,
)

__all__ = [
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_clusterer",
    "plot_confusion_matrix",
    "plot_elbow_curve",
    "plot_feature_importances",
    "plot_learning_curve",
    "plot_outlier_candidates",
    "plot_precision_recall",
    "plot_regressor",
    "plot_residuals",
    "plot_roc",
    "plot_silhouette",
    "plot_summary_metrics",
]
