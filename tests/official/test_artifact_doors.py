"""An artifact that came through one door goes out through the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import lossboard
from lossboard.data_types import JoinedTable, PartitionedTable

Runner = Callable[..., Any]


@pytest.mark.covers("Artifact", "Api.artifacts")
def test_artifacts_pass_from_each_client_to_the_other(
    server: Any, official: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"base_url": server.base_url, "silent": True, "entity": "local"}
    with lossboard.init(project="artifact-doors", id="native", settings=settings) as run:
        native = lossboard.Artifact("from-native", type="dataset")
        with native.new_file("x/y.txt") as file:
            file.write("native content")
        run.log_artifact(native).wait()
    seen = official(server, "artifact_doors.py", "artifact-doors")
    assert seen == {
        "digest": native.digest,
        "files": {"x/y.txt": "native content"},
        "version": "v0",
    }
    api = lossboard.Api({"base_url": server.base_url})
    artifact = api.artifact("local/artifact-doors/from-official:best")
    assert (artifact.metadata, artifact.logged_by().id) == ({"k": 1}, "official")
    assert artifact.manifest.digest() == artifact.digest
    assert Path(artifact.download("got"), "a", "b.txt").read_text() == "official content"
    assert [user.id for user in api.artifact("local/artifact-doors/from-native").used_by()] == [
        "official"
    ]


@pytest.mark.covers("Artifact")
def test_what_refers_to_an_artifact_by_its_client_id_is_found(
    server: Any, official: Runner
) -> None:
    found = official(server, "artifact_references.py", "references")
    assert found == {"scheme": "wandb-artifact", "rows": [[1, "x"], [2, "y"]]}


@pytest.mark.covers("JoinedTable", "PartitionedTable")
def test_tables_made_of_tables_are_read_through_the_other_door(
    server: Any,
    official: Runner,
    packages: Path | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"base_url": server.base_url, "silent": True, "entity": "local"}
    project = f"combined-{'current' if packages is None else 'old'}"
    sides = [lossboard.Table(columns=["id", name], data=[[2, name]]) for name in ("c", "d")]
    with lossboard.init(project=project, id="native", settings=settings) as run:
        run.log({"joined": JoinedTable(*sides, "id")})
        artifact, whole = lossboard.Artifact("parts", "dataset"), PartitionedTable("of")
        artifact.add(sides[0], "of/one")
        artifact.add(whole, "whole")
        run.log_artifact(artifact)
        run.log({"whole": whole})
    seen = official(server, "combined_tables.py", project, packages=packages)
    assert seen == {"joined": [[[2, "c"]], [[2, "d"]]], "whole": [[2, "c"]], "file": ["id", "d"]}
    logged = lossboard.Api(settings).run(f"{project}/official").logged_artifacts()
    found = {one.name: one for one in logged}
    joined = found["run-official-joined:v0"].get("joined")
    assert [joined.table1.data, joined.table2.data] == [[[1, "a"]], [[1, "b"]]]
    assert list(found["run-official-whole:v0"].get("whole").iterrows()) == [(0, [1, "a"])]


@pytest.mark.parametrize(
    "path",
    [
        "artifacts/local/0123456789abcdef0123456789abcdef",
        "artifacts/local/no-md5",
        "artifactsV2/default/local/p/c/i//0123456789abcdef0123456789abcdef/a.txt",
        "artifactsV2/default/local/birth/0123456789abcdef0123456789abcdef",
        "artifactsV2/default",
        "artifacts",
        "storage",
    ],
)
def test_an_address_of_files_that_has_none_is_no_page(server: Any, path: str) -> None:
    answer = httpx.get(f"{server.base_url}/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
