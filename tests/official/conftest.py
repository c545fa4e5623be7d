"""Runs scripts with the unmodified `wandb` package, current and a year old, against our server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

OLD_VERSION = "0.22.3"  # of November 2025
_SCRIPTS = Path(__file__).parent / "scripts"
_CACHE = Path(__file__).parents[2] / ".cache"
_KEY = "local" + "0" * 35
_TIMEOUT_SECS = 240

Runner = Callable[..., Any]


@pytest.fixture(scope="session")
def old_packages() -> Path:
    """A directory with the old release and what it needs; installed once, then kept."""
    folder = _CACHE / f"wandb-{OLD_VERSION}"
    if not (folder / "wandb").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
        subprocess.run([*command, f"wandb=={OLD_VERSION}"], check=True)
    return folder


@pytest.fixture(params=["current", pytest.param("old", marks=pytest.mark.long)])
def packages(request: pytest.FixtureRequest) -> Path | None:
    """Where wandb comes from: None is the installed, current release."""
    if request.param == "current":
        return None
    return request.getfixturevalue("old_packages")  # type: ignore[no-any-return]


@pytest.fixture
def official(tmp_path: Path) -> Runner:
    """`official(server, "scalars.py", *arguments)` runs a script; what it prints last as JSON."""

    def run(server: Any, script: str, *arguments: str, packages: Path | None = None) -> Any:
        done = start(server.base_url, tmp_path, packages, _SCRIPTS / script, *arguments)
        output, errors = done.communicate(timeout=_TIMEOUT_SECS)
        assert done.returncode == 0, errors[-4000:]
        lines = [line for line in output.splitlines() if line.startswith("RESULT ")]
        return json.loads(lines[-1].removeprefix("RESULT ")) if lines else None

    return run


def start(
    base_url: str, folder: Path, packages: Path | None, *command: object
) -> subprocess.Popen[str]:
    """Start a Python script as a user of the official client would."""
    environment = os.environ | {"WANDB_BASE_URL": base_url, "WANDB_API_KEY": _KEY}
    # a cache that is kept would spare the client what it is to fetch from the server
    environment["WANDB_CACHE_DIR"] = str(folder / "cache")
    if packages is not None:
        environment["PYTHONPATH"] = str(packages)
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def history(server: Any, project: str, run_id: str) -> list[dict[str, Any]]:
    """All history rows of a run, as the native API has them."""
    uid = detail(server, project, run_id)["uid"]
    answer = httpx.get(
        f"{server.base_url}/api/runs/{uid}/history", params={"limit": 100_000}, timeout=60
    )
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def detail(server: Any, project: str, run_id: str) -> dict[str, Any]:
    """A run as the native API has it."""
    answer = httpx.get(f"{server.base_url}/api/runs/local/{project}/{run_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
