"""The stream of what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from lossboard_server.changes import Change
from lossboard_server.database.places import present_name
from lossboard_server.errors import Invalid
from lossboard_server.events import Subscription
from lossboard_server.queries.runs.runs import changed_since
from lossboard_server.services import Server, Services

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["events"])

_RESET = b"event: reset\ndata: {}\n\n"
_COMMENT = b": still here\n\n"


@router.get("/events")
async def events(
    server: Server, request: Request, project: str = "", since: str = ""
) -> StreamingResponse:
    """Server-sent events: what changed in which run, also since a version the client has."""
    version = _version_of(request.headers.get("last-event-id") or since)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    body = _stream(server, project, version)
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


def _version_of(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"since is {text[:40]!r}: expected the version of an earlier event")
    return int(text)


async def _stream(server: Services, project: str, version: int | None) -> AsyncIterator[bytes]:
    project = await server.database.ask(partial(present_name, project=project))
    # Subscribed before the catch-up is read: a change between may come twice, never not at all.
    subscription = server.broker.subscribe(project)
    try:
        yield _COMMENT
        if version is not None:
            yield await _catch_up(server, project, version)
        async for chunk in _changes(server, subscription):
            yield chunk
    finally:
        server.broker.unsubscribe(subscription)


async def _catch_up(server: Services, project: str, version: int) -> bytes:
    limit = server.settings.event_queue_length
    if version > server.writer.version:
        return _RESET  # it comes from another store
    changes = await server.database.ask(
        partial(changed_since, version=version, project=project, limit=limit)
    )
    return _RESET if len(changes) > limit else b"".join(map(_event, changes))


async def _changes(server: Services, subscription: Subscription) -> AsyncIterator[bytes]:
    settings = server.settings
    async for batch in subscription.batches(
        settings.event_interval_secs, settings.event_comment_secs
    ):
        if subscription.overflowed:
            subscription.overflowed = False
            yield _RESET
        yield b"".join(map(_event, batch)) or _ping(settings.event_comment_secs)


def _ping(every_secs: float) -> bytes:
    """An event, since pages don't see comments: one that stays away tells of a server that hangs,
    or of a line that is cut."""
    return b"event: ping\ndata: %b\n\n" % msgspec.json.encode({"every_secs": every_secs})


def _event(change: Change) -> bytes:
    data = {
        "version": change.version,
        "project": change.project,
        "run": change.uid,
        "what": sorted(change.what),
        "generation": change.generation,
    }
    text = msgspec.json.encode(data)
    return b"event: change\nid: %d\ndata: %b\n\n" % (change.version, text)
