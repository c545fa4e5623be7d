"""Three hundred rows into a local log."""

import sys

import wandb

run = wandb.init(project=sys.argv[1], id=sys.argv[2], mode="offline")
for i in range(300):
    run.log({"loss": 1 / (i + 1)})
run.finish()
