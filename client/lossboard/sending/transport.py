"""HTTP to the server over one kept-alive connection, from the standard library."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from lossboard.sending.outflow import Outflow
from lossboard.times import now_us

__all__ = ["Answer", "Transport", "Unreachable"]

_ANSWER_LIMIT_BYTES: Final = 64_000_000
_BLOCK_BYTES: Final = 262_144
_CONNECT_TIMEOUT_SECS: Final = 5.0
_TIME_HEADER: Final = "X-Lossboard-Time"  # microseconds since the epoch, by the clock here

# How a kept-alive connection that the other side closed meanwhile shows itself.
_IDLE_CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)


class Unreachable(Exception):
    """No answer: the connection failed or broke; the message says how."""


@dataclass(frozen=True)
class Answer:
    """An answer of the server."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object; empty for anything else."""
        try:
            decoded = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        return decoded if isinstance(decoded, dict) else {}

    @property
    def words(self) -> str:
        """The server's own message where it has our error shape, else the start of the body."""
        error = self.json().get("error")
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            return str(error["message"])
        text = self.body[:300].decode("utf-8", "replace").strip()
        return text or f"HTTP status {self.status}"


@dataclass(frozen=True)
class _Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes | io.BufferedReader | None
    body_bytes: int = 0


class _Connection(http.client.HTTPConnection):
    """Its bytes go out through `outflow`, which counts them."""

    outflow: Outflow

    def send(self, data: Any) -> None:
        if isinstance(data, bytes) and self.sock is not None:
            self.outflow.push(self.sock, data)
        else:
            super().send(data)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS."""


class Transport:
    """Requests to one server. Used by one thread; `abort`, `abandon` and `outflow` by others.

    `base_url` is http:// or https:// with host, optional port and optional path prefix; anything
    else raises ValueError. The server may be silent for `timeout_secs`, and longer after a large
    body, which it has to store. With `tells_time` each request says what time it is here.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout_secs: float,
        headers: Mapping[str, str] | None = None,
        tells_time: bool = False,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"{base_url!r} is not the address of a server;"
                " expected something like http://127.0.0.1:8080"
            )
        self.base_url = base_url.rstrip("/")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_secs = timeout_secs
        self._headers = dict(headers or {})
        self._tells_time = tells_time
        self.outflow = Outflow()
        self._connection: _Connection | None = None
        self._lock = threading.Lock()  # guards the socket against abort
        self._aborted = False

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Path | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """The answer to one request; a Path is sent as the content of that file.

        A connection that the server closed while it was idle is replaced at once. Raises
        Unreachable when no answer came, OSError when the file can't be read.
        """
        headers = dict(self._headers)
        if self._tells_time:
            headers[_TIME_HEADER] = str(now_us())
        if body is not None:
            headers["Content-Type"] = content_type
        if not isinstance(body, Path):
            size_bytes = len(body or b"")
            return self._request(_Request(method, self._prefix + path, headers, body, size_bytes))
        with body.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            headers["Content-Length"] = str(size_bytes)
            return self._request(_Request(method, self._prefix + path, headers, file, size_bytes))

    def _request(self, request: _Request) -> Answer:
        reused = self._connection is not None
        try:
            return self._exchange(request)
        except _IDLE_CLOSED as error:
            if not reused:
                raise Unreachable(_reason(error)) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(_reason(error)) from error
        try:
            return self._exchange(request)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(_reason(error)) from error

    def _exchange(self, request: _Request) -> Answer:
        connection = self._connected()
        try:
            self._send(connection, request)
            connection.sock.settimeout(self._timeout_secs + self.outflow.answer_secs)
            response = connection.getresponse()
            content = _content_of(response)
        except (OSError, http.client.HTTPException):
            self.outflow.end(accepted=False)
            self.close()
            raise
        self.outflow.end(accepted=response.status < 300)
        if response.will_close or not response.isclosed():
            self.close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, content)

    def _connected(self) -> _Connection:
        if self._connection is not None:
            return self._connection
        kind = _SecureConnection if self._secure else _Connection
        connection = kind(
            self._host, self._port, timeout=_CONNECT_TIMEOUT_SECS, blocksize=_BLOCK_BYTES
        )
        connection.outflow = self.outflow
        connection.connect()
        with self._lock:
            if self._aborted:
                connection.close()
                raise ConnectionAbortedError("sending was stopped")
            self._connection = connection
        return connection

    def _send(self, connection: _Connection, request: _Request) -> None:
        connection.sock.settimeout(self._timeout_secs)
        self.outflow.begin(connection.sock, request.body_bytes)
        if isinstance(request.body, io.BufferedReader):
            request.body.seek(0)
        try:
            connection.request(request.method, request.target, request.body, request.headers)
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses a large body answers and closes before all is sent: its answer
            # may still be there to read. If it isn't, getresponse raises.
            if request.body is None:
                raise

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abort(self) -> None:
        """Makes a request that waits on another thread, and all later ones, fail at once."""
        with self._lock:
            self._aborted = True
            sock = self._connection.sock if self._connection else None
            if sock is not None:
                with contextlib.suppress(OSError):  # not connected any more: nothing to end
                    sock.shutdown(socket.SHUT_RDWR)

    def abandon(self) -> None:
        """In a forked child: lets go of the parent's socket without a word to the server."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.sock is not None:
            os.close(connection.sock.detach())


def _content_of(response: http.client.HTTPResponse) -> bytes:
    try:
        content = response.read(_ANSWER_LIMIT_BYTES)
        if response.length:  # read(amount) returns less than was announced without a word
            raise http.client.IncompleteRead(content, response.length)
    except (OSError, http.client.HTTPException):
        response.close()  # a connection that is about to close has let go of it: nobody else does
        raise
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text or type(error).__name__
