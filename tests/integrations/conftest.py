"""Runs untouched scripts of other libraries with `lossboard run`, against our server."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lossboard

_ROOT = Path(__file__).parents[2]
_SCRIPTS = Path(__file__).parent / "scripts"
_LAUNCH = "import sys; from lossboard.cli import main; main(['run', *sys.argv[1:]])"
_TIMEOUT_SECS = 240

Integration = Callable[..., Any]


def needs(*packages: str) -> pytest.MarkDecorator:
    """Skips where one of the packages is missing."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    reason = f"not installed: {', '.join(missing)} (pip install 'lossboard[integrations]')"
    return pytest.mark.skipif(bool(missing), reason=reason)


@pytest.fixture
def integration(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Integration:
    """`integration("name.py", **variables)` runs a script; what it prints last as JSON."""
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)

    def run(script: str, **variables: str) -> Any:
        roots = [str(_ROOT / name) for name in ("client", "server", "examples")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(roots), "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", _LAUNCH, str(_SCRIPTS / script)],
            env=environment | variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECS,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        results = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        return json.loads(results[-1].removeprefix("RESULT ")) if results else None

    return run


def only_run(project: str) -> Any:
    """The one run of a project, as the Api has it."""
    (run,) = lossboard.Api().runs(project)
    return run


def points(run: Any, *keys: str) -> list[tuple[Any, ...]]:
    """The rows that have all of the keys."""
    return [tuple(row[key] for key in keys) for row in run.scan_history(keys=keys)]


def axis_of(run: Any, key: str) -> str:
    """The metric on the x-axis of a key: what define_metric said, by name or by pattern."""
    defined = run._detail()["metrics"]
    return str(defined.get(key, defined.get("*", {})).get("step_metric", ""))


def drawn(run: Any, key: str, axis: str) -> list[tuple[float, float]]:
    """x and y of what a chart of the key shows over a metric."""
    query = {"runs": [run._uid], "keys": [key], "x": f"metric:{axis}", "buckets": 1000}
    (series,) = run._connection.post("query", "series", **query)["series"]
    columns = series["columns"]
    return list(zip(columns["x_first"], columns["first"], strict=True))
