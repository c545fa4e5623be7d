"""A lossboard server of its own and worker processes, with what they cost."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

__all__ = ["Server", "running_server", "temporary_directory", "worker"]

START_SECS = 60.0
SERVE = "import sys; from lossboard_server.commands import serve; sys.exit(serve(sys.argv[1:]))"


@dataclass
class Server:
    """A running server and one kept-alive connection to it."""

    process: subprocess.Popen[bytes]
    port: int
    data_dir: Path
    connection: http.client.HTTPConnection

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(self, method: str, path: str, body: bytes = b"", accept: str = "*/*") -> bytes:
        """The body of the answer; raises AssertionError for anything but success."""
        headers = {"Content-Type": "application/json", "Accept": accept}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 201), f"{method} {path}: {answer.status} {content[:300]!r}"
        return content

    def json(self, method: str, path: str, body: Any = None) -> Any:
        encoded = b"" if body is None else json.dumps(body).encode()
        return json.loads(self.request(method, path, encoded))

    def cpu_secs(self) -> float:
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def settle(self) -> None:
        """Returns when the server has done nothing for half a second: everything is sealed."""
        before = -1.0
        while (now := self.cpu_secs()) - before > 0.03:
            before = now
            time.sleep(0.5)

    def stop(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait()


@contextmanager
def running_server(**settings: str) -> Iterator[Server]:
    """A fresh server on a free port; `settings` by their names, e.g. seal_rows="4096"."""
    with temporary_directory() as data_dir:
        port = free_port()
        variables = {f"LOSSBOARD_SERVER_{k.upper()}": value for k, value in settings.items()}
        command = [sys.executable, "-c", SERVE, "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--data-dir", str(data_dir)],
            env={**os.environ, **variables},
            stdout=subprocess.DEVNULL,
        )
        server = Server(process, port, data_dir, http.client.HTTPConnection("127.0.0.1", port))
        try:
            wait_until_ready(server)
            yield server
        finally:
            server.stop()


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            server.request("GET", "/api/health")
        except OSError:
            server.connection.close()
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server of the benchmark did not start; its messages are above")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def temporary_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="lossboard-bench-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def worker(module: str, *arguments: object) -> dict[str, float]:
    """What `python -m bench.<module> <arguments>` prints as its last line, in a fresh process.

    With one BLAS thread: spinning ones would take the cores from the threads that are measured.
    """
    answer = subprocess.run(
        [sys.executable, "-m", f"bench.{module}", *map(str, arguments)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "WANDB_SILENT": "true"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    result: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return result
