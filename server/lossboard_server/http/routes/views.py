"""View states that are too long for a link."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from lossboard_server.encoding import decode_json, encode_json_text
from lossboard_server.http.responses import answer_json
from lossboard_server.queries.projects.projects import view_state
from lossboard_server.services import Server
from lossboard_server.writing import catalogue

__all__ = ["router"]

router = APIRouter(prefix="/api/views", tags=["views"])


class View(BaseModel):
    """The state of a page; only the dashboard knows what is in it."""

    state: dict[str, Any]


@router.post("")
async def save_view(server: Server, request: Request, view: View) -> Response:
    """Keep a state; the same state has the same hash."""
    text = encode_json_text(view.state)
    digest = hashlib.sha256(text.encode()).hexdigest()
    await server.writer.write(partial(catalogue.save_view, digest=digest, state_json=text))
    return await answer_json(request, {"hash": digest})


@router.get("/{hash}")
async def get_view(server: Server, request: Request, hash: str) -> Response:
    """The state that was kept under `hash`."""
    text = await server.database.ask(partial(view_state, digest=hash))
    return await answer_json(request, {"state": decode_json(text)})
