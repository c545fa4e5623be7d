"""Fixtures for tests of the client: a project of its own on a real server, and fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lossboard

ROOTS = os.pathsep.join(str(Path(__file__).parents[2] / name) for name in ("client", "server"))

Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Runs of this test are offline, quiet, and lie in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_MODE", "offline")
    monkeypatch.setenv("LOSSBOARD_SILENT", "true")
    monkeypatch.setenv("LOSSBOARD_CONSOLE", "off")
    yield tmp_path
    lossboard.teardown()


@pytest.fixture
def project(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The project, of this test alone, that runs go to."""
    name = f"{request.node.originalname}-{os.getpid()}-{abs(hash(request.node.nodeid))}"[-100:]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    monkeypatch.setenv("LOSSBOARD_PROJECT", name)
    monkeypatch.setenv("LOSSBOARD_SILENT", "true")
    yield name
    lossboard.teardown()


@pytest.fixture
def api(project: str) -> lossboard.Api:
    """The read side of that server."""
    return lossboard.Api()


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """`script(text, *arguments, **variables)` runs text as a program of its own."""

    def run(
        text: str, *arguments: str, before: tuple[str, ...] = (), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        path = tmp_path / "train.py"
        path.write_text(text)
        return subprocess.run(
            [sys.executable, *before, str(path), *arguments],
            env={**os.environ, "PYTHONPATH": ROOTS, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
