"""No request costs more than it weighs, and none that costs much makes the others wait.

As in test_large_requests.py each attack goes to a real server, whose largest resident size is read
from the kernel, here while honest writers go on.
"""

from __future__ import annotations

import gzip
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lossboard.wire import Column, Record, Rows, RunStart, encode_record

MOST_BYTES = 1 << 30  # of the server, whatever comes
KEYS = 20_000


def rows_at(first: int, count: int, keys: list[str]) -> Rows:
    steps = np.arange(first, first + count, dtype="<i8")
    times_us = time.time_ns() // 1000 + steps
    columns = [
        Column(key, (steps + number).astype("<f8").tobytes()) for number, key in enumerate(keys)
    ]
    return Rows(steps.tobytes(), times_us.astype("<i8").tobytes(), columns)


class Trainer(threading.Thread):
    """Sends small records until it is told to end, each until it is taken."""

    def __init__(self, base_url: str, project: str, run_id: str) -> None:
        super().__init__()
        self.start_of = RunStart(entity="local", project=project, run_id=run_id, started_us=1)
        self.path = f"/api/runs/local/{project}/{run_id}"
        self.steps = 0
        self._token = secrets.token_hex(16)
        self._base_url = base_url
        self._ending = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self._base_url, timeout=120) as http:
            seq = 0
            while not self._ending.wait(0.02):
                start = self.start_of if seq == 0 else None
                body = encode_record(Record(version=1, rows=rows_at(seq, 1, ["loss"]), start=start))
                answer = http.post(f"/api/ingest/{self._token}/{seq}", content=body)
                if answer.status_code == 503:
                    continue
                answer.raise_for_status()
                seq = self.steps = answer.json()["next_seq"]

    def end(self) -> None:
        self._ending.set()
        self.join()


@pytest.fixture(scope="module")
def attacked(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("heavy") / "data"
    own = type(server)(folder, request_wait_secs=2, bodies_limit_bytes=64 << 20).start()
    yield own
    own.close()


@pytest.fixture
def honest(attacked: Any) -> Iterator[Any]:
    """Four trainers meanwhile; none of them loses anything, and the server stays small."""
    Path(f"/proc/{attacked.process.pid}/clear_refs").write_text("5")
    project = f"honest-{secrets.token_hex(6)}"
    trainers = [Trainer(attacked.base_url, project, f"r{number}") for number in range(4)]
    for trainer in trainers:
        trainer.start()
    while not all(trainer.steps for trainer in trainers):
        time.sleep(0.01)
    yield attacked
    for trainer in trainers:
        trainer.end()
    assert peak_bytes(attacked) < MOST_BYTES
    for trainer in trainers:
        answer = httpx.get(attacked.base_url + trainer.path, timeout=60)
        uid = answer.raise_for_status().json()["uid"]
        asked = {"runs": [uid], "keys": ["loss"], "buckets": 100_000}
        answer = httpx.post(f"{attacked.base_url}/api/query/series", json=asked, timeout=60)
        (series,) = answer.raise_for_status().json()["series"]
        assert series["n"] == trainer.steps > 0


def peak_bytes(server: Any) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def connected(server: Any, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(sent)
    return connection


def said(connection: socket.socket) -> bytes:
    """All that the server says until it closes."""
    parts = []
    with connection, suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def at_once(count: int, request: Callable[[int], httpx.Response]) -> list[int]:
    with ThreadPoolExecutor(count) as pool:
        return [answer.status_code for answer in pool.map(request, range(count))]


def test_headers_without_end_are_refused(honest: Any) -> None:
    connection = connected(honest, b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    sent_bytes = 0
    with pytest.raises(ConnectionError):
        while sent_bytes < 300 << 20:
            connection.sendall(b"x-a: " + b"a" * 65_000 + b"\r\n")
            sent_bytes += 65_000
    connection.close()
    assert sent_bytes < 100 << 20
    header = {"x-a": "a" * 65_000, "x-b": "b" * 1_000}
    answer = httpx.get(f"{honest.base_url}/api/health", headers=header)
    assert answer.status_code == 431
    assert httpx.get(f"{honest.base_url}/api/health", headers={"x-a": "a" * 60_000}).is_success


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"POST /gra",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{",
        b"PUT /api/blobs/"
        + b"a" * 64
        + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
    ids=["nothing", "a line", "headers", "a body", "a file", "chunks"],
)
def test_half_a_request_does_not_stay_open(attacked: Any, half: bytes) -> None:
    said(connected(attacked, half))  # it ends


def test_bodies_that_wait_have_one_budget(honest: Any) -> None:
    head = (
        "POST /api/ingest/{:032x}/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000000\r\n\r\n"
    )
    halves = [connected(honest, head.format(number).encode()) for number in range(6)]
    for half in halves:
        half.sendall(bytes(20_000_000))
    assert [b" 503 " in half.recv(4096) for half in halves[3:]] == [True] * 3
    for half in halves:
        half.close()
    answer = httpx.Response(503)
    while answer.status_code == 503:  # once the room is given back
        answer = httpx.post(f"{honest.base_url}/graphql", content=b" " * 20_000_000, timeout=60)
    assert answer.status_code == 422


@pytest.mark.parametrize("door", ["graphql", "file_stream"])
def test_many_bodies_full_of_values_are_taken_apart_in_turn(honest: Any, door: str) -> None:
    many = "[" + "[]," * 600_000 + "[]]"
    line = f'{{"_step": 0, "x": {many}}}'
    files = {"wandb-history.jsonl": {"offset": 0, "content": [line]}}
    text = f'{{"query": "{{viewer{{id}}}}", "variables": {{"x": {many}}}}}'
    body = gzip.compress((text if door == "graphql" else json.dumps({"files": files})).encode(), 1)
    path = "/graphql" if door == "graphql" else f"/files/local/{secrets.token_hex(6)}/r/file_stream"

    def send(_: int) -> httpx.Response:
        headers = {"Content-Encoding": "gzip"}
        return httpx.post(honest.base_url + path, content=body, headers=headers, timeout=120)

    assert set(at_once(30, send)) <= {200, 413, 422, 503}


@pytest.fixture(scope="module")
def wide(attacked: Any) -> int:
    """A run of 60 rows of 20,000 keys each."""
    token, keys = secrets.token_hex(16), [f"k/{number:05}" for number in range(KEYS)]
    for seq in range(6):
        start = RunStart("local", "wide", "wide", started_us=1) if seq == 0 else None
        rows = rows_at(10 * seq, 10, keys)
        record = encode_record(Record(version=1, rows=rows, start=start))
        answer = httpx.Response(503)
        while answer.status_code == 503:
            url = f"{attacked.base_url}/api/ingest/{token}/{seq}"
            answer = httpx.post(url, content=record, timeout=140)
        answer.raise_for_status()
    url = f"{attacked.base_url}/api/runs/local/wide/wide"
    return int(httpx.get(url, timeout=60).json()["uid"])


def test_a_page_of_wide_rows_ends_where_an_answer_holds_enough(honest: Any, wide: int) -> None:
    url = f"{honest.base_url}/api/runs/{wide}/history"
    page = httpx.get(url, timeout=120).raise_for_status().json()
    assert [row["_step"] for row in page["rows"]] == list(range(20))
    assert page["next_step"] == 20
    rest = httpx.get(url, params={"min_step": 40}, timeout=120).json()
    assert [row["_step"] for row in rest["rows"]] == list(range(40, 60))
    assert rest["next_step"] is None
    assert rest["rows"][3]["k/19999"] == 43 + 19_999
    samples = httpx.get(url, params={"samples": 500}, timeout=120).json()["rows"]
    assert 2 <= len(samples) <= 20
    assert (samples[0]["_step"], samples[-1]["_step"]) == (0, 59)


def test_long_reads_keep_no_other_read_waiting(honest: Any, wide: int) -> None:
    url = f"{honest.base_url}/api/runs/{wide}/history"
    with ThreadPoolExecutor(8) as pool:
        long = [pool.submit(httpx.get, url, timeout=120) for _ in range(8)]
        asked = 0
        while not all(one.done() for one in long):
            answer = httpx.get(f"{honest.base_url}/api/projects/local/wide/runs", timeout=60)
            assert answer.is_success
            asked += not all(one.done() for one in long)
    assert asked
    assert {one.result().status_code for one in long} <= {200, 503}


def test_graphql_that_asks_for_the_same_again_and_again_is_refused(honest: Any, wide: int) -> None:
    field = 'project(name: "wide", entityName: "local") { run(name: "wide") { history } }'
    document = "{ " + " ".join(f"a{number}: {field}" for number in range(30)) + " }"
    answer = httpx.post(f"{honest.base_url}/graphql", json={"query": document}, timeout=120)
    assert "fields with arguments" in answer.json()["errors"][0]["message"]


BIG, JSON_HEAD = 2**63, {"Content-Type": "application/json"}
SURROGATE = b'{"%s": {"a": "\\ud800"}}'
ODD: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"/api/runs/{BIG}/history", {}),
    ("GET", f"/api/runs/1/history?min_step={BIG}", {}),
    ("GET", f"/api/runs/{BIG}/files", {}),
    ("GET", f"/api/runs/{BIG}/console", {}),
    ("GET", f"/api/runs/1/console?after={BIG}", {}),
    ("PATCH", f"/api/runs/{BIG}", {"json": {"name": "x"}}),
    ("DELETE", f"/api/runs/{BIG}", {}),
    ("POST", f"/api/runs/{BIG}/restore", {}),
    ("POST", "/api/runs/delete", {"json": {"runs": [BIG]}}),
    ("PATCH", "/api/runs", {"json": {"runs": [BIG], "add_tags": ["a"]}}),
    ("POST", "/api/query/series", {"json": {"runs": [BIG], "keys": ["a"]}}),
    ("POST", "/api/query/histograms", {"json": {"runs": [BIG], "keys": ["a"]}}),
    ("POST", "/api/query/tensors", {"json": {"run": BIG}}),
    ("GET", f"/api/projects/local/odd/runs?offset={BIG}", {}),
    ("GET", f"/api/projects/local/odd/runs?since={BIG}", {}),
    ("GET", f"/api/projects/local/odd/keys?runs={BIG}", {}),
    ("GET", f"/api/projects/local/odd/metrics?field=min.a&runs={BIG}", {}),
    ("GET", "/api/projects/local/odd/runs?search=(?R)", {}),
    ("GET", "/api/projects/local/odd/runs?search=(a%2B)%2B%24", {}),
    ("GET", '/api/projects/local/odd/runs?filter={"display_name":{"$regex":"(?R)"}}', {}),
    ("GET", f'/api/projects/local/odd/runs?filter={{"last_step":{{"$gt":{BIG}}}}}', {}),
    ("GET", '/api/projects/local/odd/runs?filter={"display_name":"\\ud800"}', {}),
    ("PUT", "/api/projects/local/%ed%a0%80", {}),
    (
        "PATCH",
        "/api/projects/local/odd",
        {"content": SURROGATE % b"settings", "headers": JSON_HEAD},
    ),
    ("POST", "/api/views", {"content": SURROGATE % b"state", "headers": JSON_HEAD}),
    ("PATCH", "/api/runs/1", {"content": SURROGATE % b"config", "headers": JSON_HEAD}),
    ("PATCH", "/api/runs/1", {"content": b'{"name": "\\ud800"}', "headers": JSON_HEAD}),
    ("POST", "/graphql", {"content": b'{"query": "{ project(name: \\"\\ud800\\") { id } }"}'}),
    ("POST", "/graphql", {"content": b'{"query": "\xff"}'}),
    ("POST", "/graphql", {"json": {"query": f"{{ runs(first: {BIG}) {{ totalCount }} }}"}}),
    ("POST", "/files/local/odd/r/file_stream", {"content": b"\xff\xfe"}),
    ("POST", f"/api/ingest/{'0' * 32}/{BIG}", {"content": b"\x80"}),
    ("POST", f"/api/ingest/{'0' * 32}/0", {"content": b"\x81\xa1\xff\xc0"}),
]


@pytest.mark.parametrize(
    ("method", "path", "options"), ODD, ids=[f"{m} {p[:60]}" for m, p, _ in ODD]
)
def test_numbers_and_texts_that_nothing_can_hold_are_no_failure_of_the_server(
    attacked: Any, method: str, path: str, options: dict[str, Any]
) -> None:
    record = Record(
        version=1, start=RunStart("local", "odd", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", 1)
    )
    httpx.post(f"{attacked.base_url}/api/ingest/{'f' * 32}/0", content=encode_record(record))
    answer = httpx.request(method, attacked.base_url + path, timeout=60, **options)
    assert answer.status_code < 500
    assert len(answer.content) < 10_000


def test_sigterm_during_long_reads_ends_the_server_all_the_same(attacked: Any, wide: int) -> None:
    url = f"{attacked.base_url}/api/runs/{wide}/history"
    with ThreadPoolExecutor(4) as pool:
        long = [pool.submit(httpx.get, url, timeout=120) for _ in range(4)]
        httpx.get(f"{attacked.base_url}/api/health").raise_for_status()
        assert attacked.stop(timeout_secs=8) == 0
        for one in long:
            assert one.exception() is not None or one.result().status_code in (200, 503, 504)
    attacked.start()
