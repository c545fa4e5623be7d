"""Things that were put and are not yet records: a queue bounded in bytes, between callers and
worker."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from lossboard.sending.interface import Deferred

__all__ = ["Intake", "Item"]

_MOMENT_SECS: Final = 0.1  # a wait that is not worth a word
# What an item takes in the queue: a dict, two tuples, itself, and twice its wire bytes.
_ITEM_BYTES: Final = 400


class Item(NamedTuple):
    """Something to add to a draft: `add(draft, *arguments)`, by the method that takes it."""

    add: Callable[..., None]
    arguments: tuple[Any, ...]
    wire_bytes: int  # about what it will take in a record
    waits_for: tuple[Deferred, ...] = ()


class Intake:
    """Items in the order in which they were put.

    `limit_bytes` bounds the memory they take; at `flush_bytes` of wire bytes the worker is woken.
    """

    def __init__(self, *, limit_bytes: int, flush_bytes: int) -> None:
        self.activity = "starting"  # what the worker does, for the message when it falls behind
        self.waited_secs = 0.0
        self.put_count = 0
        self.lost_count = 0  # items that came to nothing because the worker died
        self._limit_bytes = limit_bytes
        self._flush_bytes = flush_bytes
        self._items: deque[Item] = deque()
        self._memory_bytes = 0
        self._wire_bytes = 0
        self._hurried = False
        self._closed = False
        self._broken = False
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)

    def put(self, item: Item, on_full: Callable[[str], None]) -> float:
        """Takes the item; the seconds that this had to wait for room, nearly always 0.

        `on_full(activity)` is called, without the lock, when that takes more than a moment. Raises
        RuntimeError after `close`.
        """
        memory_bytes = _ITEM_BYTES + 2 * item.wire_bytes
        with self._lock:
            if self._has_room(memory_bytes):
                self._append(item, memory_bytes)
                return 0.0
        return self._put_when_there_is_room(item, on_full)

    def _has_room(self, memory_bytes: int) -> bool:
        return (
            self._memory_bytes + memory_bytes <= self._limit_bytes
            or not self._items
            or self._closed
            or self._broken
        )

    def _append(self, item: Item, memory_bytes: int) -> None:
        if self._closed:
            raise RuntimeError("this run is finished: nothing more can be logged to it")
        if self._broken:
            self.lost_count += 1
            return
        self._items.append(item)
        self.put_count += 1
        self._memory_bytes += memory_bytes
        self._wire_bytes += item.wire_bytes
        if self._wire_bytes >= self._flush_bytes and not self._hurried:
            self._hurried = True
            self._work.notify()

    def _put_when_there_is_room(self, item: Item, on_full: Callable[[str], None]) -> float:
        started = time.monotonic()
        memory_bytes = _ITEM_BYTES + 2 * item.wire_bytes
        self.hurry()
        with self._lock:
            soon = self._room.wait_for(lambda: self._has_room(memory_bytes), _MOMENT_SECS)
            activity = self.activity
        if not soon:
            on_full(activity)
        with self._lock:
            self._room.wait_for(lambda: self._has_room(memory_bytes))
            self._append(item, memory_bytes)
            waited_secs = time.monotonic() - started
            self.waited_secs += waited_secs
        return waited_secs

    def wait(self, timeout_secs: float) -> None:
        """For the worker: until a batch is full, somebody hurries, or the time is over."""
        with self._lock:
            if not self._hurried:
                self._work.wait(timeout_secs)
            self._hurried = False

    def hurry(self) -> None:
        """Makes the worker take what is there at once."""
        with self._lock:
            self._hurried = True
            self._work.notify()

    def take(self, *, patient: bool) -> list[Item]:
        """The next items, about `flush_bytes` of them.

        `patient` stops before the first item whose deferred values are still being computed.
        """
        taken: list[Item] = []
        wire_bytes = memory_bytes = 0
        with self._lock:
            self.activity = "packing rows" if self._items else "idle"
            while self._items and wire_bytes < self._flush_bytes:
                item = self._items[0]
                if patient and item.waits_for and not all(d.ready() for d in item.waits_for):
                    self.activity = "waiting for values that a device is still computing"
                    break
                taken.append(self._items.popleft())
                wire_bytes += item.wire_bytes
                memory_bytes += _ITEM_BYTES + 2 * item.wire_bytes
            self._wire_bytes -= wire_bytes
            self._memory_bytes -= memory_bytes
            self._room.notify_all()
        return taken

    def close(self) -> None:
        """Nothing more may be put; what is there can still be taken."""
        with self._lock:
            self._closed = True
            self._hurried = True
            self._work.notify()
            self._room.notify_all()

    def break_off(self) -> None:
        """The worker died: what is here and what will be put is counted as lost."""
        with self._lock:
            self._broken = True
            self.lost_count += len(self._items)
            self._items.clear()
            self._room.notify_all()

    @property
    def is_broken(self) -> bool:
        """Whether the worker died."""
        return self._broken

    @property
    def is_spent(self) -> bool:
        """Whether it is closed and all was taken."""
        return self._closed and not self._items
