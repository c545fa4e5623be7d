"""100,000 points from the first `log` until they are where the tracker keeps them.

lossboard: committed in the server's database (synchronous=FULL). trackio: in its SQLite file.
wandb: in its local log file only, nothing is sent.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path

from bench.harness import Goal, Row, interleaved, median
from bench.processes import Server, running_server, temporary_directory, worker
from bench.trackers import make_rows, open_tracker

__all__ = ["measure"]

ROUNDS = 5
CALLS = 20_000
TRACKERS = ("lossboard", "trackio", "wandb offline")
GOAL = Goal(times_better={"trackio": 2, "wandb offline": 5})


def measure() -> list[Row]:
    with running_server() as server:
        cases = {name: partial(run_one, name, server.address) for name in TRACKERS}
        secs = interleaved(cases, ROUNDS)
        check_stored(server)
    values = {name: median(runs) for name, runs in secs.items()}
    ours = values.pop("lossboard")
    what = "100k points logged until durable, finish included"
    return [Row(what, "s", ours, values, ROUNDS, GOAL)]


def run_one(name: str, address: str) -> float:
    with temporary_directory() as directory:
        return worker("end_to_end", name, directory, address)["secs"]


def check_stored(server: Server) -> None:
    """All points of all rounds are in the database; raises AssertionError otherwise."""
    keys = server.json("GET", "/api/projects/local/bench/keys")["keys"]
    stored = {key["key"]: key["n"] for key in keys if key["kind"] == "scalar"}
    assert stored == dict.fromkeys(make_rows(1)[0], CALLS * ROUNDS), stored


def work(name: str, directory: Path, address: str) -> None:
    """One process: logs and finishes, and prints how long that took."""
    rows = make_rows(CALLS)
    tracker = open_tracker(name, directory, address)
    start = time.perf_counter()
    for step, data in enumerate(rows):
        tracker.log(data, step)
    tracker.finish()
    print(json.dumps({"secs": time.perf_counter() - start}))


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
