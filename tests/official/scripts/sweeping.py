"""A sweep with an agent in this process, and what the public API tells of it."""

import json
import sys
import time
from types import SimpleNamespace

import wandb
from wandb.agents import pyagent

project = sys.argv[1]


def train() -> None:
    with wandb.init() as run:
        run.log({"loss": 1 / run.config.lr})


# The agent asks for its next run every five seconds.
pyagent.time = SimpleNamespace(time=time.time, sleep=lambda secs: time.sleep(secs / 10))
settings = {
    "name": "grid",
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"lr": {"values": [1, 2, 4]}},
}
sweep_id = wandb.sweep(settings, project=project)
wandb.agent(sweep_id, function=train, project=project)
api = wandb.Api()
sweep = api.sweep(f"local/{project}/{sweep_id}")
best = sweep.best_run()
result = {
    "listed": [one.id for one in api.project(project, "local").sweeps()] == [sweep_id],
    "rates": sorted(run.config["lr"] for run in sweep.runs),
    "best": best and best.config["lr"],
    "of_run": best and best.sweep is not None and best.sweep.id == sweep_id,
    "state": sweep.state,
    "config": sweep.config["metric"],
}
print("RESULT " + json.dumps(result))
