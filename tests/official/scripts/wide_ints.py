"""Reads the wide ints of a run that was logged through the other door."""

import json
import sys

import wandb

run = wandb.Api().run(f"local/{sys.argv[1]}/{sys.argv[2]}")
result = {
    "config": dict(run.config),
    "summary": run.summary["best"],
    "sampled": [row["best"] for row in run.history(pandas=False)],
}
print("RESULT " + json.dumps(result))
