"""file_stream keeps each line once, whatever is lost, repeated or late."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import detail, history

START_SECS = time.time()


def lines(first: int, count: int, seed: float = 0.0) -> list[str]:
    """History lines; runs told apart by the time of their first one."""
    return [
        json.dumps({"_step": step, "_timestamp": START_SECS + seed + step, "x": step})
        for step in range(first, first + count)
    ]


def post(server: Any, run: str, body: Any, **headers: str) -> httpx.Response:
    url = f"{server.base_url}/files/local/stream/{run}/file_stream"
    answer = httpx.post(url, json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def write(server: Any, run: str, offset: int, content: list[str], **headers: str) -> None:
    body = {"files": {"wandb-history.jsonl": {"offset": offset, "content": content}}}
    post(server, run, body, **headers)


def steps(server: Any, run: str) -> list[int]:
    return [row["x"] for row in history(server, "stream", run)]


def test_a_request_repeated_after_a_lost_answer_is_kept_once(server: Any) -> None:
    for _ in range(3):
        write(server, "lost", 0, lines(0, 10))
    write(server, "lost", 10, lines(10, 5))
    write(server, "lost", 0, lines(0, 10))  # the stale one, which arrives last
    assert steps(server, "lost") == list(range(15))


def test_a_longer_repetition_adds_only_what_is_new(server: Any) -> None:
    write(server, "longer", 0, lines(0, 10))
    write(server, "longer", 5, lines(5, 10))
    assert steps(server, "longer") == list(range(15))


def test_lines_that_never_came_are_a_notice_of_the_run(server: Any) -> None:
    write(server, "gap", 0, lines(0, 3))
    write(server, "gap", 7, lines(7, 3))
    assert steps(server, "gap") == [0, 1, 2, 7, 8, 9]
    notices = {one["kind"]: one["amount"] for one in detail(server, "stream", "gap")["notices"]}
    assert notices["missing_lines"] == 4


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    chunks=st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9)), min_size=1, max_size=8),
)
def test_any_overlapping_requests_leave_each_line_once(
    server: Any, chunks: list[tuple[int, int]]
) -> None:
    run, end = f"any-{uuid.uuid4()}", 0
    for back, count in chunks:
        first = max(0, end - back)
        write(server, run, first, lines(first, count))
        end = max(end, first + count)
    assert steps(server, run) == list(range(end))


def test_writers_of_shared_mode_have_offsets_of_their_own(server: Any) -> None:
    for client, first in (("a", 0), ("b", 100)):
        for _ in range(2):
            content = lines(first, 5)
            write(server, "shared", 0, content, **{"x-wandb-async-client-id": client})
    assert steps(server, "shared") == [0, 1, 2, 3, 4, 100, 101, 102, 103, 104]


def test_two_processes_that_write_one_run_as_if_alone_are_a_notice(server: Any) -> None:
    for seed in (0.0, 0.5):
        for count in (3, 5):  # the second repeats the first and goes on
            write(server, "mixed", 0, lines(0, count, seed=seed))
        kinds = [notice["kind"] for notice in detail(server, "stream", "mixed")["notices"]]
        assert kinds == (["mixed_rows"] if seed else [])


def test_a_fresh_start_opens_an_attempt_and_deletes_nothing(server: Any) -> None:
    write(server, "fresh", 0, lines(0, 5))
    upsert(server, "fresh")
    write(server, "fresh", 0, lines(0, 3, seed=1000.0))
    assert steps(server, "fresh") == [0, 1, 2]
    assert [one["kind"] for one in detail(server, "stream", "fresh")["attempts"]] == [
        "fresh",
        "fresh",
    ]


def test_an_old_log_sent_again_belongs_to_the_attempt_it_began(server: Any) -> None:
    write(server, "again", 0, lines(0, 5))
    upsert(server, "again")
    write(server, "again", 0, lines(0, 8))
    assert steps(server, "again") == list(range(8))
    assert len(detail(server, "stream", "again")["attempts"]) == 1


def test_a_log_synced_again_keeps_the_start_and_the_last_step_of_its_run(server: Any) -> None:
    """`wandb sync` of an old folder says when it runs and not when the run began."""
    began = START_SECS - 86_400
    rows = [
        json.dumps({"_step": step, "_timestamp": began + 1 + step, "_runtime": 1 + step, "x": step})
        for step in range(8)
    ]
    write(server, "synced", 0, rows)
    before = detail(server, "stream", "synced")
    assert (before["started_us"], before["last_step"]) == (pytest.approx(began * 1e6, abs=10), 7)
    for parts in (slice(0, 8),), (slice(0, 3), slice(3, 8)):
        upsert(server, "synced")
        for part in parts:
            write(server, "synced", part.start, rows[part])
            again = detail(server, "stream", "synced")
            assert (again["started_us"], again["last_step"]) == (before["started_us"], 7)
    assert steps(server, "synced") == list(range(8))


def upsert(server: Any, run: str, program: str = "") -> None:
    """What the client sends when a script starts."""
    question = {
        "query": "mutation U($name: String, $project: String, $host: String, $by: String) {"
        " upsertBucket(input: {name: $name, modelName: $project, host: $host, jobProgram: $by})"
        " { bucket { id historyLineCount } } }",
        "variables": {"name": run, "project": "stream", "host": "h", "by": program},
    }
    answer = httpx.post(f"{server.base_url}/graphql", json=question).json()
    assert answer["data"]["upsertBucket"]["bucket"]["historyLineCount"] == 0


def test_compressed_bodies_are_read(server: Any) -> None:
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": lines(0, 4)}}}
    url = f"{server.base_url}/files/local/stream/gzip/file_stream"
    packed = gzip.compress(json.dumps(body).encode())
    answer = httpx.post(url, content=packed, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert steps(server, "gzip") == [0, 1, 2, 3]


def test_progress_bars_are_rewritten_in_place(server: Any) -> None:
    for text in ("10 %", "50 %", "100 %"):
        content = [json.dumps({"ts": "2026-11-23T06:18:46.255248", "content": text})]
        post(server, "bar", {"files": {"output.log": {"offset": 1, "content": content}}})
    uid = detail(server, "stream", "bar")["uid"]
    found = httpx.get(f"{server.base_url}/api/runs/{uid}/console").json()["lines"]
    assert [(line["number"], line["text"]) for line in found] == [(1, "100 %")]


@pytest.mark.parametrize("operation", ["mutation { launchRun(input: {}) { id } }", "query { x }"])
def test_an_unsupported_operation_is_an_error_and_never_null(server: Any, operation: str) -> None:
    answer = httpx.post(f"{server.base_url}/graphql", json={"query": operation}).json()
    assert "data" not in answer
    assert "does not support" in answer["errors"][0]["message"]


@pytest.mark.parametrize("key", ["_step", "_timestamp", "_runtime"])
@pytest.mark.parametrize("value", ['"x"', "NaN", "1e400", str(2**70), "null", "true", "[]"])
def test_a_line_with_a_senseless_step_or_time_keeps_its_values(
    server: Any, key: str, value: str
) -> None:
    run = f"odd-{uuid.uuid4()}"
    fields = {"_step": "0", "_timestamp": "1.7e9", "_runtime": "1.0", "x": "5"} | {key: value}
    line = "{" + ", ".join(f'"{name}": {text}' for name, text in fields.items()) + "}"
    write(server, run, 0, [line])
    assert steps(server, run) == [5]


@pytest.mark.parametrize("offset", [-1, 2**63])
def test_an_offset_that_can_not_be_is_refused(server: Any, offset: int) -> None:
    body = {"files": {"wandb-history.jsonl": {"offset": offset, "content": []}}}
    url = f"{server.base_url}/files/local/stream/offset/file_stream"
    assert httpx.post(url, json=body).status_code == 422


def test_an_upload_address_that_was_not_signed_here_is_refused(server: Any) -> None:
    answer = httpx.put(f"{server.base_url}/storage/eyJydW4iOiAxfQ.AAAA", content=b"x")
    assert answer.status_code == 403


def summarise(server: Any, run: str, summary: dict[str, Any], **headers: str) -> None:
    content = [json.dumps(summary)]
    body = {"files": {"wandb-summary.json": {"offset": 0, "content": content}}}
    post(server, run, body, **headers)


def summary_of(server: Any, run: str) -> dict[str, Any]:
    found = detail(server, "stream", run)["summary"]
    return {key: value for key, value in found.items() if not key.startswith("_")}


def row(step: int, **values: Any) -> list[str]:
    return [json.dumps({"_step": step, "_timestamp": START_SECS + step, **values})]


def last_row(step: int) -> dict[str, Any]:
    """What the client's summary says of the last row that it holds."""
    return {"_step": step, "_timestamp": START_SECS + step}


@pytest.mark.covers("summary")
def test_what_a_summary_no_longer_has_is_gone_until_it_is_logged_again(server: Any) -> None:
    write(server, "less", 0, row(0, kept=1, gone=2, part={"kept": 3, "gone": 4}))
    summarise(server, "less", last_row(0) | {"kept": 1, "part": {"kept": 3}})
    assert summary_of(server, "less") == {"kept": 1, "part": {"kept": 3}}
    write(server, "less", 1, row(1, gone=5))
    assert summary_of(server, "less") == {"kept": 1, "gone": 5, "part": {"kept": 3}}


def test_a_summary_says_nothing_of_later_rows(server: Any) -> None:
    write(server, "later", 0, [*row(0, loss=1), *row(1, loss=2, accuracy=3)])
    summarise(server, "later", last_row(0) | {"loss": 1})
    assert summary_of(server, "later") == {"loss": 2, "accuracy": 3}


def test_a_summary_of_one_client_in_shared_mode_keeps_those_of_others(server: Any) -> None:
    for client, step in (("a", 0), ("b", 1)):
        headers = {"x-wandb-async-client-id": client}
        write(server, "both", 0, row(step, **{client: step}), **headers)
        summarise(server, "both", last_row(step) | {client: step}, **headers)
    assert summary_of(server, "both") == {"a": 0, "b": 1}


@pytest.mark.parametrize("hours", [3, -3])
def test_times_of_a_host_with_a_wrong_clock_are_those_of_the_server(
    server: Any, own_name: str, hours: int
) -> None:
    """The first lines of a process that runs say what time it takes it to be."""
    upsert(server, own_name)
    rows = [line_at(time.time() + 3600 * hours, 0.1 * step, step) for step in range(3)]
    write(server, own_name, 0, rows)
    post(server, own_name, {"complete": True, "exitcode": 0})
    run = detail(server, "stream", own_name)
    assert run["state"] == "finished" and 0 <= run["runtime_secs"] < 600
    assert abs(run["started_us"] / 1e6 - time.time()) < 600
    assert "10,800 s" in next(one["text"] for one in run["notices"] if one["kind"] == "clock")


def test_an_old_log_that_is_synced_says_nothing_of_a_clock(server: Any, own_name: str) -> None:
    upsert(server, own_name, program="-m wandb.__main__")
    write(server, own_name, 0, [line_at(START_SECS - 86_400, 0.1, 0)])
    run = detail(server, "stream", own_name)
    assert run["started_us"] / 1e6 == pytest.approx(START_SECS - 86_400, abs=60)
    assert run["notices"] == []


def line_at(time_secs: float, runtime_secs: float, step: int) -> str:
    row = {"_step": step, "_timestamp": time_secs, "_runtime": runtime_secs, "x": step}
    return json.dumps(row)
