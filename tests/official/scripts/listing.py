"""One page of runs, as light as the public API asks for it or in full; what it says of them."""

import json
import sys

import wandb

project, kind = sys.argv[1:]
runs = wandb.Api().runs(f"local/{project}", per_page=50, lazy=kind != "full")
listed = [runs[place] for place in range(50)]
if kind == "settings":
    told = [[run.id, run.state, run.config["lr"], run.summary["loss"]] for run in listed]
elif kind == "lazy":
    told = [[run.id, run.state, run.sweep_name] for run in listed]
else:
    told = [
        [run.id, run.state, run.summary["loss"], run.system_metrics["system.cpu"]] for run in listed
    ]
print("RESULT " + json.dumps(told))
