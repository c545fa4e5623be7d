"""A server that misbehaves on order, for answers that the real one never gives."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import numpy as np
import pytest

from lossboard import wire
from lossboard.sending.sender import Level, Sender, SenderOptions

Answer: TypeAlias = tuple[int, dict[str, Any], dict[str, str]]  # status, JSON body, headers
Trick: TypeAlias = Callable[[str, bytes], Answer | None]  # (request line, body) -> its own answer


class TrickyServer:
    """Keeps the ingest contract, unless `trick` answers first. `None` closes without an answer."""

    def __init__(self) -> None:
        self.records: dict[str, list[wire.Record]] = {}
        self.next_seq: dict[str, int] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.trick: Trick = lambda line, body: (0, {}, {})
        self.lose_answers = 0  # this many answers are computed and never sent
        self._lock = threading.Lock()
        self._http: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        server = self

        class Handler(_Handler):
            tricky = server

        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._http.daemon_threads = True
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def answer(self, line: str, body: bytes) -> Answer | None:
        self.requests.append(line)
        tricked = self.trick(line, body)
        if tricked is None or tricked[0]:
            return tricked
        with self._lock:
            return self._honest(line, body)

    def _honest(self, line: str, body: bytes) -> Answer:
        method, path = line.split()
        if path.startswith("/api/blobs/"):
            return self._blob(method, path.rsplit("/", 1)[1], body)
        _, _, _, writer, seq = path.split("/")
        expected = self.next_seq.get(writer, 0)
        if seq == "heartbeat":
            return 200, {"next_seq": expected, "stop": False}, {}
        record = wire.decode_record(body)
        if int(seq) > expected + record.missing or (not expected and record.start is None):
            error = {"code": "gap", "message": "a gap", "details": {"expected": expected}}
            return 409, {"error": error}, {}
        if int(seq) >= expected:
            self.records.setdefault(writer, []).append(record)
            self.next_seq[writer] = int(seq) + 1
        return 200, {"next_seq": self.next_seq[writer], "stop": False}, {}

    def _blob(self, method: str, sha256: str, body: bytes) -> Answer:
        if method == "HEAD":
            return (200 if sha256 in self.blobs else 404), {}, {}
        assert hashlib.sha256(body).hexdigest() == sha256
        self.blobs[sha256] = body
        return 201, {}, {}

    def all_records(self) -> list[wire.Record]:
        return [record for records in self.records.values() for record in records]

    def steps(self) -> list[int]:
        """Steps of all rows in order of arrival."""
        return [step for record in self.all_records() for step in steps_of(record)]


def steps_of(record: wire.Record) -> list[int]:
    return np.frombuffer(record.rows.steps, "<i8").tolist() if record.rows else []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tricky: TrickyServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.tricky.answer(f"{self.command} {self.path}", body)
        if answer is not None and self.tricky.lose_answers:
            self.tricky.lose_answers -= 1
            answer = None
        if answer is None:
            self.close_connection = True
            return
        self._say(*answer)

    do_PUT = do_HEAD = do_POST

    def _say(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
        content = json.dumps(body).encode() if self.command != "HEAD" else b""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def tricky() -> Iterator[TrickyServer]:
    """A running server that can be told to misbehave."""
    server = TrickyServer()
    server.start()
    yield server
    server.stop()


class Said(list[str]):
    """What a sender said."""

    def __call__(self, text: str, level: Level) -> None:
        self.append(f"{level}: {text}")


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def make_sender(tmp_path: Path, said: Said) -> Iterator[Callable[..., Sender]]:
    """Makes senders for one run; those that a test leaves open are finished at its end."""
    made: list[Sender] = []

    def make(base_url: str | None, run_id: str = "run1", **options: Any) -> Sender:
        start = wire.RunStart("me", "faults", run_id, started_us=1)
        sender = Sender(
            start=start,
            spool_root=tmp_path / "spool",
            base_url=base_url,
            options=SenderOptions(**{"flush_interval_secs": 0.02, **options}),
            say=said,
        )
        made.append(sender)
        return sender

    yield make
    for sender in made:
        sender.finish(wire.Exit(0, 0), timeout_secs=0)


@pytest.fixture
def run_id(own_name: str) -> str:
    """A run of its own for each test."""
    return own_name


class Stored:
    """What a server has of one run, as it answers the dashboard."""

    def __init__(self, base_url: str, run_id: str) -> None:
        self._url = base_url
        self._run_id = run_id

    def run(self) -> dict[str, Any]:
        answer = httpx.get(f"{self._url}/api/runs/me/faults/{self._run_id}")
        return dict(answer.raise_for_status().json())

    def points(self, key: str = "loss") -> list[tuple[int, float]]:
        """(step, value) of all points of a key by step; fails where a step has several."""
        columns = self._columns(key)
        assert set(columns["count"]) <= {1}, "some steps arrived twice"
        return list(zip(columns["x_first"], columns["first"], strict=True))

    def counts(self, key: str) -> list[int]:
        """How many values of a key each of its steps has."""
        return [int(count) for count in self._columns(key)["count"]]

    def _columns(self, key: str) -> dict[str, list[float]]:
        asked = {"runs": [self.run()["uid"]], "keys": [key], "x": "step", "buckets": 20_000}
        answer = httpx.post(f"{self._url}/api/query/series", json={"kind": "scalar", **asked})
        (series,) = answer.raise_for_status().json()["series"]
        return dict(series["columns"])

    def notices(self) -> dict[str, float]:
        """Amounts by kind."""
        return {notice["kind"]: notice["amount"] for notice in self.run()["notices"]}


@pytest.fixture
def stored(server: Any, run_id: str) -> Stored:
    """What the shared server has of this test's run."""
    return Stored(server.base_url, run_id)


@pytest.fixture
def stored_in() -> type[Stored]:
    """`stored_in(base_url, run_id)` for a server of the test's own."""
    return Stored


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until something is true, 20 s at most."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in 20 s"
            time.sleep(0.01)

    return wait
