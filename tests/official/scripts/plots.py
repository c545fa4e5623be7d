"""Custom charts: a preset, one nested in a dictionary, and one of `wandb.visualize`."""

import sys

import wandb
from wandb.plot.viz import visualize

run = wandb.init(project=sys.argv[1], id=sys.argv[2])
walk = wandb.Table(columns=["x", "y"], data=[[1, 10], [2, 20]])
counts = wandb.Table(columns=["Predicted", "Actual", "Count"], data=[["cat", "cat", 5]])
run.log(
    {
        "matrix": wandb.plot.confusion_matrix(
            y_true=[0, 0, 0, 1], preds=[0, 0, 1, 1], class_names=["cat", "dog"]
        ),
        "nested": {"walk": wandb.plot.line(walk, "x", "y", title="A walk")},
        "visualized": visualize("wandb/confusion_matrix/v1", counts),
    }
)
run.finish()
