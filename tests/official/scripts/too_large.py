"""Logs values that no run may have, among others."""

import sys

import wandb

config = {"lr": 0.1, "text": "x" * 2_000_000, "many": list(range(300_000))}
with wandb.init(project=sys.argv[1], id=sys.argv[2], config=config) as run:
    for step in range(5):
        run.log({"loss": step, "odd": list(range(1_200_000)) if step == 2 else 1})
    run.summary["huge"] = ["y" * 100] * 20_000
    run.config.update({"later": 3})
