"""The code of docs/api.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture
def digits(project: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The project that the guide speaks of, under a name of its own: three runs, an artifact."""
    (tmp_path / "notes.txt").write_text("seen")
    for number, lr in enumerate((0.1, 0.2, 0.05)):
        config = {"lr": lr, "model": {"layers": 2}}
        with wandb.init(project=project, config=config, tags=["old"]) as run:
            for step in range(5):
                run.log({"loss": 1 / (step + 1), "acc": lr * step})
            artifact = wandb.Artifact("weights", "model")
            with artifact.new_file("w.bin") as file:
                file.write(str(number))
            run.log_artifact(artifact).wait()
        wandb.Api().run(run.path).upload_file("notes.txt")
    return project


@pytest.mark.covers("Api.runs", "Run.update", "Run.files", "Api.artifacts")
def test_the_guide_does_what_it_says(digits: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) > 10
    known: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block.replace("digits", digits), str(GUIDE), "exec"), known)
    assert len(known["rows"]) == 3
    assert len(known["recent"]) == 2  # asked when it is counted: one run is in a group by then
    assert known["best"].config["lr"] == 0.1 and known["accuracy"] == 0.4
    assert known["losses"] == [1 / (step + 1) for step in range(5)]
    again = wandb.Api().run("/".join(known["run"].path))
    assert again.config["model"] == {"layers": 3} and again.summary["accuracy"] == 0.4
    assert (again.group, again.job_type, again.tags) == ("final", "train", ["archived"])
    assert (tmp_path / "downloaded" / "notes.txt").read_text() == "seen"
    assert (tmp_path / "weights" / "w.bin").read_text() == "2"
