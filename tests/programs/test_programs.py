"""Real programs from PyPI log through both doors, and the same arrives: `make programs`."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import lossboard

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "scripts"
LAUNCH = "import sys; from lossboard.cli import main; sys.exit(main())"
OF_TIME = {"_timestamp", "_runtime", "_step", "time/fps", "time/time_elapsed"}


def run(server: Any, folder: Path, script: str, *arguments: str, door: str) -> None:
    """Runs a script through `lossboard run`, by our client or the official one."""
    before = ("--official",) if door == "official" else ()
    command = [sys.executable, "-c", LAUNCH, "run", *before, str(SCRIPTS / script), *arguments]
    environment = os.environ | {
        "LOSSBOARD_BASE_URL": server.base_url,
        "PYTHONPATH": os.pathsep.join(
            str(ROOT / name) for name in ("client", "server", "examples")
        ),
        "WANDB_SILENT": "true",
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]


def both(server: Any, folder: Path, script: str, *arguments: str) -> tuple[Any, Any]:
    """The runs of a script through our client and the official one."""
    project = f"programs-{uuid.uuid4().hex[:8]}"
    for door in ("ours", "official"):
        run(server, folder, script, project, door, *arguments, door=door)
    api = lossboard.Api({"base_url": server.base_url})
    return api.run(f"{project}/ours"), api.run(f"{project}/official")


def rows(found: Any) -> list[dict[str, Any]]:
    """What was logged, row by row, without times and media."""
    return [
        {
            key: value
            for key, value in row.items()
            if key not in OF_TIME and not isinstance(value, dict | list | str)
        }
        for row in found.scan_history()
    ]


def assert_same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    ours, theirs = (
        [row for row in found if set(row) - {"global_step"}] for found in (ours, theirs)
    )
    assert [set(row) for row in ours] == [set(row) for row in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for key, value in one.items():
            assert math.isclose(value, other[key], rel_tol=1e-6), (key, value, other[key])


@pytest.mark.covers("sync_tensorboard", "wandb.sb3")
def test_ppo_of_stable_baselines(server: Any, tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    ours, theirs = both(server, tmp_path, "sb3_ppo.py")
    assert "rollout/ep_rew_mean" in ours.summary
    assert_same(rows(ours), rows(theirs))
    assert ours.config["algo"] == "PPO" and set(ours.config) == set(theirs.config)
    assert "model.zip" in {file.name for file in ours.files()}


@pytest.mark.covers("sync_tensorboard")
@pytest.mark.parametrize("writer", ["torch", "tensorboardX"])
def test_a_program_that_logs_by_a_summary_writer_alone(
    server: Any, tmp_path: Path, writer: str
) -> None:
    pytest.importorskip("gymnasium")
    pytest.importorskip("tensorboardX")
    ours, theirs = both(server, tmp_path, "clean_rl.py", writer)
    assert len([row for row in rows(ours) if "losses/policy_loss" in row]) == 30
    assert_same(rows(ours), rows(theirs))
    assert dict(ours.config) == dict(theirs.config)


@pytest.mark.covers("accelerate", "wandb.lightning.fabric")
@pytest.mark.parametrize(
    ("package", "script", "count"),
    [
        ("diffusers", "diffusers_training.py", 4),
        ("lightning_utilities", "lightning_fabric.py", 5),
    ],
)
def test_a_training_loop_logs_the_same_through_both_doors(
    server: Any, tmp_path: Path, package: str, script: str, count: int
) -> None:
    pytest.importorskip(package)
    ours, theirs = both(server, tmp_path, script)
    assert len(rows(ours)) == count
    assert_same(rows(ours), rows(theirs))
    assert dict(ours.config) == dict(theirs.config)


@pytest.mark.covers("wandb.keras")
def test_keras_on_torch(server: Any, tmp_path: Path) -> None:
    """The official callbacks need TensorFlow: what Keras itself tells is the measure."""
    if find_spec("keras") is None:  # imported, it would ask for TensorFlow
        pytest.skip("keras is not installed")
    project = f"programs-{uuid.uuid4().hex[:8]}"
    run(server, tmp_path, "keras_torch.py", project, "ours", door="ours")
    found = lossboard.Api({"base_url": server.base_url}).run(f"{project}/ours")
    told = found.summary["told"]
    epochs = [row for row in rows(found) if "epoch/epoch" in row]
    for name in ("loss", "mae", "val_loss", "val_mae"):
        assert [row[f"epoch/{name}"] for row in epochs] == pytest.approx(told[name])
    assert [row["epoch/learning_rate"] for row in epochs] == pytest.approx([0.01, 0.01])
    batches = [row["batch/batch_step"] for row in rows(found) if "batch/batch_step" in row]
    assert batches == [0, 2, 4, 6]
    assert found.summary["best_val_loss"] == pytest.approx(min(told["val_loss"]))
    assert "model-best.keras" in {file.name for file in found.files()}
    logged = {one.name for one in found.logged_artifacts()}
    assert {"run_ours_model:v0", "run_ours_model:v1", "run_ours_pred:v0"} <= logged
    assert [one.name for one in found.used_artifacts()] == ["val:v0"]
