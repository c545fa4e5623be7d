"""One request can't take the server down: it answers others meanwhile, and its memory is bounded.

Each attack goes to a real server, whose largest resident size is read from the kernel.
"""

from __future__ import annotations

import gzip
import json
import secrets
import struct
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from lossboard.wire import Column, JsonColumn, Record, Rows, RunStart, encode_record

# Of the server, by a request of 60 MB: some steps hold a copy or two, large ones one at a time.
MOST_GROWTH_BYTES = 700 << 20
SIZE = 60_000_000
START = {"entity": "local", "run_id": "r", "started_us": 1_000_000}


def list_of(count: int, item: bytes) -> bytes:
    return b"\xdd" + struct.pack(">I", count) + item * count


@cache  # it takes seconds
def map_of(count: int, value: bytes) -> bytes:
    keyed = (b"\xa8%08x" % index + value for index in range(count))
    return b"\xdf" + struct.pack(">I", count) + b"".join(keyed)


def nested(depth: int, count: int) -> bytes:
    return list_of(count, b"\x91" * depth + b"\x90")


VALUES: dict[str, Callable[[], bytes]] = {
    "empty lists": lambda: list_of(SIZE, b"\x90"),
    "empty maps": lambda: list_of(SIZE, b"\x80"),
    "nested lists": lambda: nested(90, SIZE // 91),
    "nested maps": lambda: list_of(SIZE // 181, b"\x81\xa0" * 90 + b"\x80"),
    "a wide map": lambda: map_of(SIZE // 10, b"\x90"),
    "tiny strings": lambda: list_of(SIZE // 3, b"\xa2ab"),
    "small ints": lambda: list_of(SIZE, b"\xe0"),
    "a long key": lambda: b"\x81\xdb" + struct.pack(">I", SIZE) + b"k" * SIZE + b"\xc0",
    "a long string": lambda: b"\xdb" + struct.pack(">I", SIZE) + b"s" * SIZE,
    "very deep": lambda: b"\x91" * SIZE + b"\x90",
    "a claim": lambda: b"\xdd\xff\xff\xff\xff" * (SIZE // 5),
    "a claim of a map": lambda: b"\xdf\xff\xff\xff\xff" + b"\x90" * SIZE,
    "extensions": lambda: list_of(SIZE // 3, b"\xd4\x05x"),
}


def packed(**fields: bytes) -> bytes:
    """A record in MessagePack with these fields as they are."""
    parts = {"version": b"\x01"} | fields
    heads = (bytes([0xA0 + len(name)]) + name.encode() for name in parts)
    return bytes([0x80 + len(parts)]) + b"".join(
        h + v for h, v in zip(heads, parts.values(), strict=True)
    )


def start_of(project: str) -> dict[str, bytes]:
    record = encode_record(Record(version=1, start=RunStart(project=project, **START)))
    return {"start": record[record.index(b"\xa5start") + 6 :]}


def in_config(project: str, value: bytes) -> bytes:
    return packed(**start_of(project), config=b"\x82\xa1x" + value + b"\xa2ok\x07")


def in_a_row(project: str, value: bytes) -> bytes:
    column = b"\x92\xa1x\x91" + value
    rows = b"\x94\xc4\x08" + bytes(8) + b"\xc4\x08" + bytes(8) + b"\x90\x91" + column
    return packed(**start_of(project), rows=rows)


class Watched:
    """A server whose memory is observed, and a project of one test's own."""

    def __init__(self, server: Any) -> None:
        self.base_url: str = server.base_url
        self.project = f"p-{secrets.token_hex(6)}"
        self.server = server


@pytest.fixture(scope="module")
def attacked(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    own = type(server)(tmp_path_factory.mktemp("attacked") / "data").start()
    yield own
    own.close()


@pytest.fixture
def watched(attacked: Any) -> Iterator[Watched]:
    # 5: the largest resident size begins anew, at what is resident now.
    Path(f"/proc/{attacked.process.pid}/clear_refs").write_text("5")
    before = peak_bytes(attacked)
    yield Watched(attacked)
    assert peak_bytes(attacked) - before < MOST_GROWTH_BYTES


def peak_bytes(server: Any) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def sent(server: Watched, method: str, path: str, **options: Any) -> httpx.Response:
    """The answer to a request, while which the server went on to answer others."""
    answers: list[httpx.Response] = []

    def send() -> None:
        answers.append(httpx.request(method, server.base_url + path, timeout=120, **options))

    sender = threading.Thread(target=send)
    sender.start()
    with httpx.Client(base_url=server.base_url, timeout=60) as other:
        while sender.is_alive():
            assert other.get("/api/health").is_success
            sender.join(0.05)
    (answer,) = answers
    return answer


def list_runs(server: Watched) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.base_url}/api/projects/local/{server.project}/runs", timeout=60)
    return [] if answer.status_code == 404 else answer.raise_for_status().json()["runs"]


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_a_large_config_costs_only_that_value(watched: Watched, kind: str) -> None:
    body = in_config(watched.project, VALUES[kind]())
    answer = sent(watched, "POST", f"/api/ingest/{secrets.token_hex(16)}/0", content=body)
    listed = list_runs(watched)
    if kind in ("very deep", "a claim", "a claim of a map"):
        assert answer.status_code in (413, 422)
        return
    assert answer.status_code == 200
    assert [run["config"] for run in listed] == [{"ok": 7}]
    notices = httpx.get(f"{watched.base_url}/api/runs/local/{watched.project}/r").json()["notices"]
    assert [notice["kind"] for notice in notices] == ["too_large"]
    assert "config 'x'" in notices[0]["text"]


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_a_large_value_in_a_row_stays_within_bounds(watched: Watched, kind: str) -> None:
    body = in_a_row(watched.project, VALUES[kind]())
    answer = sent(watched, "POST", f"/api/ingest/{secrets.token_hex(16)}/0", content=body)
    expected = (200,) if kind in ("a long key", "a long string") else (413, 422)
    assert answer.status_code in expected
    assert len(answer.content) < 2000
    for _ in range(3):
        list_runs(watched)


def test_a_key_as_long_as_a_record_names_nothing(watched: Watched) -> None:
    path, key = f"/api/ingest/{secrets.token_hex(16)}/", "k" * 30_000_000
    start = RunStart(project=watched.project, **START)
    record = Record(version=1, start=start, config={key: 1, "lr": 0.1}, metadata={key: 1})
    assert sent(watched, "POST", path + "0", content=encode_record(record)).status_code == 200
    (listed,) = list_runs(watched)
    assert listed["config"] == {"lr": 0.1}
    rows = Rows(bytes(8), bytes(8), [Column(key, bytes(8))])
    body = encode_record(Record(version=1, rows=rows))
    answer = sent(watched, "POST", path + "1", content=body)
    assert answer.status_code == 422
    assert len(answer.content) < 2000


@cache  # it takes seconds
def wide_object() -> str:
    return "{" + ",".join(f'"{n:x}":0' for n in range(SIZE // 10)) + "}"


JSON: dict[str, Callable[[], str]] = {
    "empty lists": lambda: "[" + "[]," * (SIZE // 3) + "[]]",
    "empty objects": lambda: "[" + "{}," * (SIZE // 3) + "{}]",
    "nested lists": lambda: "[" + ("[" * 90 + "]" * 90 + ",") * (SIZE // 181) + "0]",
    "a wide object": wide_object,
    "tiny strings": lambda: "[" + '"ab",' * (SIZE // 5) + "0]",
    "very deep": lambda: "[" * (SIZE // 2) + "]" * (SIZE // 2),
    "digits": lambda: "1" * SIZE,
    "a fraction": lambda: "1." + "1" * SIZE,
    "a long string": lambda: '"' + "s" * SIZE + '"',
    "escapes": lambda: '"' + '\\"' * (SIZE // 2) + '"',
    "an open string": lambda: '["' + '\\"' * (SIZE // 2),
}
UPSERT = (
    "mutation Upsert($name: String, $project: String, $config: JSONString, $summary: JSONString) {"
    ' upsertBucket(input: {name: $name, entityName: "local", modelName: $project,'
    ' config: $config, summaryMetrics: $summary, host: "h"})'
    " { bucket { id name } inserted } }"
)


@pytest.mark.parametrize("kind", sorted(JSON))
def test_variables_of_graphql_stay_within_bounds(watched: Watched, kind: str) -> None:
    body = f'{{"query": "{{ viewer {{ id }} }}", "variables": {{"x": {JSON[kind]()}}}}}'
    answer = sent(watched, "POST", "/graphql", content=body.encode())
    assert answer.status_code in (200, 413, 422)


@pytest.mark.parametrize("kind", sorted(JSON))
def test_lines_of_a_file_stream_stay_within_bounds(watched: Watched, kind: str) -> None:
    line = f'{{"_step": 0, "loss": 1.5, "x": {JSON[kind]()}}}'
    files = {"wandb-history.jsonl": {"offset": 0, "content": [line]}}
    files |= {"wandb-summary.json": {"offset": 0, "content": [line]}}
    body = gzip.compress(json.dumps({"files": files}).encode()[: 64 << 20], 1)
    path = f"/files/local/{watched.project}/r/file_stream"
    answer = sent(watched, "POST", path, content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code in (200, 413, 422)
    list_runs(watched)


@pytest.mark.parametrize("kind", ["empty lists", "a wide object", "very deep", "digits"])
def test_a_small_body_that_unpacks_to_a_large_one_is_bounded(watched: Watched, kind: str) -> None:
    body = gzip.compress(f'{{"query": "q", "variables": {{"x": {JSON[kind]()}}}}}'.encode(), 9)
    answer = sent(watched, "POST", "/graphql", content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code in (413, 422)


def test_a_body_that_unpacks_without_end_is_refused(watched: Watched) -> None:
    body = gzip.compress(bytes(1_000_000_000), 9)
    for path in ("/graphql", f"/files/local/{watched.project}/r/file_stream"):
        answer = sent(watched, "POST", path, content=body, headers={"Content-Encoding": "gzip"})
        assert answer.status_code == 413


@pytest.mark.parametrize("kind", sorted(JSON))
def test_bodies_of_the_api_stay_within_bounds(watched: Watched, kind: str) -> None:
    httpx.put(f"{watched.base_url}/api/projects/local/{watched.project}").raise_for_status()
    text = JSON[kind]().encode()[: 7 << 20]
    closing = {"empty lists": b"0]", "empty objects": b"0]", "tiny strings": b"0]"}.get(kind, b"")
    for method, path, body in (
        ("PATCH", f"/api/projects/local/{watched.project}", b'{"settings": {"x": %s%s}}'),
        ("POST", "/api/views", b'{"state": {"x": %s%s}}'),
        ("POST", "/api/query/series", b'{"runs": %s%s, "keys": []}'),
    ):
        headers = {"Content-Type": "application/json"}
        content = body % (text, closing)
        answer = sent(watched, method, path, content=content, headers=headers)
        assert answer.status_code in (200, 400, 413, 422)


def graphql(server: Watched, document: str, **variables: Any) -> Any:
    body = {"query": document, "variables": variables}
    return sent(server, "POST", "/graphql", json=body).json()


@pytest.mark.parametrize(
    "document",
    [
        "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(2000)) + " }",
        '{ project(name: "p", entityName: "local") { '
        + " ".join(f"r{n}: runs(first: 1000) {{ totalCount }}" for n in range(900))
        + " } }",
        "{ viewer { id } } #" + "c" * 1_000_000,
        '{ viewer(x: "' + "c" * 1_000_000 + '") { id } }',
        "{ viewer " + "{ a " * 4000 + "}" * 4001,
    ],
    ids=["aliases", "nested aliases", "comment", "string", "depth"],
)
def test_a_document_that_asks_for_too_much_is_refused(watched: Watched, document: str) -> None:
    answer = graphql(watched, document)
    assert "data" not in answer


def test_a_large_config_of_the_official_client_costs_only_that_value(watched: Watched) -> None:
    config = {"lr": {"value": 0.1}, "x": {"value": [[]] * 2_000_000}, "t": {"value": "s" * 2**21}}
    answer = graphql(
        watched,
        UPSERT,
        name="r",
        project=watched.project,
        config=json.dumps(config),
        summary='{"acc": 1}',
    )
    assert answer["data"]["upsertBucket"]["bucket"]["name"] == "r"
    run = httpx.get(f"{watched.base_url}/api/runs/local/{watched.project}/r").json()
    assert run["config"] == {"lr": 0.1}
    assert run["summary"] == {"acc": 1}
    (notice,) = run["notices"]
    assert "config 'x'" in notice["text"]
    assert "config 't': 2.1 MB" in notice["text"]


def test_many_values_that_fit_alone_dont_fill_the_list(watched: Watched) -> None:
    token, answer = secrets.token_hex(16), None
    for seq in range(12):
        values = {f"k{seq}-{n}": "v" * 1_000_000 for n in range(8)}
        start = RunStart(project=watched.project, **START) if seq == 0 else None
        record = encode_record(Record(version=1, start=start, config=values))
        answer = httpx.post(f"{watched.base_url}/api/ingest/{token}/{seq}", content=record)
        assert answer.status_code == 200
    (listed,) = list_runs(watched)
    assert len(json.dumps(listed)) < 100_000
    run = httpx.get(f"{watched.base_url}/api/runs/local/{watched.project}/r", timeout=60).json()
    assert 0 < len(run["config"]) <= 8
    assert all(value == "v" * 1_000_000 for value in run["config"].values())
    assert "too_large" in [notice["kind"] for notice in run["notices"]]


def test_values_that_are_large_and_legal_are_kept(watched: Watched) -> None:
    words = [f"word-{n}" for n in range(200_000)]
    text = "t" * 30_000_000
    config = {"vocabulary": [f"{n:05}" for n in range(90_000)]}
    rows = Rows(bytes(8), bytes(8), [], [JsonColumn("w", [words]), JsonColumn("t", [text])])
    start = RunStart(project=watched.project, **START, config=config)
    body = encode_record(Record(version=1, start=start, rows=rows))
    path = f"/api/ingest/{secrets.token_hex(16)}/0"
    assert sent(watched, "POST", path, content=body).status_code == 200
    (listed,) = list_runs(watched)
    assert listed["config"]["vocabulary"] == {"_type": "large", "size_bytes": 720_001}
    run = httpx.get(f"{watched.base_url}/api/runs/local/{watched.project}/r", timeout=60).json()
    assert run["config"] == config
    assert run["notices"] == []
    history = httpx.get(f"{watched.base_url}/api/runs/{run['uid']}/history", timeout=60).json()
    assert history["rows"][0]["w"] == words
    assert history["rows"][0]["t"] == text
