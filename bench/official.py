"""What the official client's door takes in: a long run, and many clients at once.

The bodies are those of the unmodified client (10 MB of history lines a request), sent by us so
that the client's own cost doesn't count. The peer is parsing alone: `json.loads` of every line.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx

from bench.harness import Goal, Row, interleaved, median
from bench.processes import Server, running_server

__all__ = ["measure"]

ROUNDS = 5
STEPS = 100_000
LINES_PER_REQUEST = 45_000  # about 10 MB, as the client sends
CLIENTS = 50
CLIENT_STEPS = 1000
CLIENT_LINES = 100


def measure() -> list[Row]:
    with running_server() as server:
        return [measure_long_run(server), measure_many_clients(server)]


def measure_long_run(server: Server) -> Row:
    content = list(lines(STEPS))
    numbers = itertools.count()
    cases = {
        "lossboard": lambda: cpu_secs_of_run(server, f"long-{next(numbers)}", content),
        "json.loads of the lines": lambda: parse_secs(content),
    }
    secs = {name: median(runs) for name, runs in interleaved(cases, ROUNDS).items()}
    return Row(
        "official client: 100k steps x 5 scalars, server CPU",
        "s",
        secs.pop("lossboard"),
        secs,
        ROUNDS,
        Goal(at_most=2.0),
    )


def lines(steps: int) -> Iterator[str]:
    """History lines as the client writes them, with a start time of their own."""
    start_secs = time.time()
    for step in range(steps):
        row = {"_step": step, "_runtime": step * 0.01, "_timestamp": start_secs + step * 0.01}
        for name in ("train/loss", "train/acc", "lr", "grad_norm", "tokens_per_s"):
            row[name] = 1 / (step + 1) + len(name)
        yield json.dumps(row)


def cpu_secs_of_run(server: Server, run_id: str, content: list[str]) -> float:
    before = server.cpu_secs()
    with httpx.Client(base_url=server.address, timeout=120) as client:
        for first in range(0, len(content), LINES_PER_REQUEST):
            post(client, run_id, first, content[first : first + LINES_PER_REQUEST])
    server.settle()
    return server.cpu_secs() - before


def post(client: httpx.Client, run_id: str, offset: int, content: list[str]) -> None:
    body = {"files": {"wandb-history.jsonl": {"offset": offset, "content": content}}}
    answer = client.post(f"/files/local/bench/{run_id}/file_stream", json=body)
    answer.raise_for_status()


def parse_secs(content: list[str]) -> float:
    before = time.process_time()
    for line in content:
        json.loads(line)
    return time.process_time() - before


def measure_many_clients(server: Server) -> Row:
    """Rows of 50 clients that write at the same time, and how many of them are missing."""
    names = [f"client-{number}" for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda name: write_run(server, name), names))
    missing = sum(CLIENT_STEPS - count_rows(server, name) for name in names)
    return Row(
        f"official client: rows missing of {CLIENTS} clients at once",
        "rows",
        float(missing),
        {},
        CLIENTS * CLIENT_STEPS,
        Goal(at_most=0.0),
    )


def write_run(server: Server, run_id: str) -> None:
    content = list(lines(CLIENT_STEPS))
    with httpx.Client(base_url=server.address, timeout=120) as client:
        for first in range(0, CLIENT_STEPS, CLIENT_LINES):
            post(client, run_id, first, content[first : first + CLIENT_LINES])


def count_rows(server: Server, run_id: str) -> int:
    with httpx.Client(base_url=server.address, timeout=120) as client:
        uid = client.get(f"/api/runs/local/bench/{run_id}").json()["uid"]
        answer = client.get(f"/api/runs/{uid}/history", params={"limit": 2 * CLIENT_STEPS})
    return len(answer.json()["rows"])
