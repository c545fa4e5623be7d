"""`finish` waits while something moves, and no longer; Ctrl+C ends the wait and nothing else."""

from __future__ import annotations

import hashlib
import io
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lossboard import wire
from lossboard.sending.sender import Sender
from lossboard.sending.sync import sync

REPOSITORY = Path(__file__).parents[2]
END = wire.Exit(0, 1)
Make = Callable[..., Sender]
Start = Callable[..., "subprocess.Popen[bytes]"]


class SlowLine:
    """A line to a server over which `bytes_per_sec` pass, 0 for none; what comes back is quick."""

    def __init__(self, target_port: int) -> None:
        self.bytes_per_sec = 0
        self.passed_bytes = 0
        self._target_port = target_port
        self._listener = socket.socket()
        # Small, so that a body is under way for long and does not lie in buffers.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target_port))
            for work in (self._forward, self._answer):
                threading.Thread(target=work, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            while True:
                while not self.bytes_per_sec:
                    time.sleep(0.01)
                try:
                    asked = client.recv(max(1, self.bytes_per_sec // 50))
                    server.sendall(asked)
                except OSError:
                    return
                if not asked:
                    return
                self.passed_bytes += len(asked)
                time.sleep(len(asked) / self.bytes_per_sec)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while said := server.recv(65536):
                client.sendall(said)
        except OSError:
            return  # the other direction ended this connection

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def line(server: Any) -> Iterator[SlowLine]:
    made = SlowLine(server.port)
    yield made
    made.close()


def stored_blob(server: Any, content: bytes) -> bool:
    address = f"{server.base_url}/api/blobs/{hashlib.sha256(content).hexdigest()}"
    return bool(httpx.head(address).is_success)


def test_finish_waits_while_one_large_file_goes_out(
    server: Any, line: SlowLine, make_sender: Make, run_id: str, said: list[str]
) -> None:
    content = os.urandom(3_000_000)
    line.bytes_per_sec = 600_000
    sender = make_sender(line.url, run_id)
    sender.put_file(content, name="model.bin", time_us=1)
    report = sender.finish(END, timeout_secs=1)
    assert report.delivered and said == []
    assert stored_blob(server, content)


def test_finish_waits_while_many_records_and_files_go_out(
    server: Any, line: SlowLine, make_sender: Make, run_id: str, stored: Any
) -> None:
    contents = [os.urandom(20_000) for _ in range(60)]
    line.bytes_per_sec = 400_000
    sender = make_sender(line.url, run_id, flush_bytes=2000)
    for step, content in enumerate(contents):
        sender.put_row(step, step, {"loss": step / 2})
        sender.put_file(content, name=f"{step}.bin", time_us=1)
    assert sender.finish(END, timeout_secs=1).delivered
    assert stored.points() == [(step, step / 2) for step in range(60)]
    assert all(stored_blob(server, content) for content in contents)


def test_finish_waits_for_one_record_that_takes_long(
    server: Any, line: SlowLine, make_sender: Make, run_id: str, stored: Any
) -> None:
    line.bytes_per_sec = 200_000
    sender = make_sender(line.url, run_id, flush_interval_secs=60, flush_bytes=10**9)
    assert sender.flush(20)
    sender.put_summary({"text": os.urandom(400_000).hex()})
    assert sender.finish(END, timeout_secs=1).delivered
    assert len(stored.run()["summary"]["text"]) == 800_000


def test_finish_gives_up_when_nothing_moves_and_sync_delivers(
    server: Any, line: SlowLine, make_sender: Make, run_id: str, tmp_path: Path
) -> None:
    content = os.urandom(8_000_000)
    line.bytes_per_sec = 500_000
    sender = make_sender(line.url, run_id)
    assert sender.flush(20)
    sender.put_file(content, name="model.bin", time_us=1)
    threading.Timer(2.0, lambda: setattr(line, "bytes_per_sec", 0)).start()
    report = sender.finish(END, timeout_secs=1)
    assert not report.delivered and report.undelivered_bytes >= len(content)
    assert report.reason == "nothing moved for 1 s"
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).delivered) == 1
    assert stored_blob(server, content)


def test_a_line_that_trickles_stands_still(line: SlowLine, make_sender: Make, run_id: str) -> None:
    line.bytes_per_sec = 500_000
    sender = make_sender(line.url, run_id)
    assert sender.flush(20)
    line.bytes_per_sec = 50
    sender.put_file(os.urandom(1_000_000), name="model.bin", time_us=1)
    assert not sender.finish(END, timeout_secs=1).delivered


def test_a_server_that_takes_bytes_and_refuses_them_is_given_up(
    tricky: Any, make_sender: Make
) -> None:
    tricky.trick = lambda line, body: (503, {}, {}) if line.startswith("PUT") else (0, {}, {})
    sender = make_sender(tricky.url)
    sender.put_file(os.urandom(200_000), name="model.bin", time_us=1)
    report = sender.finish(END, timeout_secs=1)
    assert not report.delivered and "503" in report.reason


def test_one_reason_is_told_once(make_sender: Make) -> None:
    sender = make_sender("http://127.0.0.1:9")
    sender.put_file(b"weights", name="model.bin", time_us=1)
    assert sender.finish(END, timeout_secs=0.7).reason == "Connection refused"


BEGIN = """
    import os, sys, time
    import lossboard as wandb
    run = wandb.init(settings={"finish_timeout": float(os.environ.get("TIMEOUT", "1"))})
    for step in range(100):
        run.log({"loss": step / 2})
    with open("model.bin", "wb") as file:
        file.write(os.urandom(int(os.environ.get("FILE_BYTES", "4_000_000"))))
    run.save("model.bin", policy="now")
    print("logged", flush=True)
"""


@pytest.fixture
def start(tmp_path: Path, run_id: str, line: SlowLine) -> Iterator[Start]:
    """Starts a script that has logged 100 rows and a file over the slow line; `stderr` is a pipe
    unless another file is given."""
    started: list[subprocess.Popen[bytes]] = []

    def run(body: str, stderr: int = subprocess.PIPE, **more: str) -> subprocess.Popen[bytes]:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(BEGIN) + textwrap.dedent(body))
        settings = {
            "LOSSBOARD_BASE_URL": line.url,
            "LOSSBOARD_ENTITY": "me",
            "LOSSBOARD_PROJECT": "faults",
            "LOSSBOARD_RUN_ID": run_id,
            "LOSSBOARD__DISABLE_META": "true",
            "LOSSBOARD__DISABLE_STATS": "true",
            "PYTHONPATH": str(REPOSITORY / "client"),
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, script],
            cwd=tmp_path,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def read_until(stream: Any, wanted: str) -> str:
    """What comes on a pipe, up to what is wanted."""
    read = b""
    while wanted.encode() not in read:
        some = os.read(stream.fileno() if hasattr(stream, "fileno") else stream, 4096)
        assert some, read.decode()
        read += some
    return read.decode()


def test_the_line_says_what_goes_out_how_much_of_it_and_how_fast(
    start: Start, line: SlowLine, server: Any, stored: Any
) -> None:
    line.bytes_per_sec = 700_000
    process = start("run.finish()")
    out, err = process.communicate(timeout=60)
    shown = r"lossboard: sending (\d+ records? and )?1 file: [\d.]+ [kM]B of [\d.]+ MB at \S+ \S+/s"
    assert process.returncode == 0 and re.search(shown, err.decode()), err.decode()
    assert "not be delivered" not in err.decode()
    assert stored.run()["exit_code"] == 0


def test_a_terminal_shows_the_line_in_one_place_and_clears_it(start: Start, line: SlowLine) -> None:
    line.bytes_per_sec = 1_000_000
    leader, follower = pty.openpty()
    process = start("run.finish()", stderr=follower)
    os.close(follower)
    seen = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            seen += os.read(leader, 4096)
        except OSError:  # the last one who wrote has ended
            break
    os.close(leader)
    assert process.wait(60) == 0
    drawn = re.findall(r"\r\x1b\[Klossboard: sending [^\r\n]* at [^\r\n]*/s", seen.decode())
    assert len(drawn) > 2 and "\n" not in "".join(drawn)
    assert re.search(r"\r\x1b\[K(lossboard: )?\r?\n?lossboard:", seen.decode())


def test_a_short_wait_shows_nothing(start: Start, line: SlowLine) -> None:
    line.bytes_per_sec = 50_000_000
    _, err = start("run.finish()", FILE_BYTES="1000").communicate(timeout=60)
    assert "sending" not in err.decode() and "waiting" not in err.decode()


@pytest.mark.parametrize("quiet", [{"LOSSBOARD_QUIET": "true"}, {"RANK": "1", "WORLD_SIZE": "2"}])
def test_who_is_to_be_quiet_shows_no_line(
    start: Start, line: SlowLine, quiet: dict[str, str]
) -> None:
    line.bytes_per_sec = 1_000_000
    process = start("run.finish()", **quiet)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and err == b""


@pytest.mark.parametrize("presses", [1, 2])
@pytest.mark.parametrize(
    "body",
    [
        "run.finish(); print('after', flush=True)",
        "with run: pass\nprint('after', flush=True)",
        "print('after', flush=True)",
    ],
    ids=["finish", "with", "atexit"],
)
def test_control_c_ends_the_wait_and_says_where_the_rest_is_and_how_to_send_it(
    start: Start, line: SlowLine, server: Any, stored: Any, tmp_path: Path, body: str, presses: int
) -> None:
    line.bytes_per_sec = 300_000
    process = start(body, FILE_BYTES="30_000_000")
    assert process.stderr is not None
    err = read_until(process.stderr, "Ctrl+C leaves the rest")
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
        time.sleep(0.005)
    out, rest = process.communicate(timeout=30)
    err += rest.decode()
    # On a busy machine the second can come after the script's last line, and ends what is over.
    ended = (0,) if presses == 1 else (0, -signal.SIGINT)
    assert process.returncode in ended and b"after" in out, err
    assert "Traceback" not in err and "Exception ignored" not in err
    assert re.search(r"MB of run .* could not be delivered yet \(stopped by Ctrl\+C\)", err), err
    (folder,) = (tmp_path / "wandb").glob("run-*")
    assert f"They are kept in {folder}" in err
    assert f"Deliver them with: lossboard sync {folder}" in err
    assert len(sync([folder], server.base_url, stream=io.StringIO()).delivered) == 1
    assert len(stored.points()) == 100 and stored.run()["exit_code"] == 0
    uid = stored.run()["uid"]
    files = httpx.get(f"{server.base_url}/api/runs/{uid}/files").json()["files"]
    assert {file["name"]: file["size_bytes"] for file in files}["model.bin"] == 30_000_000


def test_an_interrupted_training_is_still_delivered_and_a_second_control_c_ends_that(
    start: Start, line: SlowLine, server: Any, stored: Any, tmp_path: Path
) -> None:
    line.bytes_per_sec = 300_000
    process = start("time.sleep(60)", FILE_BYTES="30_000_000")
    assert process.stdout is not None and process.stderr is not None
    read_until(process.stdout, "logged")
    process.send_signal(signal.SIGINT)
    read_until(process.stderr, "Ctrl+C leaves the rest")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT and "stopped by Ctrl+C" in err.decode()
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).delivered) == 1
    assert len(stored.points()) == 100 and stored.run()["exit_code"] == 255


def test_a_handler_of_the_scripts_own_is_called_and_what_it_raises_comes_after_the_end(
    start: Start, line: SlowLine, server: Any, stored: Any, tmp_path: Path
) -> None:
    line.bytes_per_sec = 300_000
    process = start(
        """
        import signal
        signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
        try:
            run.finish()
        finally:
            print("finished", run._home.finished, flush=True)
        """,
        FILE_BYTES="30_000_000",
    )
    assert process.stderr is not None
    read_until(process.stderr, "Ctrl+C leaves the rest")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 7 and b"finished True" in out, err
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).delivered) == 1
    assert stored.run()["exit_code"] == 0


def test_a_forked_childs_end_waits_while_its_rows_go_out(
    start: Start, line: SlowLine, server: Any, stored: Any
) -> None:
    line.bytes_per_sec = 300_000
    process = start(
        """
        import multiprocessing
        def work():
            run.log({"text": os.urandom(600_000).hex(), "child": 1.0})
        child = multiprocessing.get_context("fork").Process(target=work)
        child.start()
        child.join()
        assert child.exitcode == 0
        run.finish()
        """,
        FILE_BYTES="1000",
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"not be delivered" not in err, err.decode()
    assert stored.points("child") == [(100, 1.0)]


def test_a_server_that_is_away_is_waited_for_with_a_word(start: Start) -> None:
    process = start("run.finish()", LOSSBOARD_BASE_URL="http://127.0.0.1:9")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "could not be delivered yet (connection refused)" in err.decode(), err.decode()


def test_a_wait_for_a_server_that_is_away_says_how_long_it_lasts(start: Start) -> None:
    process = start("run.finish()", LOSSBOARD_BASE_URL="http://127.0.0.1:9", TIMEOUT="3")
    _, err = process.communicate(timeout=60)
    assert "waiting up to 3 s for the server (connection refused)" in err.decode().lower()


SYNC = [sys.executable, "-c", "import sys; from lossboard.cli import main; sys.exit(main())"]


def test_sync_says_how_far_a_large_file_is_and_control_c_leaves_the_rest(
    start: Start, line: SlowLine, server: Any, stored: Any, tmp_path: Path
) -> None:
    start("run.finish()", LOSSBOARD_MODE="offline", FILE_BYTES="30_000_000").communicate()
    line.bytes_per_sec = 1_000_000
    address = {"PYTHONPATH": str(REPOSITORY / "client"), "LOSSBOARD_BASE_URL": line.url}
    process = subprocess.Popen(
        [*SYNC, "sync", "."], cwd=tmp_path, env=os.environ | address, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    shown = read_until(process.stderr, "/s\n")
    assert re.search(r"me/faults/\S+: [\d.]+ MB of 30\.0 MB at [\d.]+ [kM]B/s", shown), shown
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and b"Stopped" in err and b"Traceback" not in err
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).delivered) == 1
    assert len(stored.points()) == 100 and stored.run()["exit_code"] == 0
