"""What the server takes in, over HTTP with synchronous=FULL, sealing and pyramid included.

The peer is the obvious design: a row per point with a primary key, `executemany` in this process
and without HTTP. For small requests the bound is the framework: as many GETs of the health page.
"""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.harness import Goal, Row, interleaved, median
from bench.processes import Server, running_server, temporary_directory
from bench.writers import KEYS, random_walk, row_records, send

__all__ = ["measure"]

ROUNDS = 3
BATCH_ROWS = 2000  # of five keys: 10,000 points
BATCHES = 200
SMALL_REQUESTS = 3000
SCHEMA = """CREATE TABLE point(run INT, key TEXT, step INT, time REAL, value REAL,
PRIMARY KEY(run, key, step)) WITHOUT ROWID"""


def measure() -> list[Row]:
    with running_server() as server:
        return [measure_batches(server), measure_requests(server)]


def measure_batches(server: Server) -> Row:
    values = np.stack([random_walk(BATCHES * BATCH_ROWS, seed) for seed in range(len(KEYS))])
    numbers = itertools.count()
    cases = {
        "lossboard": lambda: points_per_cpu_sec(server, f"batches-{next(numbers)}", values),
        "SQLite rows": lambda: row_points_per_cpu_sec(values),
    }
    rates = {name: median(runs) for name, runs in interleaved(cases, ROUNDS).items()}
    return Row(
        "ingest of 10k points a batch, sealed, per CPU second of the server",
        "points/s",
        rates.pop("lossboard"),
        rates,
        ROUNDS * BATCHES,
        Goal(at_least=2e6),
        more_is_better=True,
    )


def points_per_cpu_sec(server: Server, run_id: str, values: np.ndarray) -> float:
    records = list(row_records(run_id, values, BATCH_ROWS))
    before = server.cpu_secs()
    send(server, records)
    server.settle()
    return float(values.size / (server.cpu_secs() - before))


def row_points_per_cpu_sec(values: np.ndarray) -> float:
    """A twentieth of the values: the rate does not depend on their number."""
    part = values[:, : values.shape[1] // 20].tolist()
    with temporary_directory() as directory:
        database = open_rows(directory / "rows.db")
        before = time.process_time()
        for first in range(0, len(part[0]), BATCH_ROWS):
            with database:
                database.executemany("INSERT INTO point VALUES(0, ?, ?, ?, ?)", rows(part, first))
        secs = time.process_time() - before
        database.close()
    return len(part) * len(part[0]) / secs


def rows(values: list[list[float]], first: int) -> list[tuple[str, int, float, float]]:
    last = min(first + BATCH_ROWS, len(values[0]))
    return [
        (KEYS[k], step, 1.7e9 + step * 0.05, values[k][step])
        for step in range(first, last)
        for k in range(len(values))
    ]


def open_rows(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(SCHEMA)
    return database


def measure_requests(server: Server) -> Row:
    values = np.stack([random_walk(SMALL_REQUESTS, seed) for seed in range(len(KEYS))])
    numbers = itertools.count()

    def ingest() -> float:
        return send(server, row_records(f"requests-{next(numbers)}", values, 1))

    def health() -> float:
        return timed(lambda: server.request("GET", "/api/health"))

    secs = {"lossboard": ingest, "GET /api/health": health}
    rates = {
        name: SMALL_REQUESTS / median(runs) for name, runs in interleaved(secs, ROUNDS).items()
    }
    return Row(
        "ingest of 5 points a request, one connection",
        "requests/s",
        rates.pop("lossboard"),
        rates,
        ROUNDS * SMALL_REQUESTS,
        Goal(at_least=1500),
        more_is_better=True,
    )


def timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(SMALL_REQUESTS):
        call()
    return time.perf_counter() - begun
