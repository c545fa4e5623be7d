"""Many processes that begin runs at the same moment in one folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import lossboard as wandb

from .conftest import Script

PROCESSES = 40
RUNS_EACH = 4

MANY = f"""
import os, sys
import lossboard as wandb

arguments = {{"reinit": "create_new", **({{"resume": "auto"}} if sys.argv[1] == "auto" else {{}})}}
go, begin = os.pipe()

def work(number):
    os.close(begin)
    os.read(go, 1)  # until all are there
    runs = [wandb.init(**arguments) for _ in range({RUNS_EACH})]
    for place, run in enumerate(runs):
        run.log({{"place": 10 * number + place}})
    with open(f"{{number}}.ids", "w") as file:
        file.write(" ".join(run.id for run in runs))
    for run in runs:
        run.finish()

children = []
for number in range({PROCESSES}):
    if (child := os.fork()) == 0:
        work(number)
        sys.exit(0)
    children.append(child)
os.close(begin)
sys.exit(max(os.waitpid(child, 0)[1] for child in children) != 0)
"""


@pytest.mark.covers("init.resume")
@pytest.mark.parametrize("resume", ["auto", "none"])
def test_160_runs_that_begin_at_the_same_moment_are_160_runs(
    project: str, script: Script, tmp_path: Path, resume: str
) -> None:
    ended = script(MANY, resume, LOSSBOARD_X_DISABLE_STATS="true", LOSSBOARD_CONSOLE="off")
    assert ended.returncode == 0, ended.stderr
    begun = [run_id for path in tmp_path.glob("*.ids") for run_id in path.read_text().split()]
    assert len(set(begun)) == len(begun) == PROCESSES * RUNS_EACH
    runs = {run.id: run.summary["place"] for run in wandb.Api().runs(per_page=1000)}
    expected = [10 * number + place for number in range(PROCESSES) for place in range(RUNS_EACH)]
    assert set(runs) == set(begun) and sorted(runs.values()) == expected
    assert {run.state for run in wandb.Api().runs(per_page=1000)} == {"finished"}


@pytest.mark.covers("init.resume")
def test_of_many_processes_that_find_a_run_that_was_left_one_goes_on_with_it(
    project: str, script: Script, tmp_path: Path
) -> None:
    left = wandb.init(resume="auto")
    left.log({"place": -1})
    left.finish(exit_code=1)
    ended = script(MANY, "auto", LOSSBOARD_X_DISABLE_STATS="true", LOSSBOARD_CONSOLE="off")
    assert ended.returncode == 0, ended.stderr
    begun = [run_id for path in tmp_path.glob("*.ids") for run_id in path.read_text().split()]
    assert begun.count(left.id) == 1 and len(set(begun)) == len(begun)
    assert the_word(tmp_path) is None  # it has ended well by now


def the_word(folder: Path) -> Any:
    path = folder / "wandb" / "wandb-resume.json"
    return json.loads(path.read_text()) if path.exists() else None
