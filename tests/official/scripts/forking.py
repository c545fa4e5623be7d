"""A run, a fork of it after step 4, and the first one rewound to step 5."""

import json
import sys

import wandb

project = sys.argv[1]
run = wandb.init(project=project, id="origin")
for i in range(10):
    run.log({"loss": i})
run.finish()
run = wandb.init(project=project, id="fork", fork_from="origin?_step=4")
for i in range(3):
    run.log({"loss": 100 + i})
run.finish()
run = wandb.init(project=project, resume_from="origin?_step=5")
for i in range(2):
    run.log({"loss": 200 + i})
run.finish()
api = wandb.Api()
rows = {
    name: [(row["_step"], row["loss"]) for row in api.run(f"local/{project}/{name}").scan_history()]
    for name in ("origin", "fork")
}
print("RESULT " + json.dumps(rows))
