"""A full disk of the server can be lived with: nothing is lost, deletions and a start work."""

from __future__ import annotations

import hashlib
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lossboard.wire import Column, Record, Rows, RunStart, encode_record


@pytest.fixture
def small(server: Any, tmp_path: Path) -> Iterator[Any]:
    """A server on a disk of 256 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256m", "none", str(disk)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    settings = {"undo_secs": 0, "maintenance_secs": 0.1, "checkpoint_idle_secs": 0.2}
    own = type(server)(disk / "data", **settings)
    own.start()
    yield own
    own.close()
    subprocess.run(["umount", str(disk)], check=True)


def post(server: Any, run_id: str, seq: int = 0) -> httpx.Response:
    """A record of 2 MB that can't be packed."""
    count = 20_000
    steps = np.arange(seq * count, (seq + 1) * count, dtype="<i8")
    columns = [Column(f"k{n}", np.random.default_rng(n).random(count).tobytes()) for n in range(12)]
    start = RunStart("local", "full", run_id, started_us=1) if seq == 0 else None
    rows = Rows(steps.tobytes(), steps.tobytes(), columns)
    body = encode_record(Record(version=1, rows=rows, start=start))
    token = hashlib.md5(run_id.encode()).hexdigest()
    return httpx.post(f"{server.base_url}/api/ingest/{token}/{seq}", content=body, timeout=60)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in 60 s"
        time.sleep(0.1)


def test_a_full_disk_of_the_server_takes_deletions_and_a_restart_and_goes_on(small: Any) -> None:
    eventually(lambda: (small.data_dir / "reserve").exists() or not post(small, "first"))
    taken = 0
    while (answer := post(small, "large", taken)).status_code == 200:
        taken += 1
    assert answer.status_code == 503 and "disk" in answer.json()["error"]["message"]
    name = secrets.token_hex(32)
    blob = httpx.put(f"{small.base_url}/api/blobs/{name}", content=bytes(100))
    assert blob.status_code == 503
    run = httpx.get(f"{small.base_url}/api/runs/local/full/large").raise_for_status().json()
    small.restart()
    assert httpx.get(f"{small.base_url}/api/runs/local/full/large").json()["uid"] == run["uid"]
    assert post(small, "large", taken).status_code == 503
    assert httpx.delete(f"{small.base_url}/api/runs/{run['uid']}").status_code == 200
    eventually(lambda: post(small, "next").status_code == 200)
    assert small.log().count("Traceback") == 0
    assert small.log().count("full") < 20
