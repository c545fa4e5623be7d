"""Ten rows each time it is run."""

import json
import sys

import wandb

run = wandb.init(project=sys.argv[1], id=sys.argv[2], resume=sys.argv[3], config={"x": 1})
for i in range(10):
    run.log({"loss": i})
start, resumed = run.starting_step, run.resumed
run.finish()
print("RESULT " + json.dumps({"start": start, "resumed": resumed}))
