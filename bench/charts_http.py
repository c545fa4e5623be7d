"""Answers to a chart's request through HTTP, against SQL over a row per point or event.

The rows lie in a SQLite file too, with the primary key that suits the question, and are asked
directly, without HTTP. Ours are times of whole requests on one connection, MessagePack read.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from bench.harness import Goal, Row, interleaved, median
from bench.ingest import open_rows
from bench.processes import Server, running_server, temporary_directory
from bench.writers import KEYS, event_records, random_walk, row_records, send
from lossboard.histogram import Histogram, from_values
from lossboard.wire import HistogramData

__all__ = ["measure"]

ROUNDS = 5
REPEATS = 5  # of our request in a round
BUCKETS = 1000
LENGTHS = (100_000, 1_000_000, 10_000_000)
OVERLAID_RUNS, OVERLAID_POINTS = 50, 100_000
EVENTS, TENSORS = 5000, 10
KEY, TENSOR = KEYS[0], "gradients/fc.weight"
BATCH_ROWS = 20_000

GROUPED = """SELECT step / :width, min(step), max(step), count(*), avg(value), min(value),
max(value) FROM point WHERE run = :run AND key = :key AND step BETWEEN :low AND :high GROUP BY 1"""
"""What a chart needs of each bucket."""


def measure() -> list[Row]:
    with running_server() as server, temporary_directory() as directory:
        database = open_rows(directory / "rows.db")
        runs = fill(server, database)
        result = [
            *chart_rows(server, database, runs),
            overlay_row(server, database, runs),
            heatmap_row(server, database, runs),
        ]
        database.close()
    return result


def fill(server: Server, database: sqlite3.Connection) -> dict[str, int]:
    """The same points and events in both stores; the server's number of each run by its id."""
    lengths = {f"length-{length}": length for length in LENGTHS}
    lengths |= {f"overlay-{number}": OVERLAID_POINTS for number in range(OVERLAID_RUNS)}
    for seed, (run_id, length) in enumerate(lengths.items()):
        values = random_walk(length, seed)
        send(server, row_records(run_id, values[np.newaxis], BATCH_ROWS))
        fill_rows(database, seed, values)
    histograms = make_histograms()
    fill_events(server, database, histograms)
    server.settle()
    listed = server.json("GET", "/api/projects/local/bench/runs?limit=1000")["runs"]
    return {run["run_id"]: run["uid"] for run in listed}


def fill_rows(database: sqlite3.Connection, run: int, values: np.ndarray) -> None:
    with database:
        database.executemany(
            "INSERT INTO point VALUES(?, ?, ?, ?, ?)",
            ((run, KEY, s, 1.7e9 + s * 0.05, v) for s, v in enumerate(values.tolist())),
        )


def make_histograms() -> list[HistogramData]:
    generator = np.random.default_rng(0)
    scales = np.geomspace(1, 0.01, EVENTS)
    return [from_values(generator.normal(0, scale, 2000)) for scale in scales]


def fill_events(
    server: Server, database: sqlite3.Connection, histograms: list[HistogramData]
) -> None:
    """Several tensors each, step by step, so that one tensor's events do not lie side by side."""
    names = [TENSOR, *(f"gradients/layer{number}.weight" for number in range(1, TENSORS))]
    for number, name in enumerate(names):
        send(server, event_records(f"events-{number}", name, histograms, 100))
    database.execute("CREATE TABLE event(key TEXT, step INT, json TEXT, PRIMARY KEY(key, step))")
    texts = [json.dumps(Histogram.from_data(histogram).to_json()) for histogram in histograms]
    with database:
        database.executemany(
            "INSERT INTO event VALUES(?, ?, ?)",
            ((name, event * 10, text) for event, text in enumerate(texts) for name in names),
        )


def chart_rows(server: Server, database: sqlite3.Connection, runs: dict[str, int]) -> list[Row]:
    goals = {1_000_000: (5, 50), 10_000_000: (10, 50)}
    rows = []
    for number, length in enumerate(LENGTHS):
        limit, factor = goals.get(length, (None, None))
        goal = Goal(limit, times_better={"GROUP BY rows": factor} if factor else {})
        uids = {runs[f"length-{length}"]: number}
        what = f"chart of {length:,} points"
        rows.append(series_row(server, database, what, uids, (0, length - 1), goal))
    last, window = LENGTHS[-1], LENGTHS[-1] // 100
    part = (last // 3, last // 3 + window - 1)
    uids = {runs[f"length-{last}"]: len(LENGTHS) - 1}
    rows.append(
        series_row(server, database, f"1 % window of {last:,} points", uids, part, Goal(15))
    )
    growth = rows[2].ours / rows[0].ours
    what = f"chart of {LENGTHS[2]:,} points in times of {LENGTHS[0]:,}"
    peer = rows[2].peers["GROUP BY rows"] / rows[0].peers["GROUP BY rows"]
    goal = Goal(at_most=2)
    return [*rows, Row(what, "times", growth, {"GROUP BY rows": peer}, rows[2].samples, goal)]


def overlay_row(server: Server, database: sqlite3.Connection, runs: dict[str, int]) -> Row:
    uids = {runs[f"overlay-{n}"]: len(LENGTHS) + n for n in range(OVERLAID_RUNS)}
    what = f"{OVERLAID_RUNS} runs of {OVERLAID_POINTS:,} points in one request"
    goal = Goal(150, times_better={"GROUP BY rows": 10})
    return series_row(server, database, what, uids, (0, OVERLAID_POINTS - 1), goal)


def series_row(
    server: Server,
    database: sqlite3.Connection,
    what: str,
    uids: dict[int, int],
    window: tuple[int, int],
    goal: Goal,
) -> Row:
    """`uids` are the server's runs and the same runs among the rows."""
    question = {
        "runs": list(uids),
        "keys": [KEY],
        "kind": "scalar",
        "x": "step",
        "x0": window[0],
        "x1": window[1],
        "buckets": BUCKETS,
    }
    counted = sum(
        s["in_window"] for s in server.json("POST", "/api/query/series", question)["series"]
    )
    assert counted == len(uids) * (window[1] - window[0] + 1), f"{what}: {counted} points"
    rows = partial(ask_rows, database, list(uids.values()), window)
    return compared(server, what, "/api/query/series", question, {"GROUP BY rows": rows}, goal)


def ask_rows(database: sqlite3.Connection, runs: list[int], window: tuple[int, int]) -> None:
    low, high = window
    width = -(-(high - low + 1) // BUCKETS)
    for run in runs:
        names = {"width": width, "run": run, "key": KEY, "low": low, "high": high}
        assert len(database.execute(GROUPED, names).fetchall()) >= BUCKETS // 2


def heatmap_row(server: Server, database: sqlite3.Connection, runs: dict[str, int]) -> Row:
    question = {
        "runs": [runs["events-0"]],
        "keys": [TENSOR],
        "x0": None,
        "x1": None,
        "limit": EVENTS,
        "magnitude": False,
    }
    answer = server.json("POST", "/api/query/histograms", question)
    assert len(answer["series"][0]["columns"]["step"]) == EVENTS
    rows = partial(ask_events, database)
    goal = Goal(40, times_better={"JSON rows": 5})
    what = f"heatmap of {EVENTS:,} steps"
    return compared(server, what, "/api/query/histograms", question, {"JSON rows": rows}, goal)


def ask_events(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT step, json FROM event WHERE key = ? ORDER BY step", [TENSOR])
    counts = np.array([json.loads(text)["values"] for _, text in found])
    assert len(counts) == EVENTS


def compared(
    server: Server,
    what: str,
    path: str,
    question: object,
    peers: dict[str, Callable[[], object]],
    goal: Goal,
) -> Row:
    body = json.dumps(question).encode()

    def ask() -> None:
        server.request("POST", path, body, accept="application/msgpack")

    cases = {"lossboard": partial(milliseconds, ask, REPEATS)}
    cases |= {name: partial(milliseconds, peer, 1) for name, peer in peers.items()}
    found = {name: median(runs) for name, runs in interleaved(cases, ROUNDS).items()}
    return Row(what, "ms", found.pop("lossboard"), found, ROUNDS * REPEATS, goal)


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    """The median time of one call."""
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begun) * 1000)
    return median(taken)
