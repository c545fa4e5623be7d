"""How often a request of the official client reads the database, counted in a real server."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from lossboard.wire import Column, Exit, Record, Rows, RunStart, encode_record
from lossboard_server import queries
from lossboard_server.app import create_app
from lossboard_server.database import schema
from lossboard_server.queries.history import frames
from lossboard_server.settings import Settings

from .conftest import Runner

PROJECT = "listed"
RUNS = 50

_asking: ContextVar[bool] = ContextVar("asking", default=False)


@dataclass
class Counted:
    """Transactions and statements of the GraphQL requests since the last `clear`."""

    begun: list[Engine] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)

    def clear(self) -> None:
        self.begun.clear()
        self.statements.clear()


class Asking:
    """ASGI middleware: what GraphQL requests do is known by a context that threads inherit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/graphql":
            _asking.set(True)
        await self._app(scope, receive, send)


class Served:
    """A server in this process, on a port of its own, whose statements are counted."""

    def __init__(self, data_dir: Path) -> None:
        app = create_app(Settings(data_dir=data_dir, port=0))
        self.services: Any = app.state.services
        self.counted = Counted()
        self._server = uvicorn.Server(
            uvicorn.Config(Asking(app), host="127.0.0.1", port=0, log_level="warning")
        )
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self) -> Served:
        event.listen(Engine, "begin", self._on_begin)
        event.listen(Engine, "before_cursor_execute", self._on_statement)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        event.remove(Engine, "begin", self._on_begin)
        event.remove(Engine, "before_cursor_execute", self._on_statement)

    def _is_counted(self, connection: Any) -> bool:
        """Writes are done in the writer's thread, whoever waits for them."""
        return _asking.get() or connection.engine is self.services.database.write_engine

    def _on_begin(self, connection: Any) -> None:
        if self._is_counted(connection):
            self.counted.begun.append(connection.engine)

    def _on_statement(self, connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if self._is_counted(connection):
            self.counted.statements.append(statement)

    def is_sealed(self) -> bool:
        """Whether all that was logged is in its final place, so that nothing works by itself."""
        with self.services.database.read() as connection:
            return connection.execute(select(schema.tail.c.id).limit(1)).first() is None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "data") as one:
        for number in range(RUNS):
            log_run(one.base_url, number)
        while not one.is_sealed():
            time.sleep(0.1)
        yield one


def log_run(base_url: str, number: int) -> None:
    """A finished run of three rows whose last loss is its number."""
    now_us = time.time_ns() // 1000
    start = RunStart(
        entity="local",
        project=PROJECT,
        run_id=f"run-{number:02}",
        started_us=now_us - 10_000_000,
        config={"lr": number},
        metadata={"sweep": "s1"} if number % 2 else {},
    )
    record = Record(
        version=1,
        start=start,
        rows=rows(now_us, loss=[9.0, 8.0, number]),
        system=rows(now_us, **{"system.cpu": [1.0, 2.0, number]}),
        summary={"best": number},
        exit=Exit(code=0, time_us=now_us),
    )
    url = f"{base_url}/api/ingest/{secrets.token_hex(16)}/0"
    httpx.post(url, content=encode_record(record)).raise_for_status()


def rows(now_us: int, **values: list[float]) -> Rows:
    times = now_us - 1_000_000 * np.arange(2, -1, -1, dtype="<i8")
    columns = [Column(key, np.array(numbers, "<f8").tobytes()) for key, numbers in values.items()]
    return Rows(np.arange(3, dtype="<i8").tobytes(), times.tobytes(), columns)


@pytest.mark.covers("Api.runs")
def test_a_page_of_fifty_runs_takes_three_transactions_and_twenty_statements_at_most(
    served: Served, official: Runner
) -> None:
    for kind in ("lazy", "settings", "full"):
        official(served, "listing.py", PROJECT, kind)  # the first time fills the server's memos
        served.counted.clear()
        told = official(served, "listing.py", PROJECT, kind)
        assert [run[:2] for run in told] == [[f"run-{n:02}", "finished"] for n in range(RUNS)]
        if kind == "lazy":
            assert [run[2] for run in told] == ["s1" if n % 2 else None for n in range(RUNS)]
        else:
            assert [run[2:] for run in told] == [[n, n] for n in range(RUNS)]
        counts = {"transactions": len(served.counted.begun)}
        counts["statements"] = len(served.counted.statements)
        assert counts["transactions"] <= 3, kind
        assert counts["statements"] <= 20, "\n".join(served.counted.statements)


def test_relative_times_of_fifty_runs_take_as_many_statements_as_those_of_one(
    served: Served,
) -> None:
    counts = []
    _asking.set(True)
    for uids in ([1], list(range(1, RUNS + 1))):
        served.counted.clear()
        query = queries.SeriesQuery(runs=uids, keys=["loss"], x="runtime")
        with served.services.database.read() as connection:
            found = queries.query_series(connection, served.services.tails, query)
        assert len(found.series) == len(uids)
        counts.append(len(served.counted.statements))
    _asking.set(False)
    assert counts[0] == counts[1]


def test_frames_in_several_answers_hold_every_row_once(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = list(range(RUNS, 0, -1))
    losses = {uid: (9.0, 8.0, float(uid - 1)) for uid in uids}
    whole = [(uid, step, losses[uid][step]) for uid in uids for step in range(3)]
    for most, answers in ((2, 2 * RUNS), (7, RUNS // 2), (1000, 1)):
        monkeypatch.setattr(frames, "_MOST_POINTS", most)
        rows, asked = rows_in_frames(served, uids)
        assert rows == whole and asked == answers


def rows_in_frames(served: Served, uids: list[int]) -> tuple[list[tuple[int, int, float]], int]:
    """Rows of all answers, and how many answers there were."""
    rows: list[tuple[int, int, float]] = []
    after: Any = frames.Mark()
    asked = 0
    while after is not None:
        query = frames.FrameQuery(runs=uids, keys=["loss"], after=after)
        with served.services.database.read() as connection:
            found = frames.query_frames(connection, served.services.tails, query)
        for one in found.frames:
            losses = one.columns["loss"].numbers.tolist()
            pairs = zip(one.steps.tolist(), losses, strict=True)
            rows += [(one.run, *pair) for pair in pairs]
        after, asked = found.next, asked + 1
    return rows, asked
