"""A child or rank that overtakes the process which opens the run writes into its attempt."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np

from lossboard import wire


def send(server: Any, writer: str, record: wire.Record) -> None:
    url = f"{server.base_url}/api/ingest/{writer * 32}/0"
    httpx.post(url, content=wire.encode_record(record)).raise_for_status()


def record_of(run_id: str, opens: Any, started_us: int, step: int) -> wire.Record:
    start = wire.RunStart("me", "faults", run_id, started_us=started_us, opens=opens)
    if opens != "join":
        start = wire.RunStart(
            "me", "faults", run_id, started_us=started_us, opens=opens, config={"lr": 0.1}
        )
    numbers = [np.array([value]).tobytes() for value in (step, step, step / 2)]
    rows = wire.Rows(numbers[0], numbers[1], [wire.Column("loss", numbers[2])])
    return wire.Record(version=wire.WIRE_VERSION, start=start, rows=rows)


def test_child_and_rank_of_a_fresh_run_came_first(server: Any, run_id: str, stored: Any) -> None:
    send(server, "a", record_of(run_id, "join", 5, step=1))
    send(server, "f", record_of(run_id, "join", 6, step=2))
    send(server, "b", record_of(run_id, "fresh", 5, step=0))
    assert stored.points() == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert [attempt["kind"] for attempt in stored.run()["attempts"]] == ["fresh"]
    assert stored.run()["config"] == {"lr": 0.1}


def test_the_child_of_a_resumed_run_came_first(server: Any, run_id: str, stored: Any) -> None:
    send(server, "c", record_of(run_id, "fresh", 5, step=0))
    send(server, "d", record_of(run_id, "join", 9, step=2))
    send(server, "e", record_of(run_id, "resume", 9, step=1))
    assert [step for step, _ in stored.points()] == [0, 1, 2]


def test_a_child_that_comes_late_joins_the_attempt_it_was_forked_from(
    server: Any, run_id: str, stored: Any
) -> None:
    send(server, "1", record_of(run_id, "fresh", 5, step=0))
    send(server, "2", record_of(run_id, "fresh", 9, step=0))
    send(server, "3", record_of(run_id, "join", 5, step=7))
    assert stored.points() == [(0, 0.0)]
