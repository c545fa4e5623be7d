"""Finds a run by names that it and its project had before, and goes on with it under these."""

import json
import sys

import wandb

project, run_id = sys.argv[1:3]
found = wandb.Api().run(f"local/{project}/{run_id}")
with wandb.init(project=project, id=run_id, resume="must") as run:
    run.log({"loss": 0.5})
    run.alert("Resumed", "under its former names")
print("RESULT " + json.dumps([found.id, found.project, found.summary["loss"]]))
