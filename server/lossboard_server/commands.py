"""Commands of the server, found by the `lossboard` program through entry points."""

from __future__ import annotations

import argparse
import http.client
import ipaddress
import json
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import psutil
import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from lossboard_server.app import create_app
from lossboard_server.database.dialect import DatabaseInUse, DriverError
from lossboard_server.database.directory import DirectoryError
from lossboard_server.database.migration import MigrationError
from lossboard_server.http.connections import waiting_for
from lossboard_server.http.security import bracketed, listens_everywhere
from lossboard_server.services import Services
from lossboard_server.settings import Settings, SettingsError, export_settings

__all__ = ["serve"]

_PEER_WAIT_SECS = 2
# A read gives Python's lock away at every row it fetches. Beside a thread that seals, each time it
# would wait for 5 ms to get it back.
_SWITCH_SECS = 0.0005
_MANNERS = ("json", "reload")  # options that are no settings


class PortError(RuntimeError):
    """The address can't be listened on, with what answers there."""


# Why a server doesn't start; what each says is all there is to say.
_REASONS = (
    SettingsError,
    PortError,
    DirectoryError,
    MigrationError,
    DriverError,
    DatabaseInUse,
)


def serve(arguments: list[str]) -> int:
    """`lossboard serve`: run the server until it is interrupted; returns the exit code."""
    options = _parser().parse_args(arguments)
    given = {name: value for name, value in vars(options).items() if name not in _MANNERS}
    try:
        settings = Settings.from_environment(**given)
        if options.reload:
            return _serve_reloading(settings)
        return _serve(settings, as_json=options.json)
    except _REASONS as error:
        print(f"lossboard serve: {error}", file=sys.stderr)  # noqa: T201
    except SQLAlchemyError as error:
        print(f"lossboard serve: can't open the database: {error}", file=sys.stderr)  # noqa: T201
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lossboard serve",
        description="Serve the dashboard and take what training runs log.",
        epilog="Every setting can also come from the environment; see docs/configuration.md.",
    )
    parser.add_argument("--host", type=_given, help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8080; 0: any free)")
    parser.add_argument("--data-dir", type=_given_path, help="where data is stored")
    parser.add_argument(
        "--database-url", type=_given, help="SQLAlchemy URL of another database than SQLite's"
    )
    parser.add_argument("--json", action="store_true", help="print the address as a line of JSON")
    parser.add_argument("--reload", action="store_true", help="restart when the sources change")
    return parser


def _given(text: str) -> str:
    """The value of an option; an unset variable of the shell arrives as an empty text."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty: give a value or leave the option out")
    return text


def _given_path(text: str) -> Path:
    return Path(_given(text)).expanduser()


class _Uvicorn(uvicorn.Server):
    """uvicorn that ends event streams and seals as soon as it is asked to stop."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._services.writer.loop.call_soon_threadsafe(self._services.hurry)
        # A second Ctrl-C ends at once. uvicorn's own handler would also raise the signal again
        # after a clean end, which then looks like a failure.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _serve(settings: Settings, *, as_json: bool) -> int:
    sys.setswitchinterval(_SWITCH_SECS)
    with _listen(settings) as listener:
        app = create_app(settings)
        _announce(settings, listener.getsockname()[1], as_json=as_json)
        config = uvicorn.Config(app, **_uvicorn_options(settings))
        server = _Uvicorn(config, app.state.services)
        server.run(sockets=[listener])
    return 0 if server.started else 1


def _uvicorn_options(settings: Settings) -> dict[str, Any]:
    return {
        "workers": 1,
        "loop": "auto",  # uvloop, except on Windows, which has none
        "http": waiting_for(settings.request_wait_secs),
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": settings.keep_alive_secs,
        "timeout_graceful_shutdown": settings.shutdown_secs,
    }


def _serve_reloading(settings: Settings) -> int:
    """For development: uvicorn watches the sources and starts a child process per change."""
    export_settings(settings, "host", "port", "data_dir", "database_url")
    _announce(settings, settings.port, as_json=False)
    uvicorn.run(
        "lossboard_server.app:create_app_from_environment",
        factory=True,
        reload=True,
        reload_dirs=[str(Path(__file__).parent)],
        host=settings.host,
        port=settings.port,
        timeout_graceful_shutdown=settings.shutdown_secs,
    )
    return 0


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    # On Windows this is what refuses a port that is in use; SO_REUSEADDR would share it.
    option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
    listener.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortError(
            f"can't listen on {settings.host}:{settings.port} ({error.strerror})"
            f"{_who_answers(settings)}; choose another port with --port"
        ) from error
    listener.setblocking(False)
    return listener


def _who_answers(settings: Settings) -> str:
    """The answer of the busy address on who holds it."""
    peer = http.client.HTTPConnection(settings.host, settings.port, timeout=_PEER_WAIT_SECS)
    try:
        peer.request("GET", "/api/health")
        response = peer.getresponse()
        body = response.read(4096)
    except (OSError, http.client.HTTPException):
        return ": something there doesn't answer HTTP"
    finally:
        peer.close()
    try:
        facts = json.loads(body)
    except ValueError:
        facts = {}
    if isinstance(facts, dict) and "wire_versions" in facts:
        return f": lossboard {facts.get('version')} answers there already"
    name = response.headers.get("Server") or "an HTTP server without a name"
    return f": {name} answers there"


def _announce(settings: Settings, port: int, *, as_json: bool) -> None:
    urls = [f"http://{bracketed(host)}:{port}" for host in _answering_hosts(settings)]
    if as_json:
        print(json.dumps({"url": urls[0], "data_dir": str(settings.data_dir)}), flush=True)  # noqa: T201
    else:
        print(f"lossboard is running at {urls[0]} (Ctrl-C stops it)")  # noqa: T201
        print(f"data directory: {settings.data_dir}", flush=True)  # noqa: T201
    if not _is_loopback(settings.host):
        print(  # noqa: T201
            f"lossboard serve: {settings.host} is not a loopback address: whoever reaches it can"
            f" read, change and delete everything (there are no accounts); it answers at"
            f" {', '.join(urls)}, and at names in LOSSBOARD_SERVER_ALLOWED_HOSTS",
            file=sys.stderr,
        )


def _answering_hosts(settings: Settings) -> list[str]:
    """The names and addresses that requests may be for, the first one for this machine."""
    if not listens_everywhere(settings.host):
        return list(dict.fromkeys((settings.host, *settings.allowed_hosts)))
    v6 = ":" in settings.host
    found = ["::1"] if v6 else ["127.0.0.1"]
    kinds = (socket.AF_INET, socket.AF_INET6) if v6 else (socket.AF_INET,)
    for addresses in psutil.net_if_addrs().values():
        found += [a.address for a in addresses if a.family in kinds and "%" not in a.address]
    return list(dict.fromkeys((*found, *settings.allowed_hosts)))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
