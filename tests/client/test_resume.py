"""Runs that go on with others: resume, rewind, fork."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb
from lossboard.errors import CommError, UsageError

from .conftest import rows_of


@pytest.mark.covers("init.resume", "run.properties")
def test_resume_goes_on_after_the_last_step(project: str) -> None:
    with wandb.init(id="r", config={"lr": 0.1, "old": 1}, tags=["a"], name="kept") as run:
        run.log({"x": 1}, step=41)
    with wandb.init(id="r", resume="must", config={"lr": 0.2}) as run:
        assert (run.resumed, run.step, run.starting_step) == (True, 42, 42)
        assert run.config.as_dict() == {"lr": 0.2, "old": 1}
        assert (run.name, run.tags, run.summary["x"]) == ("kept", ("a",), 1)
        run.log({"x": 2})
    assert [row["_step"] for row in rows_of(run)] == [41, 42]


@pytest.mark.covers("init.resume")
def test_resume_must_needs_the_run_and_never_refuses_it(project: str) -> None:
    with pytest.raises(UsageError, match="there is no run 'r'"):
        wandb.init(id="r", resume="must")
    wandb.init(id="r", resume="never").finish()
    with pytest.raises(UsageError, match="is there already"):
        wandb.init(id="r", resume="never")


@pytest.mark.covers("init.resume")
def test_resume_allow_begins_a_run_that_is_not_there(project: str) -> None:
    with wandb.init(id="r", resume="allow") as run:
        assert (run.resumed, run.step) == (False, 0)


def test_a_server_that_is_away_stops_must_and_not_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"base_url": "http://127.0.0.1:9", "finish_timeout": 0.1, "silent": True}
    with pytest.raises(CommError, match=r"no answer from http://127\.0\.0\.1:9"):
        wandb.init(id="r", resume="must", settings=settings)
    with wandb.init(id="r", resume="allow", settings=settings) as run:
        run.log({"x": 1})


@pytest.mark.covers("init.resume")
def test_auto_resumes_only_what_ended_badly(project: str) -> None:
    first = wandb.init(resume="auto")
    first.log({"x": 1})
    first.finish(exit_code=1)
    second = wandb.init(resume="auto")
    assert (second.id, second.step) == (first.id, 1)
    second.finish()
    third = wandb.init(resume="auto")
    assert third.id != first.id


@pytest.mark.covers("init.fork_from")
def test_rewind_and_fork_go_on_after_their_step(project: str) -> None:
    with wandb.init(id="r") as run:
        for value in range(5):
            run.log({"x": value})
    with wandb.init(fork_from="r?_step=2", id="f") as fork:
        fork.log({"x": 30})
    with wandb.init(resume_from="r?_step=1") as rewound:
        rewound.log({"x": 20})
    assert [row["x"] for row in rows_of(fork)] == [0, 1, 2, 30]
    assert [row["x"] for row in rows_of(rewound)] == [0, 1, 20]


@pytest.mark.covers("init.fork_from")
@pytest.mark.parametrize(
    "arguments",
    [
        {"fork_from": "r"},
        {"resume_from": "r?_step=x"},
        {"fork_from": "r?_step=1", "id": "r"},
        {"resume_from": "r?_step=1", "id": "s"},
        {"resume_from": "r?_step=1", "resume": "allow"},
    ],
)
def test_contradictions_are_told(offline: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        wandb.init(**arguments)


def test_the_resume_file_is_json_that_other_tools_can_read(project: str, tmp_path: Path) -> None:
    run = wandb.init(resume="auto")
    left = json.loads((tmp_path / "wandb" / "wandb-resume.json").read_text())
    assert left["run_id"] == run.id
