"""Who is told about changes: one subscription per event stream, each with a bounded memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from lossboard_server.changes import Change

__all__ = ["Broker", "Subscription"]


class Subscription:
    """Changes of one project ("entity/project", or "" for all) that wait to be sent.

    Changes of one run are merged; past `limit` runs everything is dropped and `overflowed` set,
    so a reader that is too slow costs a bounded amount of memory.
    """

    def __init__(self, project: str, limit: int) -> None:
        self.project = project
        self.overflowed = False
        self.closed = False
        self._limit = limit
        self._waiting: dict[tuple[int, str], Change] = {}  # by run and project
        self._wake = asyncio.Event()

    def add(self, change: Change) -> None:
        place = (change.uid, change.project)
        earlier = self._waiting.pop(place, None)
        if earlier is not None:
            merged = earlier.what | change.what
            change = Change(change.version, change.uid, change.project, merged, change.generation)
        self._waiting[place] = change
        if len(self._waiting) > self._limit:
            self._waiting.clear()
            self.overflowed = True
        self._wake.set()

    def close(self) -> None:
        self.closed = True
        self._wake.set()

    async def batches(
        self, interval_secs: float, comment_secs: float
    ) -> AsyncIterator[list[Change]]:
        """The changes of each interval, in order of version; an empty list after
        `comment_secs` of silence or on overflow; ends when the subscription is closed."""
        while not self.closed:
            try:
                await asyncio.wait_for(self._wake.wait(), comment_secs)
                await self._pause(interval_secs)
            except TimeoutError:
                yield []
                continue
            self._wake.clear()
            waiting, self._waiting = self._waiting, {}
            if waiting or self.overflowed:
                yield list(waiting.values())

    async def _pause(self, interval_secs: float) -> None:
        """Let more changes come, but don't hold up the end of the stream."""
        if not self.closed:
            await asyncio.sleep(interval_secs)


class Broker:
    """Hands each change to the subscriptions of its project; used from the event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._subscriptions: set[Subscription] = set()
        self._closed = False

    def subscribe(self, project: str) -> Subscription:
        """A new subscription; it must be given back to `unsubscribe`."""
        subscription = Subscription(project, self._limit)
        self._subscriptions.add(subscription)
        if self._closed:
            subscription.close()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    def publish(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for subscription in self._subscriptions:
                if change.what and subscription.project in ("", change.project):
                    subscription.add(change)

    def close(self) -> None:
        """End every stream, also those that come later."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.close()
