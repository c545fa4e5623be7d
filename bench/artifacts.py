"""An artifact of many small files, from `add_dir` until it is a version, through both doors.

The peer is the official client on the same server. Every round has files of its own: neither a
cache nor the server knows them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from functools import partial
from pathlib import Path

from bench.harness import Goal, Row, interleaved, median
from bench.processes import running_server, temporary_directory, worker

__all__ = ["measure"]

FILE_BYTES = 1000
ROUNDS = {1000: 3, 4000: 1}  # by number of files
CLIENTS = ("lossboard", "wandb")
KEY = "0" * 40  # the official client wants one; the server takes any


def measure() -> list[Row]:
    with running_server() as server:
        return [measure_files(server.address, files) for files in ROUNDS]


def measure_files(address: str, files: int) -> Row:
    cases = {name: partial(run_one, name, files, address) for name in CLIENTS}
    secs = interleaved(cases, ROUNDS[files])
    values = {name: median(runs) for name, runs in secs.items()}
    what = f"artifact of {files:,} files of 1 kB until it is a version"
    ours = values.pop("lossboard")
    return Row(what, "s", ours, values, ROUNDS[files], Goal(times_better={"wandb": 1}))


def run_one(name: str, files: int, address: str) -> float:
    with temporary_directory() as directory:
        return worker("artifacts", name, files, directory, address)["secs"]


def work(name: str, files: int, directory: Path, address: str) -> None:
    """One process: logs an artifact of files made before, and prints how long that took."""
    content = directory / "content"
    content.mkdir()
    for number in range(files):
        (content / f"{number:06}.bin").write_bytes(os.urandom(FILE_BYTES))
    os.environ.update(LOSSBOARD_BASE_URL=address, LOSSBOARD_SILENT="true")
    os.environ.update(WANDB_BASE_URL=address, WANDB_API_KEY=KEY, WANDB_CACHE_DIR=str(directory))
    os.environ.update(WANDB_DATA_DIR=str(directory), WANDB_CONSOLE="off")
    client = importlib.import_module(name)
    run = client.init(project="bench", dir=str(directory))
    start = time.perf_counter()
    artifact = client.Artifact(f"files-{run.id}", "dataset")
    artifact.add_dir(str(content))
    run.log_artifact(artifact)
    artifact.wait()
    secs = time.perf_counter() - start
    run.finish()
    print(json.dumps({"secs": secs}))


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
