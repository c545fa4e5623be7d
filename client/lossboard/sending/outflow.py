"""Bytes that go out over a connection, counted while it goes: others see that it moves."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Final

__all__ = ["Outflow"]

_PIECE_BYTES: Final = 65_536
_TRIES: Final = 3  # bodies in a row that a server may not take before their bytes count no more
_SERVER_BYTES_PER_SEC: Final = 10e6  # at the least, what a server checks and stores of a body
_ACKED: Final = struct.Struct("Q")
_ACKED_OFFSET: Final = 120  # of tcpi_bytes_acked in Linux's tcp_info


class _Body:
    """A body on its way. Bytes have moved when the machine at the other end has confirmed them,
    where the system tells (Linux), else when this one has taken them."""

    def __init__(self, sock: socket.socket, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.handed_bytes = 0
        self._sock = sock
        self._acked_before = _acked_bytes(sock)
        self._known_bytes = 0  # when it could last be seen

    @property
    def moved_bytes(self) -> int:
        moved = self.handed_bytes
        if self._acked_before is not None:
            moved = (_acked_bytes(self._sock) or 0) - self._acked_before
        self._known_bytes = min(max(self._known_bytes, moved), self.size_bytes)
        return self._known_bytes


class Outflow:
    """The body that is under way over a connection, and those before. One thread sends, any looks.

    `on_sent()`, where somebody sets it, is called after each piece of a body.
    """

    def __init__(self) -> None:
        self.on_sent: Callable[[], None] | None = None
        self._body: _Body | None = None
        self._past_bytes = 0  # of the bodies before
        self._refused = 0  # bodies in a row that were sent for nothing

    @property
    def under_way_bytes(self) -> int:
        """The moved bytes of the body that is under way; 0 between bodies."""
        body = self._body
        return 0 if body is None else body.moved_bytes

    @property
    def moved_bytes(self) -> int:
        """The moved bytes in all, without what a server gets that took none of the last bodies."""
        return self._past_bytes + (self.under_way_bytes if self._refused < _TRIES else 0)

    @property
    def answer_secs(self) -> float:
        """How long the server may be silent since it checks and stores a body that it has."""
        body = self._body
        if body is None or body.handed_bytes < body.size_bytes or self._refused >= _TRIES:
            return 0.0
        return body.size_bytes / _SERVER_BYTES_PER_SEC

    def begin(self, sock: socket.socket, size_bytes: int) -> None:
        """A body of that size is sent from now on; none where it is 0."""
        self._body = _Body(sock, size_bytes) if size_bytes else None

    def push(self, sock: socket.socket, content: bytes) -> None:
        """Sends the bytes. Raises TimeoutError when the socket's time passed and nothing moved."""
        view = memoryview(content)
        while view:
            seen_bytes = self.under_way_bytes
            try:
                sent_bytes = sock.send(view[:_PIECE_BYTES])
            except TimeoutError:
                if self.under_way_bytes == seen_bytes:
                    raise
                continue  # the line is slow, and its buffers are large
            view = view[sent_bytes:]
            if self._body is not None:
                self._body.handed_bytes += sent_bytes
                if self.on_sent is not None:
                    self.on_sent()

    def end(self, *, accepted: bool) -> None:
        """The body came to an end, or to nothing."""
        body = self._body
        if body is None:
            return
        moved_bytes = body.moved_bytes
        if self._refused < _TRIES:
            self._past_bytes += moved_bytes
        self._body = None
        if accepted:
            self._refused = 0
        elif moved_bytes:
            self._refused += 1

    def forgive(self) -> None:
        """The server takes something again: what it did not take before doesn't count."""
        self._refused = 0


def _acked_bytes(sock: socket.socket) -> int | None:
    """Bytes of a TCP connection that the other end has confirmed; None where nobody tells."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, option, 256)
    except OSError:  # it was closed meanwhile
        return None
    if len(info) < _ACKED_OFFSET + _ACKED.size:
        return None
    return int(_ACKED.unpack_from(info, _ACKED_OFFSET)[0])
