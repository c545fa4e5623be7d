"""Logs until it is killed or stopped."""

import sys
import time

import wandb

run = wandb.init(project=sys.argv[1], id=sys.argv[2])
for i in range(int(sys.argv[3])):
    run.log({"i": i})
    time.sleep(0.05)
run.finish()
