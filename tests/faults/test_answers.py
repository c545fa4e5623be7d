"""Each answer that a server, or what stands before it, can give leads to the right thing."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lossboard import wire
from lossboard.sending.delivery import Backoff, Delivery, Outcome, Verdict
from lossboard.sending.ledger import Ledger
from lossboard.sending.sender import Sender
from lossboard.sending.spool import Spool
from lossboard.sending.sync import sync
from lossboard.sending.transport import Answer
from lossboard.sending.undelivered import waiting_spools

END = wire.Exit(0, 1)
Make = Callable[..., Sender]


def refuse(
    status: int, times: int, pattern: str = "POST", headers: dict[str, str] | None = None
) -> Callable[[str, bytes], Any]:
    """A trick: the first `times` matching requests get this status."""
    left = [times]

    def trick(line: str, body: bytes) -> Any:
        if not left[0] or not re.search(pattern, line):
            return 0, {}, {}
        left[0] -= 1
        return status, {"error": {"code": "x", "message": f"because {status}"}}, headers or {}

    return trick


def log(sender: Sender, count: int) -> None:
    for step in range(count):
        sender.put_row(step, step, {"loss": step / 2})


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_server_is_asked_again(
    tricky: Any, make_sender: Make, said: list[str], status: int
) -> None:
    tricky.trick = refuse(status, 2)
    sender = make_sender(tricky.url)
    log(sender, 10)
    assert sender.finish(END).delivered
    assert tricky.steps() == list(range(10))


def test_retries_use_full_jitter_between_half_a_second_and_thirty() -> None:
    backoff = Backoff()
    delays = [backoff.delay_secs(Outcome(Verdict.RETRY)) for _ in range(200)]
    assert all(0 <= delay <= 0.5 * 2**n for n, delay in enumerate(delays[:7]))
    assert 10 < max(delays) <= 30 and min(delays[10:]) < 5
    assert Backoff().delay_secs(Outcome(Verdict.RETRY, retry_after_secs=120)) == 120


def test_a_pause_has_a_floor_that_grows_with_it() -> None:
    """Whoever has to change something first is not asked every second meanwhile."""
    first = [Backoff().delay_secs(Outcome(Verdict.PAUSE)) for _ in range(200)]
    assert min(first) >= 15 and max(first) <= 30
    backoff = Backoff()
    delays = [backoff.delay_secs(Outcome(Verdict.PAUSE)) for _ in range(200)]
    assert min(delays[5:]) >= 300 and max(delays) <= 600
    backoff.reset()
    assert backoff.delay_secs(Outcome(Verdict.PAUSE)) <= 30
    assert Backoff().delay_secs(Outcome(Verdict.PAUSE, retry_after_secs=700)) == 700


class Answers:
    """Requests that are answered one after the other with what a test says."""

    base_url = "http://here"

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    def request(self, *_: object) -> Answer:
        return self._answers.pop(0)


def gap(expected: int) -> Answer:
    error = {"code": "conflict", "message": "a gap", "details": {"expected": expected}}
    return Answer(409, {}, json.dumps({"error": error}).encode())


def taken(next_seq: Any) -> Answer:
    return Answer(200, {}, json.dumps({"next_seq": next_seq, "stop": False}).encode())


def verdicts_on(folder: Path, *answers: Answer) -> list[Outcome]:
    """What each of these answers to one record, number 0, leads to."""
    start = wire.RunStart(entity="local", project="p", run_id="r", started_us=1)
    spool = Spool(folder, writer="a" * 32, base_url=None, start=start, segment_bytes=1 << 20)
    ledger = Ledger(spool, memory_limit_bytes=1 << 20)
    ledger.add(wire.encode_record(wire.Record(version=wire.WIRE_VERSION, start=start)))
    delivery = Delivery(ledger, Answers(*answers), on_reject=print, on_damage=print)
    verdicts = [delivery.attempt() for _ in answers]
    spool.close()
    return verdicts


def test_a_server_that_rewinds_again_and_again_is_asked_after_a_pause(tmp_path: Path) -> None:
    """Five times are believed, as of a server that lost its data; an answer that takes a record
    begins the count anew."""
    verdicts = verdicts_on(tmp_path, *[gap(0)] * 6, taken(1))
    assert [outcome.verdict for outcome in verdicts[:5]] == [Verdict.DONE] * 5
    assert verdicts[5].verdict is Verdict.RETRY and "409" in verdicts[5].reason
    assert verdicts[6].verdict is Verdict.DONE


@pytest.mark.parametrize("next_seq", [0, -1, "1", None])
def test_an_answer_that_confirms_nothing_of_what_was_sent_is_a_strangers(
    tmp_path: Path, next_seq: Any
) -> None:
    """Such as one that was kept by what stands before the server. Believed, the record would be
    sent again at once, without end."""
    (outcome, after) = verdicts_on(tmp_path, taken(next_seq), taken(1))
    assert outcome.verdict is Verdict.PAUSE and "not a lossboard server" in outcome.reason
    assert after.verdict is Verdict.DONE


def test_what_the_server_says_of_the_run_is_said_once(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    words = "run r is written by another process too: the rows of both are kept"

    def warn(line: str, body: bytes) -> Any:
        status, answer, headers = tricky._honest(line, body)
        return status, {**answer, "warning": words}, headers

    tricky.trick = warn
    sender = make_sender(tricky.url)
    for _ in range(3):
        log(sender, 1)
        assert sender.flush(10)
    assert sender.finish(END).delivered
    assert said == [f"warn: {words}"]


@pytest.mark.parametrize("lost", [1, 3])
def test_an_answer_that_is_lost_doubles_nothing(tricky: Any, make_sender: Make, lost: int) -> None:
    tricky.lose_answers = lost
    sender = make_sender(tricky.url)
    log(sender, 10)
    assert sender.finish(END).delivered
    assert tricky.steps() == list(range(10))


def test_a_closed_idle_connection_is_replaced_at_once_and_in_silence(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    sender = make_sender(tricky.url)
    log(sender, 10)
    assert sender.flush(10)
    tricky.trick = lambda line, body: None if len(tricky.requests) == seen + 1 else (0, {}, {})
    seen = len(tricky.requests)
    sender.put_row(10, 10, {"loss": 5.0})
    assert sender.finish(END).delivered
    assert tricky.steps() == list(range(11)) and said == []


def test_a_record_that_is_too_large_is_cut_and_arrives_whole(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    tricky.trick = lambda line, body: (413 if len(body) > 700 else 0, {}, {})
    sender = make_sender(tricky.url)
    log(sender, 300)
    sender.put_console(wire.ConsoleLine(n, "stdout", n, "x" * 50) for n in range(40))
    report = sender.finish(END)
    assert report.delivered and not report.rejected and said == []
    assert tricky.steps() == list(range(300))
    assert [x.number for r in tricky.all_records() for x in r.console] == list(range(40))


def test_a_record_being_cut_survives_the_end_of_the_process(
    tricky: Any, make_sender: Make, tmp_path: Path
) -> None:
    tricky.trick = lambda line, body: (
        (413, {}, {})
        if len(body) > 700
        else ((503, {}, {}) if len(tricky.requests) > 8 else (0, {}, {}))
    )
    sender = make_sender(tricky.url)
    log(sender, 300)
    assert not sender.finish(END, timeout_secs=1).delivered
    arrived = len(tricky.steps())
    assert 0 < arrived < 300
    tricky.trick = lambda line, body: (0, {}, {})
    sync([tmp_path], None, stream=io.StringIO())
    assert tricky.steps() == list(range(300))


@pytest.mark.parametrize(("status", "word"), [(401, "401"), (403, "403"), (404, "not a lossboard")])
def test_a_server_that_refuses_access_pauses_sending_with_one_message(
    tricky: Any, make_sender: Make, said: list[str], status: int, word: str
) -> None:
    tricky.trick = refuse(status, 10**9)
    sender = make_sender(tricky.url)
    log(sender, 10)
    report = sender.finish(END, timeout_secs=1.5)
    assert not report.delivered and word in report.reason
    assert len(said) == 1 and word in said[0]


def test_a_page_of_a_stranger_is_no_confirmation(
    tricky: Any, make_sender: Make, tmp_path: Path
) -> None:
    tricky.trick = lambda line, body: (200, {"welcome": "to the hotel network"}, {})
    sender = make_sender(tricky.url)
    log(sender, 10)
    assert not sender.finish(END, timeout_secs=1).delivered
    tricky.trick = lambda line, body: (0, {}, {})
    sync([tmp_path], None, stream=io.StringIO())
    assert tricky.steps() == list(range(10))


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_record_is_kept_with_the_servers_words_and_sending_goes_on(
    tricky: Any, make_sender: Make, said: list[str], tmp_path: Path, status: int
) -> None:
    sender = make_sender(tricky.url)
    assert sender.flush(10)
    tricky.trick = refuse(status, 1)
    sender.put_row(0, 0, {"loss": 0.0})
    assert sender.flush(10)
    sender.put_row(1, 1, {"loss": 0.5})
    report = sender.finish(END)
    assert report.delivered and report.rejected == 1
    assert tricky.steps() == [1]
    (kept,) = tmp_path.rglob("rejected/*.txt")
    assert kept.read_text() == f"{status}: because {status}\n"
    assert wire.decode_record(kept.with_suffix(".record").read_bytes()).rows is not None
    notices = [notice for record in tricky.all_records() for notice in record.notices]
    assert [(notice.kind, notice.amount) for notice in notices] == [("rejected", 1.0)]
    assert sum(record.missing for record in tricky.all_records()) == 1
    assert len(said) == 1 and f"because {status}" in said[0]


def test_a_deleted_run_stops_sending_and_keeps_the_spool(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    sender = make_sender(tricky.url)
    assert sender.flush(10)
    tricky.trick = refuse(410, 10**9)
    log(sender, 10)
    report = sender.finish(END)
    assert not report.delivered and report.undelivered_bytes > 0
    assert report.spool_dir is not None and report.spool_dir.exists()
    assert len(said) == 1 and "takes nothing more of this run" in said[0]
    assert waiting_spools(report.spool_dir) == [], "no hint asks to deliver it"


def test_heartbeats_are_sent_while_nothing_else_is(
    tricky: Any, make_sender: Make, eventually: Any
) -> None:
    sender = make_sender(tricky.url, heartbeat_interval_secs=0.05)
    eventually(lambda: sum("heartbeat" in line for line in tricky.requests) >= 3)
    assert sender.finish(END).delivered


def test_a_wish_to_stop_comes_through(tricky: Any, make_sender: Make, eventually: Any) -> None:
    tricky.trick = lambda line, body: (
        (200, {"next_seq": 1, "stop": True}, {}) if "heartbeat" in line else (0, {}, {})
    )
    sender = make_sender(tricky.url, heartbeat_interval_secs=0.05)
    eventually(lambda: sender.stop_requested)


def test_a_server_that_hangs_holds_up_neither_the_disk_nor_the_end(
    tricky: Any, make_sender: Make, tmp_path: Path, eventually: Any
) -> None:
    released = threading.Event()
    tricky.trick = lambda line, body: (0, {}, {}) if released.wait(30) else None
    sender = make_sender(tricky.url)
    log(sender, 100)
    eventually(lambda: sum(path.stat().st_size for path in tmp_path.rglob("*.spool")) > 1600)
    report = sender.finish(END, timeout_secs=0.3)
    released.set()
    assert not report.delivered and report.undelivered_bytes > 1600
    sync([tmp_path], None, stream=io.StringIO())
    assert tricky.steps() == list(range(100))


def test_a_place_for_files_that_refuses_access_is_named(
    tricky: Any, make_sender: Make, said: list[str]
) -> None:
    tricky.trick = refuse(403, 10**9, pattern="/api/blobs")
    sender = make_sender(tricky.url)
    sender.put_file(b"weights", name="weights.bin", time_us=1)
    log(sender, 10)
    report = sender.finish(END, timeout_secs=1)
    assert not report.delivered and report.undelivered_bytes == 7
    assert tricky.steps() == list(range(10))
    assert len(said) == 1 and "refuses access" in said[0]


def test_a_file_without_any_bytes_is_left_and_delivered_like_another(
    tricky: Any, make_sender: Make, tmp_path: Path
) -> None:
    tricky.trick = refuse(503, 10**9, pattern="/api/blobs")
    sender = make_sender(tricky.url)
    sender.put_file(b"", name="done.txt", time_us=1)
    log(sender, 10)
    report = sender.finish(END, timeout_secs=1)
    assert not report.delivered and report.undelivered_bytes == 0
    assert report.spool_dir is not None and [*report.spool_dir.glob("files/*")]
    tricky.trick = refuse(503, 0)
    sync([tmp_path], None, stream=io.StringIO())
    assert f"PUT /api/blobs/{hashlib.sha256(b'').hexdigest()}" in "\n".join(tricky.requests)
