"""Integrations of other libraries log through the official client: their numbers arrive."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import history, start

pytestmark = pytest.mark.long

SCRIPTS = Path(__file__).parents[1] / "integrations" / "scripts"
EXAMPLES = Path(__file__).parents[2] / "examples"


def needs(package: str) -> pytest.MarkDecorator:
    """Skips where the package is missing; `make long` brings it."""
    is_missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(is_missing, reason=f"not installed: {package}")


def trained(server: Any, folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the script says it logged."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    process = start(server.base_url, folder, EXAMPLES, SCRIPTS / script)
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors[-4000:]
    lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
    return json.loads(lines[-1].removeprefix("RESULT "))


def run_of(server: Any, project: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.base_url}/api/projects/local/{project}/runs").json()
    (run,) = answer["runs"]
    found: dict[str, Any] = run
    return found


@pytest.mark.covers("Lightning")
@needs("lightning")
def test_a_lightning_run_arrives(
    own_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = trained(own_server, tmp_path, "lightning_logger.py", monkeypatch)
    run = run_of(own_server, "lightning")
    rows = history(own_server, "lightning", run["run_id"])
    arrived = [row["train/loss"] for row in rows if "train/loss" in row]
    assert arrived == pytest.approx([loss for _, loss in logged["rows"]])
    assert run["config"]["nested"] == {"depth": 2}


@pytest.mark.covers("transformers")
@needs("transformers")
def test_a_transformers_run_arrives(
    own_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = trained(own_server, tmp_path, "transformers_trainer.py", monkeypatch)
    run = run_of(own_server, "huggingface")
    rows = history(own_server, "huggingface", run["run_id"])
    losses = [entry["loss"] for entry in logged["log"] if "loss" in entry]
    assert [row["train/loss"] for row in rows if "train/loss" in row] == pytest.approx(losses)
    assert run["config"]["model/num_parameters"] == logged["parameters"]
