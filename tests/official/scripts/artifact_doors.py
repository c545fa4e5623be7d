"""Logs an artifact with the official client, and reads one that the native client has logged."""

import json
import sys
from pathlib import Path

import wandb

project = sys.argv[1]
with wandb.init(project=project, id="official") as run:
    artifact = wandb.Artifact("from-official", type="dataset", metadata={"k": 1})
    with artifact.new_file("a/b.txt") as file:
        file.write("official content")
    run.log_artifact(artifact, aliases=["best"]).wait()
    used = run.use_artifact("from-native:latest")
    root = Path(used.download())
    seen = {path: (root / path).read_text() for path in used.manifest.entries}
print("RESULT " + json.dumps({"digest": used.digest, "files": seen, "version": used.version}))
