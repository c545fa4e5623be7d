"""What `log` of five scalars costs the training loop, against trackio, wandb and a list.

Paced: matrix products of 2 ms lie between the calls, so that caches are cold and the trackers'
threads run, as in training. Burst: calls back to back.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from bench.harness import Goal, Row, interleaved, median, percentile
from bench.processes import running_server, temporary_directory, worker
from bench.trackers import TRACKERS, Numbers, make_rows, open_tracker

__all__ = ["measure"]

ROUNDS = 5
PACED_CALLS, PACE_SECS = 1000, 0.002
BURST_CALLS = 20_000


def measure() -> list[Row]:
    with running_server() as server:
        paced = run_all(server.address, PACE_SECS, PACED_CALLS)
        burst = run_all(server.address, 0, BURST_CALLS)
    return [
        row("log of 5 scalars, 2 ms of work between calls, p50", paced, "p50", PACED_CALLS, P50),
        row("log of 5 scalars, 2 ms of work between calls, p99", paced, "p99", PACED_CALLS, P99),
        row("log of 5 scalars in a burst, p50", burst, "p50", BURST_CALLS, Goal()),
        row("log of 5 scalars in a burst, mean", burst, "mean", BURST_CALLS, Goal()),
    ]


P50 = Goal(at_most=15, times_better={"trackio": 7})
P99 = Goal(at_most=100)


def run_all(address: str, pace_secs: float, calls: int) -> dict[str, list[dict[str, float]]]:
    cases = {name: partial(run_one, name, address, pace_secs, calls) for name in TRACKERS}
    return interleaved(cases, ROUNDS)


def run_one(name: str, address: str, pace_secs: float, calls: int) -> dict[str, float]:
    with temporary_directory() as directory:
        return worker("log", name, directory, address, pace_secs, calls)


def row(
    what: str, results: dict[str, list[dict[str, float]]], key: str, calls: int, goal: Goal
) -> Row:
    values = {name: median(r[key] for r in runs) for name, runs in results.items()}
    return Row(what, "µs", values.pop("lossboard"), values, calls * ROUNDS, goal)


def work(name: str, directory: str, address: str, pace_secs: float, calls: int) -> None:
    """One process: logs, and prints how long the calls took."""
    rows = make_rows(calls)
    tracker = open_tracker(name, Path(directory), address)
    nanoseconds = time_calls(tracker.log, rows, pace_secs)
    tracker.finish()
    micros = [value / 1000 for value in nanoseconds]
    answer = {"p50": median(micros), "p99": percentile(micros, 99), "mean": sum(micros) / calls}
    print(json.dumps(answer))


def time_calls(
    log: Callable[[Numbers, int], object], rows: list[Numbers], pace_secs: float
) -> list[int]:
    """Nanoseconds of each call."""
    matrix = np.random.default_rng(0).random((400, 400), dtype=np.float32)
    clock = time.perf_counter_ns
    taken: list[int] = []
    for step, data in enumerate(rows):
        start = clock()
        log(data, step)
        taken.append(clock() - start)
        end = clock() + pace_secs * 1e9
        while clock() < end:
            matrix @ matrix
    return taken


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5]))
