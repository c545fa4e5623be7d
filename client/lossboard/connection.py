"""Requests of the read side, with the server's errors as exceptions."""

from __future__ import annotations

import math
import os
import shutil
import threading
import urllib.error
import urllib.request
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from lossboard import wire
from lossboard.errors import AuthenticationError, CommError, Error
from lossboard.sending.transport import Answer, Transport, Unreachable
from lossboard.settings import Settings

__all__ = ["Connection", "NotFound", "Refused", "numbers_restored"]

_NON_FINITE: Final = {
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


class NotFound(CommError, ValueError):
    """The server has nothing of that name; W&B's Api raises a ValueError for it."""


class Refused(CommError):
    """The server understood a request and won't do it; the message has its reason."""


class Connection:
    """One server, for any number of threads. Each method raises CommError where there is no good
    answer."""

    def __init__(self, settings: Settings, *, timeout_secs: float) -> None:
        self.settings = settings
        self._timeout_secs = timeout_secs
        self._headers = dict(settings.x_extra_http_headers or {})
        self._lines = self._opened()

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process it is a connection of its own."""
        return _connected, (self.settings, self._timeout_secs)

    def _own_lines(self) -> _Lines:
        """The connections of this process: a forked child must not read its parent's answers."""
        if self._lines.pid != os.getpid():
            self._lines = self._opened()
        return self._lines

    def _opened(self) -> _Lines:
        lines = _Lines.opened(self.settings, self._headers, self._timeout_secs)
        for transport in (lines.json, lines.binary):
            weakref.finalize(self, transport.close)
        return lines

    def get(self, *parts: str | int, **query: Any) -> dict[str, Any]:
        """The JSON of `GET /api/<parts>`; a part of a path may hold any character."""
        return _decoded(self._answer("json", "GET", _path(parts, query)))

    def get_binary(self, *parts: str | int, **query: Any) -> dict[str, Any]:
        """The MessagePack of `GET /api/<parts>`, in which non-finite numbers are numbers; a query
        may have lists."""
        answer = self._answer("binary", "GET", _path(parts, query))
        decoded: dict[str, Any] = msgspec.msgpack.decode(answer.body)
        return decoded

    def patch(self, *parts: str | int, **body: Any) -> None:
        """`PATCH /api/<parts>` with a JSON body."""
        self._answer("json", "PATCH", _path(parts, {}), _json(body))

    def post(self, *parts: str | int, **body: Any) -> dict[str, Any]:
        """The answer of `POST /api/<parts>` with a JSON body."""
        return _decoded(self._answer("json", "POST", _path(parts, {}), _json(body)))

    def put(self, *parts: str | int) -> None:
        """`PUT /api/<parts>` without a body."""
        self._answer("json", "PUT", _path(parts, {}))

    def put_blob(self, sha256: str, content: Path) -> None:
        """Uploads a file. Raises OSError if it can't be read."""
        path = _path(("blobs", sha256), {})
        self._answer("json", "PUT", path, content, "application/octet-stream")

    def put_record(self, writer: str, record: wire.Record) -> None:
        """Sends the only record of a writer."""
        path, body = _path(("ingest", writer, 0), {}), wire.encode_record(record)
        self._answer("json", "POST", path, body, "application/msgpack")

    def delete(self, *parts: str | int, **query: Any) -> None:
        """`DELETE /api/<parts>`."""
        self._answer("json", "DELETE", _path(parts, query))

    def query(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of `POST /api/query/<kind>`, numeric columns as little-endian float64."""
        path = _path(("query", kind), {})
        answer = self._answer("binary", "POST", path, _json(body))
        decoded: dict[str, Any] = msgspec.msgpack.decode(answer.body)
        return decoded

    def download(self, target: BinaryIO, *parts: str | int) -> None:
        """Writes the bytes of `GET /api/<parts>`, of any size, to `target`."""
        url = self.settings.base_url.rstrip("/") + _path(parts, {})
        request = urllib.request.Request(url, headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_secs) as answer:
                shutil.copyfileobj(answer, target)
        except urllib.error.HTTPError as error:
            with error:
                _refuse(Answer(error.code, {}, error.read()), url)
        except OSError as error:
            raise CommError(f"no answer from {self.settings.base_url} ({error})") from error

    def _answer(
        self,
        kind: Literal["json", "binary"],
        method: str,
        path: str,
        body: bytes | Path | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        lines = self._own_lines()
        transport = lines.json if kind == "json" else lines.binary
        try:
            with lines.lock:
                answer = transport.request(method, path, body, content_type)
        except Unreachable as error:
            raise CommError(
                f"no answer from {self.settings.base_url} ({error}):"
                " is `lossboard serve` running there?"
            ) from error
        if answer.status >= 400:
            _refuse(answer, path)
        return answer


class _Lines(NamedTuple):
    """Two kept-alive connections of one process."""

    pid: int
    lock: threading.Lock  # a transport is one connection: one request at a time
    json: Transport
    binary: Transport

    @classmethod
    def opened(cls, settings: Settings, headers: dict[str, str], timeout_secs: float) -> _Lines:
        plain, binary = (
            Transport(settings.base_url, timeout_secs=timeout_secs, headers=headers | accepted)
            for accepted in ({}, {"Accept": "application/msgpack"})
        )
        return cls(os.getpid(), threading.Lock(), plain, binary)


def _connected(settings: Settings, timeout_secs: float) -> Connection:
    return Connection(settings, timeout_secs=timeout_secs)


def _refuse(answer: Answer, path: str) -> None:
    if answer.status == 404:
        raise NotFound(answer.words)
    if answer.status in (401, 403):
        raise AuthenticationError(answer.words)
    kind = Refused if answer.status < 500 else CommError
    raise kind(f"{answer.status} for {path}: {answer.words}")


def _path(parts: tuple[str | int, ...], query: Mapping[str, Any]) -> str:
    path = "/api/" + "/".join(quote(str(part), safe="") for part in parts)
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _json(value: Any) -> bytes:
    return msgspec.json.encode(_spelled(value))


def _spelled(value: Any) -> Any:
    """Data for a body of JSON: non-finite numbers as their names, ints of any size as numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _spelled(item) for key, item in value.items()}
    return [_spelled(item) for item in value] if isinstance(value, list | tuple) else value


def _decoded(answer: Answer) -> dict[str, Any]:
    decoded = answer.json()
    if not decoded:
        raise Error(f"the server's answer is no JSON object: {answer.words[:80]!r}")
    return decoded


def numbers_restored(value: Any) -> Any:
    """JSON data with the texts that stand for non-finite numbers as these numbers."""
    if isinstance(value, str):
        return _NON_FINITE.get(value, value)
    if isinstance(value, dict):
        return {key: numbers_restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers_restored(item) for item in value]
    return value
