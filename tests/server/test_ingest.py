"""The native door: every record once, in order, or refused with a reason."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import msgspec
import pytest

from lossboard.wire import (
    Column,
    ConsoleLine,
    Exit,
    HistogramColumn,
    HistogramData,
    JsonColumn,
    MetricDefinition,
    Notice,
    Record,
    Rows,
    RunFields,
    encode_record,
)


def test_a_record_is_answered_with_its_run_and_the_next_number(writer: Any) -> None:
    answer = writer.log(0, 1).raise_for_status().json()
    assert answer["next_seq"] == 1 and answer["stop"] is False
    assert answer["run"]["project"] == writer.start.project
    assert answer["run"]["uid"] == writer.run()["uid"]


def test_a_repeated_record_is_answered_and_stored_once(writer: Any) -> None:
    body = encode_record(Record(version=1, start=writer.start, rows=writer_rows()))
    answers = [writer.post(0, body).json() for _ in range(3)]
    assert [answer["next_seq"] for answer in answers] == [1, 1, 1]
    assert list(writer.points()) == [0]


def writer_rows() -> Rows:
    zero = (0).to_bytes(8, "little")
    return Rows(zero, zero, [Column("loss", bytes(8))])


def test_a_number_too_high_names_the_expected_one(writer: Any) -> None:
    writer.log(0)
    answer = writer.post(5, encode_record(Record(version=1, rows=writer_rows())))
    assert answer.status_code == 409
    assert answer.json()["error"]["details"] == {"expected": 1}
    assert list(writer.points()) == [0]


def test_an_unknown_writer_without_a_start_is_asked_to_begin(writer: Any) -> None:
    answer = writer.post(7, encode_record(Record(version=1, rows=writer_rows())))
    assert answer.status_code == 409
    assert answer.json()["error"]["details"] == {"expected": 0}


def test_a_gap_that_the_client_declares_is_kept_as_a_notice(writer: Any) -> None:
    writer.log(0)
    writer.seq = 4
    assert writer.log(1, missing=3).json()["next_seq"] == 5
    notices = {notice["kind"]: notice["amount"] for notice in writer.run()["notices"]}
    assert notices == {"missing_records": 3}
    assert list(writer.points()) == [0, 1]


def test_a_writer_whose_first_records_are_gone_still_gets_in(writer: Any) -> None:
    writer.seq = 9
    assert writer.log(0, start=writer.start, missing=9).json()["next_seq"] == 10


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"\xff\xff", "not a lossboard record", id="no MessagePack"),
        pytest.param(msgspec.msgpack.encode({"version": 99}), "version 99", id="newer wire"),
        pytest.param(msgspec.msgpack.encode({"version": 1, "rows": 3}), "rows", id="wrong type"),
    ],
)
def test_what_is_no_record_is_refused_with_the_reason(
    writer: Any, body: bytes, reason: str
) -> None:
    answer = writer.post(0, body)
    assert answer.status_code == 422
    assert reason in answer.json()["error"]["message"]


EIGHT, FOUR = bytes(8), bytes(4)


def nested(levels: int) -> list[Any]:
    return [nested(levels - 1)] if levels else []


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"rows": Rows(EIGHT, b"")}, id="steps without times"),
        pytest.param({"rows": Rows(FOUR, FOUR)}, id="half a step"),
        pytest.param({"rows": Rows(EIGHT, EIGHT, [Column("k", EIGHT * 2)])}, id="too many numbers"),
        pytest.param(
            {"rows": Rows(EIGHT, EIGHT, [Column("k", EIGHT, rows=b"\x01\0\0\0")])}, id="no such row"
        ),
        pytest.param(
            {"rows": Rows(EIGHT, EIGHT, [Column("k", EIGHT, types=b"\0\0")])}, id="too many types"
        ),
        pytest.param(
            {"system": Rows(EIGHT, EIGHT, [], [JsonColumn("k", [1, 2])])}, id="too many values"
        ),
        pytest.param({"histograms": [HistogramColumn("k", EIGHT, EIGHT, [])]}, id="no histogram"),
        pytest.param(
            {
                "histograms": [
                    HistogramColumn("k", EIGHT, EIGHT, [HistogramData(0.0, 1.0, b"abc", 3, 1.0)])
                ]
            },
            id="counts cut short",
        ),
        pytest.param(
            {
                "histograms": [
                    HistogramColumn("k", EIGHT, EIGHT, [HistogramData(0.0, 1.0, b"abc", 9, 1.0)])
                ]
            },
            id="unknown count type",
        ),
        pytest.param({"missing": -1}, id="negative gap"),
        pytest.param({"config": {"a": nested(200)}}, id="deep config"),
        pytest.param({"metadata": {"a": nested(200)}}, id="deep metadata"),
        pytest.param(
            {"rows": Rows(EIGHT, EIGHT, [], [JsonColumn("k", [nested(60)], path=("a",) * 60)])},
            id="deep below a deep key",
        ),
        pytest.param({"rows": Rows(EIGHT, EIGHT, [], [JsonColumn("k", [nested(200)])])}, id="deep"),
        pytest.param(
            {"rows": Rows(EIGHT, EIGHT, [Column("k", EIGHT, path=("a",) * 200)])}, id="deep key"
        ),
    ],
)
def test_a_record_whose_parts_dont_fit_is_refused(writer: Any, parts: dict[str, Any]) -> None:
    answer = writer.send(**parts)
    assert answer.status_code == 422
    assert len(answer.json()["error"]["message"]) > 20
    assert writer.log(0).is_success, "the writer goes on after a refused record"


@pytest.mark.parametrize("path", ["zz/0", f"{'A' * 32}/0", f"{'a' * 32}/-1", f"{'a' * 32}/1.5"])
def test_addresses_that_no_writer_has_are_refused(server: Any, writer: Any, path: str) -> None:
    assert writer.http.post(f"/api/ingest/{path}", content=b"").status_code == 422


def test_config_is_merged_by_key_and_keys_are_removed(writer: Any) -> None:
    writer.send(config={"lr": 0.1, "old": 1, "deep": {"a": 1}})
    writer.send(config={"lr": float("nan"), "big": 2**63, "deep": {"b": 2}}, removed_config=["old"])
    assert writer.run()["config"] == {"lr": "NaN", "big": 2**63, "deep": {"b": 2}}


def test_a_summary_set_by_hand_stands_until_the_next_row_of_its_key(writer: Any) -> None:
    writer.log(3, summary={"best": 0.5, "loss": 99.0})
    assert writer.run()["summary"]["loss"] == 99.0
    writer.log(4)
    summary = writer.run()["summary"]
    assert (summary["loss"], summary["best"]) == (4.0, 0.5)
    writer.send(removed_summary=["best"])
    assert "best" not in writer.run()["summary"]


def test_fields_metrics_and_notices_describe_the_run(writer: Any) -> None:
    writer.send(fields=RunFields(name="calm-owl", tags=("a", "b")))
    writer.send(metrics=[MetricDefinition("val/*", step_metric="epoch")])
    for amount in (1.5, 2.0):
        writer.send(notices=[Notice("waited", "the queue was full", 5, amount)])
    run = writer.run()
    assert (run["name"], run["tags"]) == ("calm-owl", ["a", "b"])
    assert run["metrics"]["val/*"]["step_metric"] == "epoch"
    assert run["notices"][0]["amount"] == 3.5


def test_a_console_line_sent_again_replaces_the_first(writer: Any) -> None:
    writer.send(console=[ConsoleLine(1, "stdout", 1, "10 %"), ConsoleLine(2, "stderr", 2, "oh")])
    writer.send(console=[ConsoleLine(1, "stdout", 3, "90 %"), ConsoleLine(3, "stdout", 4, "end")])
    uid = writer.run()["uid"]
    answer = writer.http.get(f"/api/runs/{uid}/console").json()
    assert [line["text"] for line in answer["lines"]] == ["90 %", "oh", "end"]
    assert writer.http.get(f"/api/runs/{uid}/console?after=2").json()["lines"][0]["number"] == 3


def test_a_late_step_is_kept_and_the_last_step_stays(writer: Any) -> None:
    writer.log(10)
    writer.log(3)
    assert writer.run()["last_step"] == 10
    assert sorted(writer.points()) == [3, 10]


def test_an_accepted_record_survives_sigkill(own_server: Any, writer_of: Any) -> None:
    writer = writer_of(own_server)
    for step in range(20):
        writer.log(step).raise_for_status()
    own_server.kill()
    own_server.start()
    assert sorted(writer.points()) == list(range(20))
    assert writer.beat().json()["next_seq"] == 20
    assert writer.log(20).json()["next_seq"] == 21


def test_many_writers_at_once_lose_nothing(server: Any, writer_of: Any) -> None:
    project = writer_of(server).start.project
    writers = [writer_of(server, project=project, run_id=f"r{i}") for i in range(8)]

    def send(writer: Any) -> None:
        for step in range(30):
            writer.log(step).raise_for_status()

    threads = [threading.Thread(target=send, args=(writer,)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(writer.points()) for writer in writers] == [30] * 8
    assert sorted(writer.run()["slot"] for writer in writers) == list(range(8))


def test_refused_records_among_others_take_nothing_with_them(server: Any, writer_of: Any) -> None:
    good = [writer_of(server) for _ in range(4)]
    bad = [writer_of(server, entity="api", run_id=f"r{i}") for i in range(4)]
    answers: dict[int, list[int]] = {}

    def send(number: int, writer: Any) -> None:
        answers[number] = [writer.log(step).status_code for step in range(20)]

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate([*good, *bad])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [set(answers[number]) for number in range(8)] == [{200}] * 4 + [{422}] * 4
    assert [len(writer.points()) for writer in good] == [20] * 4


def test_a_record_past_the_limit_is_refused_as_too_large(
    server_factory: Any, writer_of: Any
) -> None:
    small = server_factory(record_limit_bytes=2000)
    writer = writer_of(small)
    answer = writer.log(*range(1000))
    assert answer.status_code == 413
    assert answer.json()["error"]["details"]["limit_bytes"] == 2000
    chunks = writer.http.post(f"/api/ingest/{writer.token}/0", content=iter([bytes(1500)] * 3))
    assert chunks.status_code == 413


def test_rows_are_sealed_at_the_end_of_a_run_and_stay_the_same(
    writer: Any, eventually: Any
) -> None:
    writer.log(*range(100))
    before = writer.points()
    writer.send(exit=Exit(0, 0))
    eventually(lambda: writer.run()["generation"] > 0)
    assert writer.points() == before
    assert (writer.run()["summary"]["loss"], writer.run()["summary"]["_step"]) == (99.0, 99)


def test_a_value_nested_too_deeply_costs_only_itself_at_the_official_door_too(
    server: Any, own_name: str
) -> None:
    deep = {84: "[" * 150 + "]" * 150, 120: "[" * 100_000 + "]" * 100_000}
    lines = [
        f'{{"_step": {step}, "_timestamp": 1.0, "loss": {step}, "x": {deep.get(step, 1)}}}'
        for step in range(300)
    ]
    summary = f'{{"loss": 299, "x": {deep[84]}}}'
    files = {"wandb-history.jsonl": {"offset": 0, "content": lines}}
    files |= {"wandb-summary.json": {"offset": 0, "content": [summary]}}
    path = f"{server.base_url}/files/local/{own_name}/r/file_stream"
    assert httpx.post(path, json={"files": files}).status_code == 200
    run = httpx.get(f"{server.base_url}/api/runs/local/{own_name}/r").json()
    rows = httpx.get(f"{server.base_url}/api/runs/{run['uid']}/history").json()["rows"]
    assert [row["loss"] for row in rows] == list(range(300))
    assert [row["_step"] for row in rows if "x" not in row] == [84, 120]
    (notice,) = run["notices"]
    assert "row 'x': nested more than 100 levels" in notice["text"]
