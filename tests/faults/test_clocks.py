"""Hosts whose clock is wrong, or is set while a training runs."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

REPOSITORY = Path(__file__).parents[2]

# What stands for the machine's clock: all of the process reads it by these two.
CLOCK = """
    import time
    ahead_secs, wall_ns = 0, time.time_ns
    time.time_ns = lambda: wall_ns() + int(ahead_secs * 1e9)
    time.time = lambda: time.time_ns() / 1e9
"""


def train(folder: Path, server: Any, run_id: str, body: str, **more: str) -> None:
    script = folder / "train.py"
    script.write_text(textwrap.dedent(CLOCK) + textwrap.dedent(body))
    settings = {
        "LOSSBOARD_BASE_URL": server.base_url,
        "LOSSBOARD_ENTITY": "me",
        "LOSSBOARD_PROJECT": "faults",
        "LOSSBOARD_RUN_ID": run_id,
        "PYTHONPATH": str(REPOSITORY / "client"),
        **more,
    }
    environment = os.environ | settings
    subprocess.run([sys.executable, script], cwd=folder, env=environment, check=True, timeout=100)


def axis_of(server: Any, uid: int, x: str) -> list[float]:
    query = {"runs": [uid], "keys": ["loss"], "x": x, "buckets": 20_000, "kind": "scalar"}
    answer = httpx.post(f"{server.base_url}/api/query/series", json=query)
    return list(answer.raise_for_status().json()["series"][0]["columns"]["x_first"])


@pytest.mark.parametrize("hours", [3, -3])
def test_times_of_a_host_with_a_wrong_clock_are_those_of_the_server(
    server: Any, run_id: str, stored: Any, tmp_path: Path, hours: int
) -> None:
    before_us = time.time_ns() // 1000
    body = f"""
        ahead_secs = {hours * 3600}
        import lossboard
        with lossboard.init() as run:
            print("a line")
            for step in range(10):
                run.log({{"loss": step}})
    """
    train(tmp_path, server, run_id, body)
    run, after_us = stored.run(), time.time_ns() // 1000
    slack_us = 2_000_000  # the offset is one of whole seconds
    for name in ("started_us", "ended_us", "heartbeat_us"):
        assert before_us - slack_us <= run[name] <= after_us + slack_us, name
    assert 0 <= run["runtime_secs"] <= (after_us - before_us) / 1e6
    assert all(
        0 <= x <= (after_us - before_us) / 1e6 for x in axis_of(server, run["uid"], "runtime")
    )
    (notice,) = [notice for notice in run["notices"] if notice["kind"] == "clock"]
    assert f"is 10,800 s {'ahead' if hours > 0 else 'behind'}" in notice["text"]
    lines = httpx.get(f"{server.base_url}/api/runs/{run['uid']}/console").json()["lines"]
    assert before_us - slack_us <= lines[0]["time_us"] <= after_us + slack_us


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_is_set_while_a_training_runs_changes_no_duration(
    server: Any, run_id: str, stored: Any, tmp_path: Path, hours: int
) -> None:
    before_secs = time.monotonic()
    body = f"""
        import lossboard
        with lossboard.init() as run:
            run.log({{"loss": 0}})
            ahead_secs = {hours * 3600}
            run.log({{"loss": 1}})
            assert 0 <= run.summary["_runtime"] < 600
    """
    train(tmp_path, server, run_id, body)
    run, longest_secs = stored.run(), time.monotonic() - before_secs
    assert 0 <= run["runtime_secs"] <= longest_secs
    assert all(0 <= x <= longest_secs for x in axis_of(server, run["uid"], "runtime"))
    assert "clock" not in stored.notices()
