"""Two artifacts that hold one table: the second refers to the first before it has a version."""

import json
import sys

import wandb

project = sys.argv[1]
with wandb.init(project=project, id="refers") as run:
    table = wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])
    first = wandb.Artifact("first", type="dataset")
    first.add(table, "table")
    run.log_artifact(first)
    second = wandb.Artifact("second", type="dataset")
    second.add(table, "same")
    run.log_artifact(second)

found = wandb.Api().artifact(f"local/{project}/second:latest")
reference = found.manifest.entries["same.table.json"].ref or ""
print("RESULT " + json.dumps({"scheme": reference.split(":")[0], "rows": found.get("same").data}))
