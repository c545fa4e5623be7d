"""Connections that can't hold the server up: bounded heads, and no request that stays half sent.

uvicorn bounds neither: a head may grow without end, and half a request may wait for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["MOST_HEAD_BYTES", "waiting_for"]

MOST_HEAD_BYTES: Final = 64 << 10  # of a request line and its headers
# A head that comes to its end is answered; one that goes on may not hear the answer.
_MOST_UNREAD_BYTES: Final = 4 * MOST_HEAD_BYTES
_LEAST_BYTES_PER_SEC: Final = 1000  # less counts as standing still, as the client sees it too


class _Connection(HttpToolsProtocol):
    """One connection of a client; `wait_secs`: how long half a request may stand still."""

    wait_secs: float

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head, self._ended_head = True, False
        self._head_bytes = 0
        self._came_bytes = 0  # since the last look
        self._was_behind = False  # at the last look
        self._look_later()

    def data_received(self, data: bytes) -> None:
        self._came_bytes += len(data)
        self._ended_head = False
        super().data_received(data)
        if self._in_head and not self._ended_head:
            self._head_bytes += len(data)
            if self._head_bytes > _MOST_UNREAD_BYTES:
                self._refuse(431, "Request Header Fields Too Large", "too_large", _HEAD_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head, self._ended_head, self._head_bytes = False, True, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True

    def _look_later(self) -> None:
        self.loop.call_later(self.wait_secs / 2, self._look)

    def _look(self) -> None:
        """End a request that didn't go on for two looks."""
        if self.transport.is_closing():
            return
        is_behind = self._is_awaited() and self._came_bytes < self._least_bytes()
        if is_behind and self._was_behind:
            self._refuse(408, "Request Timeout", "timed_out", _STANDS_STILL)
            return
        self._was_behind, self._came_bytes = is_behind, 0
        self._look_later()

    def _least_bytes(self) -> float:
        return _LEAST_BYTES_PER_SEC * self.wait_secs / 2

    def _is_awaited(self) -> bool:
        """Whether the rest of a request is to come, and nobody but the client is in its way."""
        if self.cycle is None:
            return True
        if self.cycle.response_complete:
            return self._head_bytes > 0
        return bool(self.cycle.more_body and not self.flow.read_paused)

    def _refuse(self, status: int, reason: str, code: str, message: str) -> None:
        is_heard = self.cycle is None or self.cycle.response_complete
        if is_heard and self._head_bytes:  # nobody waits on a connection without a request
            body = msgspec.json.encode({"error": {"code": code, "message": message, "details": {}}})
            head = (
                f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()


_HEAD_TOO_LARGE: Final = (
    f"the head of the request is larger than {MOST_HEAD_BYTES} bytes: send fewer or shorter headers"
)
_STANDS_STILL: Final = "the rest of the request didn't come: send it again"


def waiting_for(wait_secs: float) -> type[HttpToolsProtocol]:
    """The protocol of connections on which half a request may stand still for so long."""
    attributes: dict[str, Any] = {"wait_secs": wait_secs}
    return type("Connection", (_Connection,), attributes)
