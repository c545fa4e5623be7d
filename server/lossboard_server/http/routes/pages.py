"""The dashboard: its page under every address, and its files."""

from __future__ import annotations

from typing import Final

import anyio.to_thread
from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from lossboard_server.errors import NotFound
from lossboard_server.http.security import EXPLORE_POLICY
from lossboard_server.services import Server
from lossboard_server.web_files import WebFile

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_ALWAYS_ASK: Final = {"Cache-Control": "no-cache"}

_OF_PROGRAMS: Final = frozenset({"api", "artifacts", "artifactsV2", "files", "sdk", "storage"})

_NOT_BUILT = """<!doctype html>
<html lang="en"><title>lossboard</title>
<h1>The dashboard isn't built</h1>
<p>This server runs from a checkout without a built dashboard; its API works. Build it with</p>
<pre>npm --prefix web ci && npm --prefix web run build</pre>
<p>and reload this page.</p></html>
"""


@router.get("/assets/{name:path}")
async def asset(server: Server, request: Request, name: str) -> Response:
    """A file of the dashboard whose name changes with its content."""
    found = await anyio.to_thread.run_sync(server.web.find, f"assets/{name}")
    if found is None:
        raise NotFound(f"the dashboard has no file {name[:80]!r}: reload the page")
    return _send(request, found, _IMMUTABLE)


@router.get("/explore.html")
async def explore(server: Server, request: Request) -> Response:
    """The document in which Plotly draws, with a policy of its own."""
    found = await anyio.to_thread.run_sync(server.web.find, "explore.html")
    if found is None:
        return _not_built()
    return _send(request, found, _ALWAYS_ASK | {"Content-Security-Policy": EXPLORE_POLICY})


@router.get("/{path:path}")
async def page(server: Server, request: Request, path: str) -> Response:
    """A file of the dashboard, or the dashboard itself: it reads the address."""
    if path.partition("/")[0] in _OF_PROGRAMS:  # they would take the dashboard for their answer
        raise NotFound(f"no route GET /{path}")
    found = await anyio.to_thread.run_sync(server.web.find, path)
    # names of projects and ids of runs may have dots; a file of the dashboard has no slash here
    if found is None and ("/" in path or "." not in path):
        found = await anyio.to_thread.run_sync(server.web.find, "index.html")
        return _not_built() if found is None else _send(request, found, _ALWAYS_ASK)
    if found is None:
        raise NotFound(f"the dashboard has no file {path[:80]!r}")
    return _send(request, found, _ALWAYS_ASK)


def _not_built() -> Response:
    return HTMLResponse(_NOT_BUILT, status_code=503)


def _send(request: Request, file: WebFile, headers: dict[str, str]) -> Response:
    headers = headers | {"Vary": "Accept-Encoding"}
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip"}
        return Response(file.packed, media_type=file.media_type, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
