"""A writer of the native door, as bare as the protocol."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from lossboard.wire import Column, Record, Rows, RunStart, encode_record


def rows_of(steps: Sequence[int], **values: Sequence[float]) -> Rows:
    """Rows at these steps, one second apart up to now, with a column for each key."""
    now_us = time.time_ns() // 1000
    times_us = now_us - 1_000_000 * np.arange(len(steps) - 1, -1, -1, dtype="<i8")
    columns = [Column(key, np.array(numbers, "<f8").tobytes()) for key, numbers in values.items()]
    return Rows(np.array(steps, "<i8").tobytes(), times_us.astype("<i8").tobytes(), columns)


class NativeWriter:
    """Sends numbered records of one run; a run and project of its own unless told."""

    def __init__(self, base_url: str, **start: Any) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=30)
        self.token = secrets.token_hex(16)
        self.seq = 0
        given = {"entity": "local", "project": f"p-{secrets.token_hex(4)}", "run_id": "r"}
        given |= {"started_us": time.time_ns() // 1000} | start
        self.start = RunStart(**given)

    @property
    def path(self) -> str:
        return f"{self.start.entity}/{self.start.project}/{self.start.run_id}"

    def post(self, seq: int, body: bytes) -> httpx.Response:
        return self.http.post(f"/api/ingest/{self.token}/{seq}", content=body)

    def send(self, **parts: Any) -> httpx.Response:
        """Post the next record, the first one with the start; moves on if it is accepted."""
        if self.seq == 0:
            parts.setdefault("start", self.start)
        answer = self.post(self.seq, encode_record(Record(version=1, **parts)))
        if answer.is_success:
            self.seq = answer.json()["next_seq"]
        return answer

    def log(self, *steps: int, **parts: Any) -> httpx.Response:
        """Post rows whose loss is their step."""
        return self.send(rows=rows_of(steps, loss=steps), **parts)

    def beat(self) -> httpx.Response:
        return self.http.post(f"/api/ingest/{self.token}/heartbeat")

    def run(self) -> dict[str, Any]:
        """The run as the API shows it."""
        answer: dict[str, Any] = self.http.get(f"/api/runs/{self.path}").raise_for_status().json()
        return answer

    def points(self, key: str = "loss") -> dict[int, float]:
        """Stored points by step, as far as no two share one."""
        query = {"runs": [self.run()["uid"]], "keys": [key], "buckets": 100_000}
        answer = self.http.post("/api/query/series", json=query).raise_for_status().json()
        if not answer["series"]:
            return {}
        columns = answer["series"][0]["columns"]
        assert set(columns["count"]) <= {1}
        return dict(zip(map(int, columns["x_first"]), columns["mean"], strict=True))


WriterFactory = Callable[..., NativeWriter]


@pytest.fixture(scope="session")
def writer_of() -> Iterator[WriterFactory]:
    """`writer_of(server, run_id=...)`: a writer that hasn't sent anything yet."""
    writers: list[NativeWriter] = []

    def make(server: Any, **start: Any) -> NativeWriter:
        writers.append(NativeWriter(server.base_url, **start))
        return writers[-1]

    yield make
    for writer in writers:
        writer.http.close()


@pytest.fixture
def writer(server: Any, writer_of: WriterFactory) -> NativeWriter:
    """A writer of a new run in a new project on the shared server."""
    return writer_of(server)


def eventually(condition: Callable[[], bool], timeout_secs: float = 20) -> None:
    """Wait until `condition` holds; fails if it never does."""
    deadline = time.monotonic() + timeout_secs
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., None]:
    return eventually


def unpacked(packed: Mapping[str, bytes | str | float]) -> dict[str, NDArray[np.float64]]:
    """Columns of a MessagePack answer, as docs/http_api.md describes them."""
    columns: dict[str, NDArray[np.float64]] = {}
    for name, column in packed.items():
        if isinstance(column, bytes):
            columns[name] = np.frombuffer(column, "<f8")
        elif isinstance(column, str):
            columns[name] = columns[column]
        else:
            columns[name] = np.full(len(next(iter(columns.values()))), column)
    return columns


@pytest.fixture(name="rows_of", scope="session")
def rows_of_fixture() -> Callable[..., Rows]:
    return rows_of
