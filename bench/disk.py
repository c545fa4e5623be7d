"""Bytes on disk: of a point, in several stores, and of one tensor's histograms in a watch event."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path

import numpy as np

from bench.harness import Goal, Row
from bench.ingest import open_rows, rows
from bench.processes import Server, running_server, temporary_directory, worker
from bench.watch import Training, open_run
from bench.writers import KEYS, random_walk, row_records, send

__all__ = ["measure"]

STEPS = 200_000
TRACKED_POINTS = 100_000  # what bench.end_to_end logs
EVENTS = 40
SEAL_IDLE_SECS = "1"  # instead of 30: when nothing arrives any more, the rest is sealed


def measure() -> list[Row]:
    exact = np.stack([random_walk(STEPS, seed) for seed in range(len(KEYS))])
    single = exact.astype(np.float32).astype(np.float64)
    peers = {
        "SQLite rows": bytes_of_rows(exact),
        "trackio": bytes_tracked("trackio", ""),
        "wandb offline": bytes_tracked("wandb offline", ".wandb"),
    }
    what = "disk for a point"
    return [
        Row(what, "B", bytes_stored(exact), peers, exact.size, Goal(at_most=10)),
        Row(f"{what} born as float32", "B", bytes_stored(single), peers, exact.size, Goal()),
        watch_row(),
    ]


def bytes_stored(values: np.ndarray) -> float:
    with running_server(seal_idle_secs=SEAL_IDLE_SECS) as server:
        send(server, row_records("points", values, 2000))
        return database_bytes(server) / values.size


def database_bytes(server: Server) -> int:
    """Pages in use once everything is sealed; those that the tail left free are used again."""
    time.sleep(float(SEAL_IDLE_SECS) + 2)
    server.settle()
    server.stop()
    database = sqlite3.connect(server.data_dir / "lossboard.db")
    size, count, free = (
        database.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "page_count", "freelist_count")
    )
    (waiting,) = database.execute("SELECT count(*) FROM tail").fetchone()
    database.close()
    assert waiting == 0, f"{waiting} records are not sealed yet"
    return int(size * (count - free))


def directory_bytes(directory: Path, suffix: str) -> int:
    files = (path for path in directory.rglob(f"*{suffix}") if path.is_file())
    return sum(path.stat().st_size for path in files)


def bytes_of_rows(values: np.ndarray) -> float:
    part = values[:, : STEPS // 10].tolist()
    with temporary_directory() as directory:
        database = open_rows(directory / "rows.db")
        with database:
            for first in range(0, len(part[0]), 2000):
                database.executemany("INSERT INTO point VALUES(0, ?, ?, ?, ?)", rows(part, first))
        database.close()
        return directory_bytes(directory, "") / (len(part) * len(part[0]))


def bytes_tracked(name: str, suffix: str) -> float:
    with temporary_directory() as directory:
        worker("end_to_end", name, directory, "")
        return directory_bytes(directory, suffix) / TRACKED_POINTS


def watch_row() -> Row:
    """ResNet-18, every gradient and parameter of every step: 124 histograms an event."""
    with running_server(seal_idle_secs=SEAL_IDLE_SECS) as server:
        with temporary_directory() as directory:
            stored = worker("disk", "lossboard", directory, server.address)["histograms"]
        ours = database_bytes(server) / stored
    with temporary_directory() as directory:
        stored = worker("disk", "wandb offline", directory, "")["histograms"]
        theirs = directory_bytes(directory, ".wandb") / stored
    peers = {"wandb offline": theirs}
    return Row("disk for a tensor in a watch event", "B", ours, peers, EVENTS, Goal(at_most=200))


def work(name: str, directory: Path, address: str) -> None:
    """One process: trains ResNet-18, watched at every step, and prints what it logged."""
    training = Training("ResNet-18")
    run = open_run(name, directory, address)
    run.watch(training.model, log="all", log_freq=1)
    for _ in range(EVENTS):
        run.log({"loss": training.step()})
    run.finish()
    print(json.dumps({"histograms": EVENTS * 2 * len(list(training.model.parameters()))}))


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
