"""Fixtures for tests of the client: a project of its own on a real server, and fresh processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import lossboard
from lossboard.wire import HistogramData, HistogramFlag

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
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_name: str
) -> Iterator[str]:
    """The project, of this test alone, that runs go to."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    monkeypatch.setenv("LOSSBOARD_PROJECT", own_name)
    monkeypatch.setenv("LOSSBOARD_SILENT", "true")
    yield own_name
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


@dataclass
class WatchEvent:
    """What watch gave for one backward; `partial` if any histogram is flagged so."""

    step: int
    batch: int
    histograms: dict[str, HistogramData]

    @property
    def partial(self) -> bool:
        return any(data.flags & HistogramFlag.PARTIAL_EVENT for data in self.histograms.values())

    def names(self, kind: str) -> list[str]:
        return [key.removeprefix(f"{kind}/") for key in self.histograms if key.startswith(kind)]


@dataclass(eq=False)
class WatchRecorder:
    """A run, as watch sees it, that keeps what it is given."""

    step: int = 0
    finished: bool = False
    events: list[WatchEvent] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)

    def put_event(self, step: int, time_us: int, batch: int, found: Mapping[Any, Any]) -> None:
        self.events.append(WatchEvent(step, batch, dict(found)))

    def set_summary(self, key: str, value: Any) -> None:
        self.summary[key] = value

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def notice(self, kind: str, text: str) -> None:
        self.notices.append((kind, text))


@pytest.fixture
def recorder() -> WatchRecorder:
    """A run that keeps the events of watch."""
    return WatchRecorder()


def rows_of(run: Any) -> list[dict[str, Any]]:
    """Rows of a run without times."""
    rows = lossboard.Api().run("/".join(run.path) if isinstance(run.path, list) else run.path)
    hidden = ("_timestamp", "_runtime")
    return [{k: v for k, v in row.items() if k not in hidden} for row in rows.scan_history()]


def the_run() -> Any:
    (run,) = lossboard.Api().runs()
    return run
