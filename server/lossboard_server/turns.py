"""Turns for work that takes memory by its size: so much of it at a time, in order of arrival."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

__all__ = ["Turns"]

_SMALL_BYTES: Final = 64 << 10


class Turns:
    """Lets work of `limit_bytes` altogether go on at a time, what is larger alone; what is small
    needs no turn. Used from the event loop.

    What a body holds takes up to sixty times its bytes once objects are made of it, and only one
    thread makes objects at a time: many of them together take memory and save nothing.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._taken_bytes = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def turn(self, size_bytes: int) -> AsyncIterator[None]:
        """While something of so many bytes is decoded and handled."""
        if size_bytes <= _SMALL_BYTES:
            yield
            return
        taken = min(size_bytes, self._limit_bytes)
        await self._take(taken)
        try:
            yield
        finally:
            self._taken_bytes -= taken
            self._call_next()

    async def _take(self, size_bytes: int) -> None:
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size_bytes, called))
        self._call_next()
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # it was called just now
                self._taken_bytes -= size_bytes
            self._call_next()
            raise

    def _call_next(self) -> None:
        while self._waiting:
            size_bytes, called = self._waiting[0]
            if not called.cancelled():
                if self._taken_bytes + size_bytes > self._limit_bytes:
                    return
                self._taken_bytes += size_bytes
                called.set_result(None)
            self._waiting.popleft()
