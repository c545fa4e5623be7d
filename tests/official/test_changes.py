"""What the official public API changes is stored, also of what it walks over."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import lossboard
from lossboard.wire import Exit, FileEntry, Record, RunStart, encode_record

from .conftest import Runner, detail


@pytest.fixture
def changed(server: Any, own_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project of eight runs with a tag and files, and an artifact of five versions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    now_us = time.time_ns() // 1000
    for number in range(8):
        config = {"model": {"layers": 3}, "lr": 0.1, "number": number}
        names = {"entity": "local", "project": own_name, "run_id": f"run{number}"}
        start = RunStart(**names, started_us=now_us, tags=("old",), config=config)
        files = [FileEntry(f"f{n}.txt", "0" * 64, 1, now_us, "text/plain") for n in range(5)]
        summary = {"nested": {"top1": 0.1}}
        ending = Exit(code=0, time_us=now_us)
        record = Record(version=1, start=start, files=files, summary=summary, exit=ending)
        url = f"{server.base_url}/api/ingest/{secrets.token_hex(16)}/0"
        httpx.post(url, content=encode_record(record)).raise_for_status()
    with lossboard.init(project=own_name, id="artifacts", mode="online") as run:
        for number in range(5):
            artifact = lossboard.Artifact("data", "dataset", metadata={"number": number})
            with artifact.new_file("number.txt") as file:
                file.write(str(number))
            run.log_artifact(artifact).wait()
    httpx.delete(f"{server.base_url}/api/runs/{detail(server, own_name, 'artifacts')['uid']}")
    lossboard.teardown()
    return own_name


@pytest.mark.covers("Api.runs", "Run.update", "Api.artifacts")
def test_what_the_public_api_changes_on_its_way_is_all_changed(
    server: Any, official: Runner, changed: str
) -> None:
    found = official(server, "changing.py", changed)
    assert found["retagged"] == 8
    assert found["config"] == {"model": {"layers": 99}, "number": 0, "rate": "Infinity"}
    assert found["summary"] == 0.9
    assert "latest" in found["why"] and "delete_aliases=True" in found["why"]
    assert (found["left"], found["gone"]) == (["data:v4"], True)
    made = found["files"]  # what is left is made of what is known of the run
    assert sorted(made) == ["config.yaml", "wandb-metadata.json", "wandb-summary.json"]
    assert yaml.safe_load(made["config.yaml"])["model"] == {"value": {"layers": 99}}
    assert json.loads(made["wandb-summary.json"]) == {"nested": {"top1": 0.9}}
    assert found["walked"] == [[7, 6, 5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5, 6, 7]]
    assert found["runs"] == 0
