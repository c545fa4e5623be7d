"""The public API changes what it walks: edits, deletions, retagging, artifacts."""

import json
import sys

import wandb

project = sys.argv[1]
path = f"local/{project}"
said = []


def refused(task):
    try:
        task()
    except (wandb.Error, ValueError) as error:
        return str(error)
    return None


api = wandb.Api()
for run in api.runs(path, filters={"tags": "old"}, per_page=3):
    run.tags = ["new"]
    run.update()
retagged = len(wandb.Api().runs(path, filters={"tags": "new"}))
edited = wandb.Api().run(f"{path}/run0")
edited.config["model"]["layers"] = 99
del edited.config["lr"]
edited.config["rate"] = float("inf")
edited.summary["nested"]["top1"] = 0.9
edited.update()
again = wandb.Api().run(f"{path}/run0")

versions = wandb.Api().artifacts("dataset", f"{path}/data", per_page=2)
why = None
for version in versions:
    if version.aliases:
        why = refused(version.delete)
    else:
        version.delete()
left = [one.name for one in wandb.Api().artifacts("dataset", f"{path}/data")]
wandb.Api().artifact(f"{path}/data:latest").delete(delete_aliases=True)
gone = refused(lambda: wandb.Api().artifact(f"{path}/data:v4"))

for file in edited.files(per_page=2):
    file.delete()
files = {
    file.name: file.download(root="made", replace=True).read()
    for file in wandb.Api().run(f"{path}/run0").files()
}
for order in ("-created_at", "+config.number"):
    walked = []
    for run in wandb.Api().runs(path, order=order, per_page=3):
        walked.append(run.config["number"])
        if order != "-created_at":
            run.delete()
    said.append(walked)
result = {
    "retagged": retagged,
    "config": again.config,
    "summary": again.summary["nested"]["top1"],
    "why": why,
    "left": left,
    "gone": gone is not None,
    "files": files,
    "walked": said,
    "runs": len(wandb.Api().runs(path)),
}
print("RESULT " + json.dumps(result))
