"""Scalars, nested values, text, NaN, config, summary, define_metric, console."""

import sys

import wandb

run = wandb.init(
    project=sys.argv[1],
    id=sys.argv[2],
    name="scalars",
    config={"lr": 0.1, "nested": {"depth": 2}},
    tags=["a", "b"],
    notes="a note",
    group="g",
    job_type="train",
)
run.define_metric("epoch")
run.define_metric("acc", step_metric="epoch", summary="max")
for i in range(20):
    row = {
        "loss": 1 / (i + 1),
        "deep": {"x": {"y": i}},
        "epoch": i // 5,
        "acc": i % 7,
        "s": f"t{i}",
    }
    run.log(row | {"odd": float("nan") if i == 3 else float("inf") if i == 4 else i})
run.config["added"] = 5
run.summary["best"] = 7
print("to stdout")
print("to stderr", file=sys.stderr)
run.finish()
