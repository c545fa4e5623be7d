"""Summary values deleted in the run that logged them, and afterwards through the public API."""

import json
import sys

import wandb

project = sys.argv[1]


def read() -> dict:
    summary = dict(wandb.Api().run(f"local/{project}/run").summary)
    return {key: value for key, value in summary.items() if not key.startswith("_")}


with wandb.init(project=project, id="run") as run:
    run.log({"kept": 1, "gone": 2, "later": 3})
    run.summary["mine"] = 4
    del run.summary["gone"]
first = read()
with wandb.init(project=project, id="run", resume="must") as run:
    run.log({"more": 5})
resumed = read()
summary = wandb.Api().run(f"local/{project}/run").summary
del summary["later"]
summary.update()
print("RESULT " + json.dumps([first, resumed, read()]))
