"""`lossboard demo`: serves the dashboard and trains a small ConvNet three times.

The training script is examples/pytorch_intro.py itself, run in processes of its own: what the
demo shows is what a reader of the example gets.
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lossboard_server.settings import child_environment

__all__ = ["main"]

HOST = "127.0.0.1"
SERVE = "import sys; from lossboard_server.commands import serve; sys.exit(serve(sys.argv[1:]))"
ENTITY, PROJECT = "local", "pytorch-intro"
START_SECS = 60.0
NEEDED = ("sklearn", "torch", "torchvision", "tqdm")
RUNS = {
    "lr 0.003": ("--learning-rate", "0.003", "--kernels", "16", "32"),
    "lr 0.001": ("--learning-rate", "0.001", "--kernels", "16", "32"),
    "lr 0.0003, narrow": ("--learning-rate", "0.0003", "--kernels", "8", "16"),
}


def main(arguments: list[str]) -> int:
    """Runs the demo; the exit code of the command."""
    options = _parse(arguments)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f"the demo trains a model and needs {', '.join(missing)}:"
            " pip install 'lossboard[demo]'",
            file=sys.stderr,
        )
        return 1
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 130


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lossboard demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop when the training is done")
    parser.add_argument("--dataset", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--epochs", type=int, default=30, help="of each of the three runs")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--data-dir", help="where the server keeps its data")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> int:
    with _serving(options) as server:
        if server is not None and server.poll() is not None:
            return server.returncode or 1  # the server has said why
        print(f"watch the training at {_address(options.port)}/{ENTITY}/{PROJECT}", flush=True)
        code = next(filter(None, (_train(name, options) for name in RUNS)), 0)
        said = "the training failed, what it logged:" if code else "the training is done:"
        print(f"{said} {_address(options.port)}/{ENTITY}/{PROJECT}", flush=True)
        if server is not None and not options.exit:
            print("serving until Ctrl-C", flush=True)
            server.wait()
    return code


def _address(port: int) -> str:
    return f"http://{HOST}:{port}"


@contextmanager
def _serving(options: argparse.Namespace) -> Iterator[subprocess.Popen[bytes] | None]:
    """The server that was started, ready or ended; None where one answered already."""
    if _is_ready(options.port):
        print(f"using the server at {_address(options.port)}", flush=True)
        yield None
        return
    server = subprocess.Popen(_server_command(options))
    try:
        _wait_until_ready(server, options.port)
        yield server
    finally:
        server.terminate()
        server.wait()


def _server_command(options: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-c", SERVE, "--host", HOST, "--port", str(options.port)]
    return [*command, "--data-dir", options.data_dir] if options.data_dir else command


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    """Returns when the server answers or has ended; raises TimeoutError after START_SECS."""
    deadline = time.monotonic() + START_SECS
    while server.poll() is None and not _is_ready(port):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server did not answer on port {port} in {START_SECS:g} s")
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    """Whether a lossboard server answers on the port."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/api/health")
        health = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(health, dict) and "wire_versions" in health


def _train(name: str, options: argparse.Namespace) -> int:
    """One run of the example against the server; the exit code of the script."""
    choices = ["--dataset", options.dataset, "--epochs", str(options.epochs), *RUNS[name]]
    environment = child_environment(
        LOSSBOARD_BASE_URL=_address(options.port),
        LOSSBOARD_ENTITY=ENTITY,
        LOSSBOARD_NAME=name,
        OMP_NUM_THREADS="1",  # the model is small, and the server and the browser need cores too
    )
    command = [sys.executable, str(_examples() / "pytorch_intro.py"), *choices]
    return subprocess.run(command, env=environment, check=False).returncode


def _examples() -> Path:
    """In the package, or beside it in a checkout."""
    packaged = Path(__file__).parent / "_examples"
    return packaged if packaged.exists() else Path(__file__).parents[2] / "examples"
