"""The native door: records and heartbeats of writers, and what a resuming client asks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

import anyio.to_thread
import msgspec
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from lossboard.wire import Record, WireError, decode_record
from lossboard_server.background.artifact_completion import settle_logged
from lossboard_server.errors import Invalid
from lossboard_server.http.responses import answer_json
from lossboard_server.limits import slim_record
from lossboard_server.queries.runs.runs import resume_state
from lossboard_server.services import Server, Services
from lossboard_server.writing import ingest
from lossboard_server.writing.records import check_record

__all__ = ["resuming", "router"]

_TOKEN = re.compile(r"[0-9a-f]{32}")
_LARGE_BYTES: Final = 1 << 20  # of a body that is read into one place


class _DirectRoute(APIRoute):
    """A route whose endpoint gets the request as it is: FastAPI's own handling of parameters
    costs as much as storing a small record."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return handler


router = APIRouter(prefix="/api/ingest", tags=["ingest"], route_class=_DirectRoute)


@router.post("/{writer}/heartbeat", response_model=None)
async def heartbeat(request: Request) -> Response:
    """Say that a writer lives."""
    services: Services = request.app.state.services
    token = _token_of(request)
    alive = await services.writer.write(lambda transaction: ingest.beat(transaction, token))
    return _json(alive)


@router.post("/{writer}/{seq}", response_model=None)
async def record(request: Request) -> Response:
    """Store one record of a writer; answered once it is committed."""
    services: Services = request.app.state.services
    token, seq, behind_us = _token_of(request), _seq_of(request), _behind_us(request)
    body = await _body_of(request)
    async with services.turns.turn(len(body)), services.sealer.alone(len(body)):
        accepted = await _accepted(services, token, seq, body, behind_us)
    return _json(accepted)


async def _body_of(request: Request) -> bytes | bytearray:
    """The body; a large one isn't kept in pieces that are then joined."""
    size = request.headers.get("content-length", "")
    if not (size.isdigit() and int(size) > _LARGE_BYTES):
        return await request.body()
    body = bytearray()
    async for piece in request.stream():
        body += piece
    return body


async def _accepted(
    services: Services, token: str, seq: int, body: bytes | bytearray, behind_us: int
) -> ingest.Accepted:
    if len(body) > services.settings.decode_thread_bytes:
        found, payload = await anyio.to_thread.run_sync(_decode, body)
    else:
        found, payload = _decode(body)
    accepted = await services.writer.write(
        lambda transaction: ingest.accept(transaction, token, seq, found, payload, behind_us),
        size_bytes=len(payload),
    )
    if found.record.artifacts or found.record.artifact_parts:
        await settle_logged(services, _artifacts_in(found.record))
    return accepted


def _artifacts_in(decoded: Record) -> list[str]:
    announced = [logged.client_id for logged in decoded.artifacts]
    return list({*announced, *(part.client_id for part in decoded.artifact_parts)})


def _token_of(request: Request) -> str:
    token: str = request.path_params["writer"]
    if not _TOKEN.fullmatch(token):
        raise Invalid(f"writer {token[:80]!r}: expected 32 lower-case hex digits")
    return token


def _behind_us(request: Request) -> int:
    """How much the writer's clock is behind ours, as it says what time it is; asked for before the
    body comes, which may take long."""
    text = request.headers.get("x-lossboard-time", "")
    is_time = text.isascii() and text.isdigit() and len(text) < 19
    return time.time_ns() // 1000 - int(text) if is_time else 0


def _seq_of(request: Request) -> int:
    text: str = request.path_params["seq"]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid(f"sequence number {text[:80]!r}: expected a number from 0 on")
    return int(text)


def _decode(body: bytes | bytearray) -> tuple[ingest.Received, bytes | bytearray]:
    """The record, and the bytes that stand for it where some of it was too large."""
    payload = slim_record(body)
    try:
        decoded = decode_record(payload)
    except WireError as error:
        raise Invalid(str(error)) from error
    check_record(decoded)
    return ingest.received(decoded), payload


def _json(value: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


resuming = APIRouter(prefix="/api/resume", tags=["ingest"])


@resuming.get("/{entity}/{project}/{run_id}")
async def resume(
    server: Server, request: Request, entity: str, project: str, run_id: str
) -> Response:
    """The state of a run for a client that resumes it."""
    found = await server.database.ask(
        lambda connection: resume_state(connection, server.runs, entity, project, run_id)
    )
    return await answer_json(request, found)
