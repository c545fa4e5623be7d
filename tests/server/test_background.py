"""What the running server does by itself: it watches signs of life, and tidies up."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lossboard.wire import FileEntry, Rows
from lossboard_server import liveness
from lossboard_server.liveness import Liveness


class Clock:
    """A monotonic clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_secs = 1e6  # a machine that has been up for days

    def monotonic(self) -> float:
        return self.now_secs


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(liveness, "time", stopped)
    return stopped


def test_a_run_from_before_the_start_counts_from_the_start(clock: Clock) -> None:
    watched = Liveness(60.0)
    assert watched.silent([1, 2]) == []
    clock.now_secs += 59
    watched.seen([2])
    assert watched.silent([1, 2]) == []
    clock.now_secs += 2
    assert watched.silent([1, 2]) == [1]


def test_a_run_that_runs_again_counts_anew(clock: Clock) -> None:
    watched = Liveness(60.0)
    assert watched.silent([1]) == []
    assert watched.silent([]) == []
    clock.now_secs += 61
    assert watched.silent([1]) == []


def log_and_seal(writer: Any, step: int, eventually: Any) -> None:
    """A row that is sealed: a round of the background work has begun."""
    before = writer.run()["generation"]
    writer.log(step)
    eventually(lambda: writer.run()["generation"] > before)


def test_a_restarted_server_makes_no_living_run_look_crashed(
    server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    """However long the server was away: the run's last sign of life is much older."""
    server = server_factory(crashed_after_secs=90, maintenance_secs=0.05, seal_rows=1)
    hour_ago_us = time.time_ns() // 1000 - 3_600_000_000
    living, other = writer_of(server, started_us=hour_ago_us), writer_of(server)
    times = np.array([hour_ago_us], "<i8").tobytes()
    living.send(rows=Rows(np.array([0], "<i8").tobytes(), times))
    other.log(0)
    server.restart()
    for step in range(1, 4):
        log_and_seal(other, step, eventually)
    assert living.run()["state"] == "running"


def test_signs_of_life_never_go_back(writer: Any) -> None:
    writer.log(0)
    before_us = writer.run()["heartbeat_us"]
    hour_ago = np.array([before_us - 3_600_000_000], "<i8").tobytes()
    writer.send(rows=Rows(np.array([1], "<i8").tobytes(), hour_ago))
    assert writer.run()["last_step"] == 1
    assert writer.run()["heartbeat_us"] == before_us


def test_the_last_step_never_goes_back(writer: Any) -> None:
    writer.log(5)
    writer.log(3)
    assert writer.run()["last_step"] == 5


def test_the_log_of_the_database_is_emptied_once_all_is_silent(
    server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    server = server_factory(maintenance_secs=0.05, checkpoint_idle_secs=0.1)
    writer_of(server).log(*range(100))
    log = Path(server.data_dir) / "lossboard.db-wal"
    eventually(lambda: log.stat().st_size == 0)


def test_files_that_nothing_names_are_removed_by_the_running_server(
    server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    server = server_factory(maintenance_secs=0.05, blob_sweep_secs=0.1, blob_unused_secs=600)
    writer, names = writer_of(server), {}
    for name in ("named", "unnamed", "fresh"):
        content = secrets.token_bytes(100)
        names[name] = hashlib.sha256(content).hexdigest()
        httpx.put(f"{server.base_url}/api/blobs/{names[name]}", content=content).raise_for_status()
    now_us = time.time_ns() // 1000
    writer.send(files=[FileEntry("a.txt", names["named"], 100, now_us, "text/plain")])
    stored = {path.name: path for path in (Path(server.data_dir) / "blobs").glob("??/*")}
    for name in ("named", "unnamed"):
        os.utime(stored[names[name]], (0, 0))
    eventually(lambda: not stored[names["unnamed"]].exists())
    assert stored[names["named"]].exists() and stored[names["fresh"]].exists()
