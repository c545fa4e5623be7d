"""The event stream: what changed, once, also what was missed, and an end at shutdown."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from lossboard_server.changes import Change, Committed
from lossboard_server.events import Broker

Events = Iterator[tuple[str, dict[str, Any]]]


@contextmanager
def listening(server: Any, query: str = "", **headers: str) -> Iterator[Events]:
    """(event, data) as they come; the stream is open when the block begins."""
    with (
        httpx.Client(base_url=server.base_url, timeout=20) as http,
        http.stream("GET", f"/api/events{query}", headers=headers) as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines).startswith(":")
        yield events_in(lines)


def events_in(lines: Iterator[str]) -> Events:
    name = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        if field == "data":
            yield name, json.loads(value)


def test_a_record_is_told_to_who_listens_to_its_project(writer: Any, server: Any) -> None:
    writer.log(0)
    with listening(server, f"?project=local/{writer.start.project}") as events:
        writer.log(1)
        name, data = next(events)
    run = writer.run()
    assert name == "change"
    assert (data["run"], data["version"]) == (run["uid"], run["version"])
    assert "rows" in data["what"] and data["project"] == f"local/{writer.start.project}"


def test_other_projects_are_not_told(server: Any, writer_of: Any) -> None:
    mine, other = writer_of(server), writer_of(server)
    with listening(server, f"?project=local/{mine.start.project}") as events:
        other.log(0)
        mine.log(0)
        _, data = next(events)
    assert data["project"] == f"local/{mine.start.project}"


def test_changes_close_together_come_as_one(server_factory: Any, writer_of: Any) -> None:
    server = server_factory(event_interval_secs=2)
    writer = writer_of(server)
    with listening(server) as events:
        for step in range(10):
            writer.log(step)
        _, data = next(events)
    assert data["version"] == writer.run()["version"]


def test_what_was_missed_comes_first(server: Any, writer_of: Any) -> None:
    first, second = writer_of(server), writer_of(server)
    first.log(0)
    seen = first.run()["version"]
    second.log(0)
    with listening(server, f"?since={seen}") as events:
        _, data = next(events)
    assert data["run"] == second.run()["uid"]
    with listening(server, **{"Last-Event-ID": str(seen)}) as events:
        assert next(events)[1]["run"] == second.run()["uid"]


def test_versions_go_on_after_a_restart(own_server: Any, writer_of: Any) -> None:
    writer = writer_of(own_server)
    writer.log(0)
    before = writer.run()["version"]
    own_server.restart()
    writer.log(1)
    assert writer.run()["version"] > before
    with listening(own_server, f"?since={before}") as events:
        assert next(events)[1]["version"] == writer.run()["version"]


def test_a_version_of_another_store_asks_for_a_reload(server: Any) -> None:
    with listening(server, "?since=999999999") as events:
        assert next(events)[0] == "reset"
    assert httpx.get(f"{server.base_url}/api/events?since=x").status_code == 422


def test_missing_more_than_the_limit_asks_for_a_reload(server_factory: Any, writer_of: Any) -> None:
    server = server_factory(event_queue_length=2)
    for _ in range(4):
        writer_of(server).log(0)
    with listening(server, "?since=0") as events:
        assert next(events)[0] == "reset"


def change(version: int, uid: int, *what: str) -> Committed:
    return Committed([Change(version, uid, "a/b", frozenset(what), 0)], {})


async def first_batch(broker: Broker, committed: list[Committed]) -> tuple[list[Change], bool]:
    subscription = broker.subscribe("a/b")
    for one in committed:
        broker.publish(one.changes)
    async for batch in subscription.batches(0.0, 10.0):
        return batch, subscription.overflowed
    raise AssertionError("the stream ended")


def test_changes_of_a_run_are_merged() -> None:
    told = [change(1, 7, "rows"), change(2, 8, "rows"), change(3, 7, "state")]
    batch, overflowed = asyncio.run(first_batch(Broker(10), told))
    assert [(c.version, c.uid, sorted(c.what)) for c in batch] == [
        (2, 8, ["rows"]),
        (3, 7, ["rows", "state"]),
    ]
    assert not overflowed


def test_a_reader_too_slow_costs_bounded_memory_and_is_told() -> None:
    told = [change(n, n, "rows") for n in range(1, 100)]
    batch, overflowed = asyncio.run(first_batch(Broker(10), told))
    assert overflowed and len(batch) <= 10


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_a_server_with_an_open_stream_ends_soon_when_asked(
    own_server: Any, sig: signal.Signals
) -> None:
    with listening(own_server) as events:
        assert own_server.stop(sig, timeout_secs=5) == 0
        assert list(events) == []
    assert "Traceback" not in own_server.log()
