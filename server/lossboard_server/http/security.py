"""Checks that every request meets first: Host, Origin, size of the body; and the headers of
answers.

The server has no accounts. What protects it is that it listens on loopback, that it answers only
requests meant for it (a foreign Host is DNS rebinding), and that pages of other sites can't
change anything (their Origin gives them away).
"""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lossboard_server.errors import ApiError, Forbidden, HeadTooLarge, TooLarge
from lossboard_server.http.bodies import Bodies, Share
from lossboard_server.http.connections import MOST_HEAD_BYTES
from lossboard_server.http.error_answers import RefusedBody, error_response
from lossboard_server.settings import Settings

__all__ = [
    "CONTENT_POLICY",
    "EXPLORE_POLICY",
    "LOGGED_DRAWING_POLICY",
    "LOGGED_PAGE_POLICY",
    "Guard",
    "bracketed",
    "is_address",
    "listens_everywhere",
]

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self';"
    " connect-src 'self'; img-src 'self' blob: data:;"
    " media-src 'self'; frame-src 'self'; base-uri 'none';"
    " form-action 'none'"
)
# Plotly writes inline styles, so its document allows these.
EXPLORE_POLICY: Final = CONTENT_POLICY.replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)
# Who may show our pages in a frame: themselves and notebooks of this machine.
_FRAME_ANCESTORS: Final = "'self' http://127.0.0.1:* http://localhost:*"

# Logged pages run in an origin of their own, even when opened by their address: they can neither
# read nor ask anything, here or elsewhere.
LOGGED_PAGE_POLICY: Final = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline';"
    " style-src 'unsafe-inline'; img-src blob: data:; media-src blob: data:; font-src data:;"
    " base-uri 'none'; form-action 'none'"
)
# A drawing is shown as a picture; opened by its address it runs nothing.
LOGGED_DRAWING_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_JSON_MARKS = (b",", b"[", b"{")
_MOST_JSON_NODES: Final = 200_000
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_POLICY: Final = b"content-security-policy"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._bodies = Bodies(settings.bodies_limit_bytes)
        self._everywhere = listens_everywhere(settings.host)
        own = set() if self._everywhere else {bracketed(settings.host.lower())}
        self._hosts = _LOOPBACK | own | {host.lower() for host in settings.allowed_hosts}
        self._ancestors = " ".join((_FRAME_ANCESTORS, *settings.frame_ancestors))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _wanted_headers(scope)
        refused = self._refusal(scope, headers)
        if refused is not None:
            await error_response(refused)(scope, receive, self._with_headers(send))
            return
        limit_bytes = self._limit_of(scope)
        most = None if _is_sent_data(scope) else _MOST_JSON_NODES
        with self._bodies.share() as share:  # files go to disk as they come
            counted = _counted(receive, limit_bytes, most, None if _is_file(scope) else share)
            await self._app(scope, counted, self._with_headers(send))

    def _refusal(self, scope: Scope, headers: dict[bytes, str]) -> ApiError | None:
        host = headers.get(b"host", "")
        if not self._answers_to(_host_name(host)):
            return Forbidden(
                f"the request is for host {host!r}, which this server doesn't answer to: use"
                " 127.0.0.1, or add the name to LOSSBOARD_SERVER_ALLOWED_HOSTS"
            )
        origin = headers.get(b"origin")
        changes = scope["method"] not in _SAFE_METHODS
        if changes and origin is not None and _place_of(origin) != host:
            return Forbidden(
                f"a page of {origin!r} asked for a change: only this server's own pages may"
            )
        size = headers.get(b"content-length", "")
        limit_bytes = self._limit_of(scope)
        if size.isdigit() and int(size) > limit_bytes:
            return _too_large(limit_bytes)
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEAD_BYTES:
            return HeadTooLarge(
                f"the headers have more than {MOST_HEAD_BYTES} bytes: send fewer or shorter ones"
            )
        return None

    def _answers_to(self, name: str) -> bool:
        """Whether a request may be for `name`; a name can be pointed here by others (DNS
        rebinding), an address can't, so a server on all addresses answers to each of them."""
        return name in self._hosts or (self._everywhere and is_address(name.strip("[]")))

    def _limit_of(self, scope: Scope) -> int:
        if not _is_sent_data(scope):
            return self._settings.request_limit_bytes
        limits = self._settings
        return limits.blob_limit_bytes if _is_file(scope) else limits.record_limit_bytes

    def _with_headers(self, send: Send) -> Send:
        """`send` that adds the headers every answer has."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._headers(list(message.get("headers", ())))
            await send(message)

        return with_headers

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        policies = [value.decode() for name, value in given if name == _POLICY]
        policy = policies[0] if policies else CONTENT_POLICY
        if "frame-ancestors" not in policy:
            policy += f"; frame-ancestors {self._ancestors}"
        rest = [header for header in given if header[0] != _POLICY]
        return [*rest, *_HEADERS, (_POLICY, policy.encode())]


def _is_sent_data(scope: Scope) -> bool:
    """Whether the body is a file, or what a run sends: the routes of these look into it."""
    path: str = scope["path"]
    is_record = path.startswith(("/api/ingest/", "/graphql")) or path.endswith("/file_stream")
    return is_record or _is_file(scope)


def _is_file(scope: Scope) -> bool:
    """Whether the body is the content of a file: of a blob, or one that the official client puts
    to an address it was given."""
    path: str = scope["path"]
    is_ours = path.startswith("/api/") and not path.startswith("/api/blobs/")
    return scope["method"] == "PUT" and not is_ours


def listens_everywhere(host: str) -> bool:
    """Whether the address stands for all addresses of the machine, also written as `0`."""
    with contextlib.suppress(OSError):  # a name, or IPv6
        host = socket.inet_ntoa(socket.inet_aton(host))
    return is_address(host) and ip_address(host).is_unspecified


def is_address(name: str) -> bool:
    """Whether it is an IP address and not a name."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _wanted_headers(scope: Scope) -> dict[bytes, str]:
    wanted = (b"host", b"origin", b"content-length")
    return {name: value.decode("latin-1") for name, value in scope["headers"] if name in wanted}


def bracketed(host: str) -> str:
    """`host` as URLs and Host headers have it: addresses of IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _host_name(host: str) -> str:
    """The name in a Host header, without the port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def _place_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # no address at all, such as http://[
        return None


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit_bytes} bytes, the limit for this request: split it, or"
        " raise the server's limit (docs/configuration.md)",
        limit_bytes=limit_bytes,
    )


def _too_many(most_nodes: int) -> TooLarge:
    return TooLarge(
        f"the body holds more than {most_nodes:,} values (brackets and commas are counted, also in"
        " texts): send less at once"
    )


def _counted(
    receive: Receive, limit_bytes: int, most_nodes: int | None, share: Share | None
) -> Receive:
    """`receive` that refuses the body once it exceeds the limit, or, being JSON, holds too many
    values, or there is no room for it beside others. FastAPI makes objects of such a body on the
    event loop."""
    seen_bytes = seen_nodes = 0

    async def counted() -> Message:
        nonlocal seen_bytes, seen_nodes
        message = await receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            seen_bytes += len(body)
            if seen_bytes > limit_bytes:
                raise RefusedBody(_too_large(limit_bytes))
            if share is not None:
                share.take(len(body))
            if most_nodes is not None:
                seen_nodes += sum(body.count(mark) for mark in _JSON_MARKS)
                if seen_nodes > most_nodes:
                    raise RefusedBody(_too_many(most_nodes))
        return message

    return counted
