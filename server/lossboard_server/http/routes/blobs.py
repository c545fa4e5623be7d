"""Upload and download of file contents by their SHA-256."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from lossboard_server.background.artifact_completion import settle_blobs
from lossboard_server.http.responses import answer_blob, require_blob
from lossboard_server.http.security import LOGGED_DRAWING_POLICY, LOGGED_PAGE_POLICY
from lossboard_server.services import Server

__all__ = ["router"]

router = APIRouter(prefix="/api/blobs", tags=["files"])

# Types a browser only shows and never runs; everything else is downloaded.
# fmt: off
_SHOWN = frozenset({
    "application/json", "audio/flac", "audio/mp4", "audio/mpeg", "audio/ogg", "audio/wav",
    "audio/x-wav", "image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png",
    "image/webp", "text/plain", "video/mp4", "video/ogg", "video/quicktime", "video/webm",
})
# fmt: on
# Types that could run something: shown under a policy of their own.
_BOXED = {"image/svg+xml": LOGGED_DRAWING_POLICY, "text/html": LOGGED_PAGE_POLICY}


@router.head("/{sha256}")
async def has(server: Server, sha256: str) -> Response:
    """Whether a blob is stored."""
    return Response(status_code=200 if await server.blobs.has_intact(sha256) else 404)


@router.put("/{sha256}", status_code=201)
async def put(server: Server, sha256: str, request: Request) -> Response:
    """Store a blob; it is visible once it is whole and has the SHA-256 of the address."""
    if await server.blobs.has_intact(sha256):
        return Response(status_code=200)
    await server.blobs.receive(sha256, request.stream())
    await settle_blobs(server, [sha256])
    return Response(status_code=201)


@router.get("/{sha256}")
async def get(server: Server, sha256: str, type: str = "application/octet-stream") -> Response:
    """The bytes, as `type` if that is one a browser can safely show, else as a download."""
    await require_blob(server.blobs, sha256)
    shown = type in _SHOWN or type in _BOXED
    headers = {
        "Content-Disposition": "inline" if shown else "attachment",
        "Cache-Control": "public, max-age=31536000, immutable",
    }
    if type in _BOXED:
        headers["Content-Security-Policy"] = _BOXED[type]
    kind = type if shown else "application/octet-stream"
    return answer_blob(server.blobs, sha256, media_type=kind, headers=headers)
