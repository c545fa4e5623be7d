"""The write side of artifact collections: links, names, descriptions, tags, types, deletion."""

import json
import sys
from typing import Any

import wandb

project = sys.argv[1]
with wandb.init(project=project) as run:
    for number in range(3):
        artifact = wandb.Artifact("rows", "dataset")
        with artifact.new_file("x.txt") as file:
            file.write(str(number))
        run.log_artifact(artifact, aliases=[f"a{number}"]).wait()
        run.link_artifact(artifact, "shelf", aliases=[f"s{number}"])
path = f"local/{project}"
api = wandb.Api()
result: dict[str, Any] = {}

first = api.artifact(f"{path}/rows:v0")
api.run(f"{path}/{run.id}").log_artifact(first, aliases=["again"])
result["again"] = api.artifact(f"{path}/rows:again").version
link = api.artifact(f"{path}/shelf:s1")
result["files"] = [file.name for file in link.files()]
result["links"] = [one.name for one in api.artifact(f"{path}/rows:v1").linked_artifacts]
link.unlink()
result["linked"] = [one.name for one in api.artifacts("dataset", f"{path}/shelf")]
result["aliases"] = sorted(api.artifact_collection("dataset", f"{path}/shelf").aliases)


def told(type_name: str, name: str) -> list[Any]:
    found = wandb.Api().artifact_collection(type_name, f"{path}/{name}")
    return [found.name, found.description, sorted(found.tags), found.type]


for name in ("rows", "shelf"):
    collection = api.artifact_collection("dataset", f"{path}/{name}")
    collection.name, collection.description = f"{name}-2", "about"
    collection.tags = ["one", "two"]
    collection.save()
    collection.tags = ["two", "three"]
    collection.save()
    result[name] = told("dataset", f"{name}-2")
api.artifact_collection("dataset", f"{path}/rows-2").change_type("table")
result["moved"] = [one.name for one in api.artifact_collections(path, "table")]
api.artifact_collection("dataset", f"{path}/shelf-2").delete()
result["kept"] = [one.name for one in api.artifacts("table", f"{path}/rows-2")]
api.artifact_collection("table", f"{path}/rows-2").delete()
result["exists"] = wandb.Api().artifact_collection_exists(f"{path}/rows-2", "table")
result["types"] = [one.name for one in wandb.Api().artifact_types(path)]
print("RESULT " + json.dumps(result))
