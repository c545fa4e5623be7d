"""`sync` delivers what runs left behind, each once, and says what it could not."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from lossboard import wire
from lossboard.sending.sender import DeliveryReport, Sender, SenderOptions
from lossboard.sending.sync import SyncReport, sync
from lossboard.sending.undelivered import waiting_spools

END = wire.Exit(0, 1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def run_id(own_name: str) -> str:
    return own_name


def leave_behind(root: Path, run_id: str, base_url: str | None = None) -> DeliveryReport:
    """An offline run of 200 rows and a file."""
    sender = Sender(
        start=wire.RunStart("me", "sync", run_id, started_us=1),
        spool_root=root / "run" / "spool",
        base_url=base_url,
        options=SenderOptions(flush_bytes=800, segment_bytes=2000),
        say=lambda text, level: None,
    )
    for step in range(200):
        sender.put_row(step, step, {"loss": step / 2})
    sender.put_file(b"weights", name="model.bin", time_us=1)
    assert sender.flush(10)
    return sender.finish(END, timeout_secs=0.1)


def run_of(server: Any, run_id: str) -> dict[str, Any]:
    return dict(httpx.get(f"{server.base_url}/api/runs/me/sync/{run_id}").json())


def steps_of(server: Any, run_id: str) -> list[int]:
    asked = {"runs": [run_of(server, run_id)["uid"]], "keys": ["loss"], "kind": "scalar"}
    answer = httpx.post(f"{server.base_url}/api/query/series", json={"x": "step", **asked})
    (series,) = answer.json()["series"]
    assert set(series["columns"]["count"]) == {1}
    return list(series["columns"]["x_first"])


def delivered(root: Path, server: Any, stream: io.StringIO | None = None) -> SyncReport:
    return sync([root], server.base_url, stream=stream or io.StringIO(), patience_secs=0)


def test_an_offline_run_is_delivered_with_its_files(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    report = leave_behind(tmp_path, run_id)
    assert report.spool_dir is not None and not report.delivered
    (waiting,) = waiting_spools(tmp_path)
    assert waiting.size_bytes > report.undelivered_bytes > 200 * 16
    assert delivered(tmp_path, server).delivered == [report.spool_dir]
    assert steps_of(server, run_id) == list(range(200))
    assert run_of(server, run_id)["exit_code"] == 0
    files = f"{server.base_url}/api/runs/{run_of(server, run_id)['uid']}/files/model.bin"
    assert httpx.get(files).text == "weights"
    assert not waiting_spools(tmp_path) and not report.spool_dir.exists()


def test_the_bar_is_drawn_on_a_terminal_and_one_line_elsewhere(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    leave_behind(tmp_path / "a", run_id)
    leave_behind(tmp_path / "b", run_id + "2")
    terminal, file = Terminal(), io.StringIO()
    delivered(tmp_path / "a", server, terminal)
    delivered(tmp_path / "b", server, file)
    assert "·" in terminal.getvalue()
    assert terminal.getvalue().endswith(f"me/sync/{run_id}: delivered\n")
    assert file.getvalue() == f"me/sync/{run_id}2: delivered\n"


def test_a_server_that_is_away_costs_nothing(server: Any, tmp_path: Path, run_id: str) -> None:
    report = leave_behind(tmp_path, run_id)
    away = sync([tmp_path], "http://127.0.0.1:9", stream=io.StringIO(), patience_secs=0)
    assert list(away.failed) == [report.spool_dir]
    assert "Connection refused" in str(away.failed.values())
    assert delivered(tmp_path, server).delivered
    assert steps_of(server, run_id) == list(range(200))


def test_without_a_server_an_offline_run_stays(tmp_path: Path, run_id: str) -> None:
    report = leave_behind(tmp_path, run_id)
    failed = sync([tmp_path], None, stream=io.StringIO()).failed
    assert list(failed) == [report.spool_dir] and "no server" in str(failed.values())


def test_a_torn_end_is_said_and_what_is_whole_arrives(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    leave_behind(tmp_path, run_id)
    last = max(tmp_path.rglob("*.spool"))
    last.write_bytes(last.read_bytes()[:-3])
    stream = io.StringIO()
    assert delivered(tmp_path, server, stream).delivered
    assert "lost records: 1, damaged files: 1" in stream.getvalue()
    assert run_of(server, run_id)["state"] != "finished"


def test_a_hole_in_the_middle_becomes_a_notice_of_the_run(
    server: Any, tmp_path: Path, run_id: str
) -> None:
    leave_behind(tmp_path, run_id)
    segments = sorted(tmp_path.rglob("*.spool"))
    segments[1].unlink()
    assert delivered(tmp_path, server).delivered
    steps = steps_of(server, run_id)
    assert steps == sorted(set(steps)) and 0 < len(steps) < 200 and steps[-1] == 199
    assert run_of(server, run_id)["notices"]


def test_a_spool_that_cannot_be_read_is_named_and_left_alone(tmp_path: Path, run_id: str) -> None:
    report = leave_behind(tmp_path, run_id)
    segments = sorted(tmp_path.rglob("*.spool"))
    for segment in segments:
        segment.write_bytes(b"x" * 100)
    failed = sync([tmp_path], "http://127.0.0.1:9", stream=io.StringIO()).failed
    assert list(failed) == [report.spool_dir] and "starts as a spool" in str(failed.values())
    assert [segment.read_bytes() for segment in segments] == [b"x" * 100] * len(segments)


def test_what_can_not_be_removed_after_delivery_is_named(
    server: Any, run_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_behind(tmp_path, run_id)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "refused")

    monkeypatch.setattr(Path, "unlink", refuse)
    stream = io.StringIO()
    assert len(delivered(tmp_path, server, stream).delivered) == 1
    assert "not all could be tidied up" in stream.getvalue() and "refused" in stream.getvalue()
    assert steps_of(server, run_id) == list(range(200))


class Clock:
    """Stands for the module `time` of `sync`: passes by what is slept, and at no other moment."""

    def __init__(self) -> None:
        self.secs = 0.0

    def monotonic(self) -> float:
        return 1000 + self.secs

    def sleep(self, secs: float) -> None:
        self.secs += secs


class Busy(BaseHTTPRequestHandler):
    """Answers 503 to everything."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(self.path)
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def busy() -> Iterator[str]:
    """The address of a server that takes nothing at present."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    serving = threading.Thread(target=lambda: http.serve_forever(0.02))
    serving.start()
    yield f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    http.server_close()
    serving.join()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("lossboard.sending.sync.time", clock)
    return clock


def test_a_server_that_is_busy_is_waited_for_longer_than_one_that_is_not_there(
    tmp_path: Path, run_id: str, busy: str, clock: Clock
) -> None:
    leave_behind(tmp_path, run_id)
    sync([tmp_path], "http://127.0.0.1:9", stream=io.StringIO())
    assert clock.secs == pytest.approx(5)
    sync([tmp_path], busy, stream=io.StringIO())
    assert clock.secs == pytest.approx(35)


def test_a_server_is_waited_for_once_whatever_the_number_of_spools(
    tmp_path: Path, run_id: str, busy: str, clock: Clock
) -> None:
    for number in range(3):
        leave_behind(tmp_path / str(number), f"{run_id}{number}")
    Busy.asked.clear()
    report = sync([tmp_path], busy, stream=io.StringIO())
    assert len(report.failed) == 3 and all("503" in why for why in report.failed.values())
    assert clock.secs == pytest.approx(30)
    assert sorted(map(Busy.asked.count, set(Busy.asked)))[:2] == [1, 1]
