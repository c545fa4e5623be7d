"""An artifact that came through one door goes out through the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lossboard

Runner = Callable[..., Any]


@pytest.mark.covers("Artifact", "Api.artifacts")
def test_artifacts_pass_from_each_client_to_the_other(
    server: Any, official: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"base_url": server.base_url, "silent": True, "entity": "local"}
    with lossboard.init(project="doors", id="native", settings=settings) as run:
        native = lossboard.Artifact("from-native", type="dataset")
        with native.new_file("x/y.txt") as file:
            file.write("native content")
        run.log_artifact(native).wait()
    seen = official(server, "artifact_doors.py", "doors")
    assert seen == {
        "digest": native.digest,
        "files": {"x/y.txt": "native content"},
        "version": "v0",
    }
    api = lossboard.Api({"base_url": server.base_url})
    artifact = api.artifact("local/doors/from-official:best")
    assert (artifact.metadata, artifact.logged_by().id) == ({"k": 1}, "official")
    assert artifact.manifest.digest() == artifact.digest
    assert Path(artifact.download("got"), "a", "b.txt").read_text() == "official content"
    assert [user.id for user in api.artifact("local/doors/from-native").used_by()] == ["official"]


@pytest.mark.covers("Artifact")
def test_what_refers_to_an_artifact_by_its_client_id_is_found(
    server: Any, official: Runner
) -> None:
    found = official(server, "artifact_references.py", "references")
    assert found == {"scheme": "wandb-artifact", "rows": [[1, "x"], [2, "y"]]}
