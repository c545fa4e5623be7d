"""Fixtures for all tests: a clean environment and real servers."""

from __future__ import annotations

import atexit
import functools
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

_REPOSITORY = Path(__file__).parent.parent
_SERVE = "import sys; from lossboard_server.commands import serve; sys.exit(serve(sys.argv[1:]))"
_START_SECS = 120
_ROOTS = [str(_REPOSITORY / name) for name in ("client", "server")]

# Several workers share few cores: threads of torch and BLAS, here and in what we start, that spin
# while they wait for each other take these from the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts us in the background has Ctrl-C ignored, and what we start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Each call of httpx makes a client, and each client reads all certificates anew, 15 ms of work
# for requests that are plain http.
ssl.create_default_context = functools.cache(ssl.create_default_context)

# Tests never judge times: a busy machine is no reason to fail. The examples of property tests are
# the same in each run; `quick` draws a fifth of them, `explore` new ones, five times as many.
for _name, _same, _examples in (
    ("quick", True, 20),
    ("steady", True, 100),
    ("explore", False, 500),
):
    settings.register_profile(
        _name,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=_same,
        max_examples=_examples,
    )
settings.load_profile("steady")


class Fork:
    """A server that was forked, with what tests use of `Popen`."""

    def __init__(self, source: ForkServer, pid: int) -> None:
        self.pid = pid
        self._source = source
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            self._code = self._source.order({"poll": self.pid})
        return self._code

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"server {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, sig: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


class ForkServer:
    """The process that tests/fork_server.py describes, one for a worker."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_REPOSITORY / "tests" / "fork_server.py")],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(_ROOTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = threading.Lock()
        atexit.register(self.close)

    def order(self, order: dict[str, Any]) -> Any:
        """The answer to an order."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@functools.cache
def fork_server() -> ForkServer:
    return ForkServer()


class ServerProcess:
    """A real `lossboard serve` in a process of its own, on a port that stays the same.

    `settings` are server settings by name, such as crashed_after_secs=1.
    """

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self.process: subprocess.Popen[bytes] | Fork | None = None

    def start(self) -> ServerProcess:
        """Start and wait until it answers."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log_path.touch()
        arguments = ["--port", str(self.port), "--data-dir", str(self.data_dir)]
        # What a test puts before our packages has to be there when they are imported.
        self.process = (self._own if "PYTHONPATH" in os.environ else self._fork)(arguments)
        self._wait()
        return self

    def _fork(self, arguments: list[str]) -> Fork:
        start = {"arguments": arguments, "environment": self._environment(), "folder": os.getcwd()}
        source = fork_server()
        return Fork(source, source.order({"start": start | {"log": str(self.log_path)}}))

    def _own(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _SERVE, *arguments]
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                command, env=self._environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )

    @property
    def log_path(self) -> Path:
        return self.data_dir.with_name(self.data_dir.name + ".log")

    def log(self) -> str:
        """What the server has printed so far, over all its starts."""
        return self.log_path.read_text()

    def stop(self, sig: signal.Signals = signal.SIGTERM, timeout_secs: float = 30) -> int:
        """Ask it to end and wait; returns the exit code."""
        assert self.process is not None, "the server isn't started"
        self.process.send_signal(sig)
        return self.process.wait(timeout_secs)

    def kill(self) -> None:
        """SIGKILL, as a power loss or the OOM killer would."""
        self.stop(signal.SIGKILL)

    def restart(self) -> ServerProcess:
        """Stop (if it runs) and start again on the same port and data."""
        self.close()
        return self.start()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def _environment(self) -> dict[str, str]:
        before = filter(None, [os.environ.get("PYTHONPATH")])  # of a test that puts something there
        roots = [*before, *_ROOTS]
        given = {"reserve_bytes": 1 << 20} | self._settings  # of hundreds of servers on one disk
        named = {f"LOSSBOARD_SERVER_{k.upper()}": str(v) for k, v in given.items()}
        return os.environ | {"PYTHONPATH": os.pathsep.join(roots)} | named

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.base_url}/api/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the server didn't start:\n{self.log()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


ServerFactory = Callable[..., ServerProcess]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The server that tests share; each test uses a project of its own."""
    shared = ServerProcess(tmp_path_factory.mktemp("server") / "data")
    yield shared.start()
    shared.close()


@pytest.fixture
def server_factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerFactory]:
    """`server_factory(**settings)` starts a server that lives as long as the test."""
    servers: list[ServerProcess] = []

    def start(**settings: object) -> ServerProcess:
        servers.append(ServerProcess(tmp_path_factory.mktemp("server") / "data", **settings))
        return servers[-1].start()

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def own_server(server_factory: ServerFactory) -> ServerProcess:
    """A server for one test, which may stop, kill and restart it."""
    return server_factory()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No LOSSBOARD_* or WANDB_* variable of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(("LOSSBOARD_", "WANDB_")):
            monkeypatch.delenv(name)


@pytest.fixture
def own_name(request: pytest.FixtureRequest) -> str:
    """A name for what this try of this test makes on a shared server."""
    return f"{request.node.originalname[:80]}-{secrets.token_hex(6)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows why a test that was tried once more failed at first."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"failed at first: {report.nodeid}")
        terminalreporter.line(report.longreprtext)
