"""An artifact logged twice, used, linked to an alias, downloaded."""

import json
import sys
from pathlib import Path

import wandb

Path("data").mkdir()
Path("data/a.txt").write_text("alpha")
Path("data/b.txt").write_text("beta")


def log(run):
    artifact = wandb.Artifact("ds", type="dataset", metadata={"k": 1}, description="d")
    artifact.add_dir("data")
    return run.log_artifact(artifact, aliases=["best"]).wait()


with wandb.init(project=sys.argv[1], id=sys.argv[2]) as run:
    first = log(run).version
    second = log(run).version
    Path("data/b.txt").write_text("gamma")
    third = log(run).version
with wandb.init(project=sys.argv[1]) as run:
    used = run.use_artifact("ds:v0")
    text = Path(used.download(), "b.txt").read_text()
api = wandb.Api()
newest = api.artifact(f"local/{sys.argv[1]}/ds:latest")
newest.aliases.append("prod")
newest.save()
result = {
    "versions": [first, second, third],
    "text": text,
    "files": sorted(newest.manifest.entries),
    "aliases": sorted(api.artifact(f"local/{sys.argv[1]}/ds:prod").aliases),
    "logged_by": newest.logged_by().id,
    "users": [one.id for one in api.artifact(f"local/{sys.argv[1]}/ds:v0").used_by()] == [run.id],
}
print("RESULT " + json.dumps(result))
