"""Whatever happens to the server, its database holds what was logged, exactly once."""

from __future__ import annotations

import io
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lossboard import wire
from lossboard.sending.sender import Sender
from lossboard.sending.sync import sync
from lossboard.sending.undelivered import waiting_spools

END = wire.Exit(0, 1)
Make = Callable[..., Sender]


def log(sender: Sender, steps: range) -> None:
    for step in steps:
        sender.put_row(step, step, {"loss": step / 2})


def expected(steps: range) -> list[tuple[int, float]]:
    return [(step, step / 2) for step in steps]


def test_everything_arrives_when_nothing_goes_wrong(
    server: Any, make_sender: Make, run_id: str, stored: Any, said: list[str]
) -> None:
    sender = make_sender(server.base_url, run_id)
    sender.put_config({"lr": 0.1})
    log(sender, range(1000))
    report = sender.finish(END)
    assert report.delivered and report.spool_dir is None and not report.dropped
    assert stored.points() == expected(range(1000))
    run = stored.run()
    assert (run["exit_code"], run["notices"], run["config"]) == (0, [], {"lr": 0.1})
    assert said == []


def test_a_server_that_starts_late_gets_everything(
    own_server: Any,
    make_sender: Make,
    run_id: str,
    stored_in: Any,
    said: list[str],
    eventually: Any,
) -> None:
    own_server.kill()
    sender = make_sender(own_server.base_url, run_id)
    log(sender, range(500))
    eventually(lambda: said)
    assert len(said) == 1 and "lossboard serve" in said[0]
    own_server.start()
    log(sender, range(500, 1000))
    assert sender.finish(END, timeout_secs=20).delivered
    assert stored_in(own_server.base_url, run_id).points() == expected(range(1000))
    assert len(said) == 2 and "answers again" in said[1]


def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(
    own_server: Any, make_sender: Make, run_id: str, stored_in: Any
) -> None:
    sender = make_sender(own_server.base_url, run_id, flush_bytes=500)
    for part in range(4):
        log(sender, range(part * 300, part * 300 + 150))
        own_server.kill()
        log(sender, range(part * 300 + 150, part * 300 + 300))
        own_server.start()
    assert sender.finish(END, timeout_secs=20).delivered
    assert stored_in(own_server.base_url, run_id).points() == expected(range(1200))


def test_what_is_undelivered_at_the_end_is_synced_later_and_once(
    own_server: Any, make_sender: Make, run_id: str, stored_in: Any, tmp_path: Path
) -> None:
    sender = make_sender(own_server.base_url, run_id)
    log(sender, range(300))
    assert sender.flush(20)
    own_server.kill()
    log(sender, range(300, 600))
    report = sender.finish(END, timeout_secs=0.3)
    assert not report.delivered and report.undelivered_bytes > 0 and "refused" in report.reason
    assert [found.directory for found in waiting_spools(tmp_path)] == [report.spool_dir]
    own_server.start()
    for _ in range(2):
        sync([tmp_path], None, stream=io.StringIO())
    assert stored_in(own_server.base_url, run_id).points() == expected(range(600))
    assert stored_in(own_server.base_url, run_id).run()["exit_code"] == 0
    assert waiting_spools(tmp_path) == []


def test_a_server_that_lost_its_data_gets_what_is_left_and_knows_of_the_gap(
    own_server: Any, make_sender: Make, run_id: str, stored_in: Any
) -> None:
    sender = make_sender(own_server.base_url, run_id, segment_bytes=2000, flush_bytes=500)
    log(sender, range(1000))
    assert sender.flush(20)
    own_server.stop()
    shutil.rmtree(own_server.data_dir)
    own_server.start()
    log(sender, range(1000, 1100))
    assert sender.finish(END, timeout_secs=20).delivered
    losses = stored_in(own_server.base_url, run_id).points()
    assert losses == expected(range(losses[0][0], 1100)) and losses[0][0] <= 1000
    assert stored_in(own_server.base_url, run_id).notices()


class LossyProxy:
    """Forwards to a server and drops every third answer, connection and all."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._count = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._target_port))
        threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
        with client, server:
            while answer := server.recv(65536):
                self._count += 1
                if self._count % 3 == 0:
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while asked := client.recv(65536):
                server.sendall(asked)
        except OSError:
            return  # the other direction ended this connection

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def lossy(server: Any) -> Iterator[LossyProxy]:
    proxy = LossyProxy(server.port)
    yield proxy
    proxy.close()


def test_lost_answers_double_nothing(
    lossy: LossyProxy, make_sender: Make, run_id: str, stored: Any, said: list[str]
) -> None:
    sender = make_sender(lossy.url, run_id, flush_bytes=500)
    log(sender, range(1000))
    assert sender.finish(END, timeout_secs=30).delivered
    assert stored.points() == expected(range(1000))
