"""Sweeps of the official client: the server hands out parameters, the public API tells of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import Runner, start


@pytest.mark.covers("sweep", "Api.sweeps")
def test_an_agent_runs_all_points_of_a_grid(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = "sweeping-old" if packages else "sweeping"
    assert official(server, "sweeping.py", project, packages=packages) == {
        "listed": True,
        "rates": [1, 2, 4],
        "best": 4,
        "of_run": True,
        "state": "FINISHED",
        "config": {"goal": "minimize", "name": "loss"},
    }


PROGRAM = """import wandb
with wandb.init() as run:
    run.log({"loss": run.config.lr})
"""
SWEEP = f"""program: train.py
method: grid
command: [{sys.executable}, train.py]
parameters: {{lr: {{values: [1, 2]}}}}
"""


@pytest.mark.covers("sweep")
def test_the_command_line_makes_runs_and_stops_a_sweep(
    server: Any, tmp_path: Path, packages: Path | None
) -> None:
    def wandb(*arguments: str) -> str:
        process = start(server.base_url, tmp_path, packages, "-m", "wandb", *arguments)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, output + errors
        return output + errors

    (tmp_path / "train.py").write_text(PROGRAM)
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    project = "commands-old" if packages else "commands"
    path = re.findall(
        rf"wandb agent (\S+{project}/\w+)", wandb("sweep", "-p", project, "sweep.yaml")
    )
    wandb("agent", path[0])
    runs = httpx.get(f"{server.base_url}/api/projects/local/{project}/runs").json()["runs"]
    assert sorted(run["config"]["lr"] for run in runs) == [1, 2]
    other = re.findall(rf"(\S+{project}/\w+)", wandb("sweep", "-p", project, "sweep.yaml"))
    wandb("sweep", "--stop", other[-1])
