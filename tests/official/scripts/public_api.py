"""The public API: runs, filters, order, history, update, files, logs, delete."""

import json
import sys

import wandb

project = sys.argv[1]
for i in range(3):
    with wandb.init(project=project, id=f"r{i}", config={"lr": i / 10}) as run:
        for step in range(50):
            run.log({"loss": i + 1 / (step + 1)} | ({"rare": step} if step % 10 == 0 else {}))
api = wandb.Api()
path = f"local/{project}"
filtered = [run.id for run in api.runs(path, filters={"config.lr": {"$gt": 0.05}})]
ordered = [run.id for run in api.runs(path, order="-summary_metrics.loss")]
run = api.run(f"{path}/r1")
sampled = run.history(samples=10, keys=["loss"], pandas=False)
scanned = list(run.scan_history(keys=["rare"]))
paged = [row["loss"] for row in run.scan_history(keys=["loss"], page_size=7)]
run.config["lr"] = 0.5
run.tags.append("new")
run.notes = "edited"
run.update()
again = wandb.Api().run(f"{path}/r1")
wandb.Api().run(f"{path}/r2").delete()
result = {
    "filtered": sorted(filtered),
    "ordered": ordered,
    "state": run.state,
    "rows": len(list(run.scan_history())),
    "sampled": len(sampled),
    "rare": [row["rare"] for row in scanned],
    "paged": len(paged),
    "edited": [again.config["lr"], again.tags, again.notes, again.state],
    "left": sorted(run.id for run in wandb.Api().runs(path)),
    "projects": project in [one.name for one in wandb.Api().projects("local")],
}
print("RESULT " + json.dumps(result))
