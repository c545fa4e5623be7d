"""Reads the joined and partitioned tables of a run of our client, and logs such tables itself."""

import json
import sys

import wandb
from wandb.data_types import PartitionedTable

project = sys.argv[1]


def rows(artifact):
    name = next(path for path in artifact.manifest.entries if "joined" in path or "part" in path)
    found = artifact.get(name)
    if isinstance(found, PartitionedTable):
        return [row for _, row in found.iterrows()]
    return [found._table1.data, found._table2.data]


api = wandb.Api()
names = {key: f"local/{project}/run-native-{key}:v0" for key in ("joined", "whole")}
seen = {key: rows(api.artifact(name)) for key, name in names.items()}
table = api.artifact(names["joined"]).get_entry("joined.table2.table.json").download("alone")
with open(table) as file:
    seen["file"] = json.load(file)["columns"]
with wandb.init(project=project, id="official") as run:
    sides = [wandb.Table(columns=["id", name], data=[[1, name]]) for name in ("a", "b")]
    run.log({"joined": wandb.JoinedTable(*sides, "id")})
    artifact, whole = wandb.Artifact("parts-too", "dataset"), PartitionedTable("of")
    artifact.add(sides[0], "of/one")
    artifact.add(whole, "whole")
    run.log_artifact(artifact)
    run.log({"whole": whole})
print("RESULT " + json.dumps(seen))
