"""What the official public API changes is stored, also of what it walks over."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import yaml

import lossboard
from lossboard.wire import (
    Column,
    Exit,
    FileEntry,
    JsonColumn,
    Record,
    Rows,
    RunStart,
    encode_record,
)

from .conftest import Runner, detail
from .conftest import start as start_script

SCRIPTS = Path(__file__).parent / "scripts"
ROOTS = Path(os.pathsep.join(str(Path(__file__).parents[2] / n) for n in ("client", "server")))


@pytest.fixture
def project(server: Any, own_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project of this test alone, that our client knows too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    monkeypatch.setenv("LOSSBOARD_SILENT", "true")
    return own_name


@pytest.fixture
def changed(server: Any, project: str) -> str:
    """A project of eight runs with a tag and files, and an artifact of five versions."""
    now_us = time.time_ns() // 1000
    for number in range(8):
        config = {"model": {"layers": 3}, "lr": 0.1, "number": number}
        names = {"entity": "local", "project": project, "run_id": f"run{number}"}
        start = RunStart(**names, started_us=now_us, tags=("old",), config=config)
        files = [FileEntry(f"f{n}.txt", "0" * 64, 1, now_us, "text/plain") for n in range(5)]
        summary = {"nested": {"top1": 0.1}}
        ending = Exit(code=0, time_us=now_us)
        record = Record(version=1, start=start, files=files, summary=summary, exit=ending)
        url = f"{server.base_url}/api/ingest/{secrets.token_hex(16)}/0"
        httpx.post(url, content=encode_record(record)).raise_for_status()
    with lossboard.init(project=project, id="artifacts", mode="online") as run:
        for number in range(5):
            artifact = lossboard.Artifact("data", "dataset", metadata={"number": number})
            with artifact.new_file("number.txt") as file:
                file.write(str(number))
            run.log_artifact(artifact).wait()
    httpx.delete(f"{server.base_url}/api/runs/{detail(server, project, 'artifacts')['uid']}")
    lossboard.teardown()
    return project


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
    assert sorted(made) == ["config.yaml", "wandb-summary.json"]
    assert yaml.safe_load(made["config.yaml"])["model"] == {"value": {"layers": 99}}
    assert json.loads(made["wandb-summary.json"])["nested"] == {"top1": 0.9}
    assert found["walked"] == [[7, 6, 5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5, 6, 7]]
    assert found["runs"] == 0


SWEEP = "method: grid\nmetric: {name: loss, goal: minimize}\nparameters: {lr: {values: [1]}}"


@pytest.fixture
def guided(project: str, server: Any, tmp_path: Path) -> tuple[str, str]:
    """A project with what the guide reads, and the id of a sweep in it."""
    document = "mutation S($i: JSON) { upsertSweep(input: $i) { sweep { name } } }"
    asked = {"query": document, "variables": {"i": {"projectName": project, "config": SWEEP}}}
    answer = httpx.post(f"{server.base_url}/graphql", json=asked).json()
    sweep = str(answer["data"]["upsertSweep"]["sweep"]["name"])
    (tmp_path / "notes.txt").write_text("seen")
    for number in range(1, 4):
        log_guided(server, project, number, sweep)
        lossboard.Api().run(f"{project}/run{number}").upload_file("notes.txt")
    with lossboard.init(project=project, id="run3", resume="must", mode="online") as run:
        for text in ("first", "second"):
            artifact = lossboard.Artifact("data", "dataset")
            with artifact.new_file("f.txt") as file:
                file.write(text)
            run.log_artifact(artifact).wait()
    lossboard.teardown()
    return project, sweep


def log_guided(server: Any, project: str, number: int, sweep: str) -> None:
    now_us = time.time_ns() // 1000
    start = RunStart(
        entity="local",
        project=project,
        run_id=f"run{number}",
        started_us=now_us,
        name=f"n{number}",
        tags=("odd",) if number % 2 else (),
        group="g" if number == 1 else "",
        config={"lr": number / 4, "model": {"layers": number}, "flag": True, "none": None},
        metadata={"host": "here"} | ({"sweep": sweep} if number < 3 else {}),
    )
    steps, every = np.arange(6, dtype="<i8"), np.arange(6, dtype="<f8")
    times = (now_us + steps).astype("<i8").tobytes()
    columns = [
        Column("loss", (every + number * 5).tobytes()),
        Column("rare", every[:2].tobytes(), b"\x01", np.array([1, 4], "<u4").tobytes()),
    ]
    words = [JsonColumn("word", ["a", "b"], np.array([0, 5], "<u4").tobytes())]
    system = [Column("system.cpu", (every + 1).tobytes())]
    record = Record(
        version=1,
        start=start,
        rows=Rows(steps.tobytes(), times, columns, words),
        system=Rows(steps.tobytes(), times, system),
        exit=Exit(code=0, time_us=now_us),
    )
    url = f"{server.base_url}/api/ingest/{secrets.token_hex(16)}/0"
    httpx.post(url, content=encode_record(record)).raise_for_status()


@pytest.mark.covers("Api.runs", "Run.history", "Run.scan_history", "Run.files", "Api.artifacts")
def test_the_tasks_of_the_guide_give_the_same_through_both_readers(
    server: Any, official: Runner, guided: tuple[str, str], tmp_path: Path
) -> None:
    theirs = official(server, "guide.py", *guided, "theirs")
    command = ("-m", "lossboard", "run", SCRIPTS / "guide.py", *guided, "ours")
    done = start_script(server.base_url, tmp_path, ROOTS, *command)
    output, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors[-3000:]
    ours = json.loads(output.splitlines()[-1].removeprefix("RESULT "))
    other = {name: (ours[name], theirs[name]) for name in theirs if ours[name] != theirs[name]}
    assert other == {}, str(other)
    assert ours.keys() == theirs.keys()
    assert ours["runs_by_filters"][0] == ["run2", "run3"]
    assert ours["the_best_of_a_sweep"][:2] == ["run1", ["run1", "run2"]]
    for name in theirs.keys() - {"all_rows", "rows_that_have_some_keys"}:  # it makes 5.0 a 5 there
        assert kinds(ours[name]) == kinds(theirs[name]), name


def kinds(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    return [kinds(item) for item in value] if isinstance(value, list) else type(value).__name__
