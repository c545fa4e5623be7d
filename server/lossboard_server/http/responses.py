"""Answers: one encoder for every query, JSON or MessagePack by the Accept header; and blobs."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import anyio.to_thread
from fastapi import Request
from starlette.responses import FileResponse, Response

from lossboard_server.blobs import BlobStore
from lossboard_server.encoding import encode_json, encode_msgpack
from lossboard_server.errors import NotFound

__all__ = ["MSGPACK", "answer", "answer_blob", "answer_json", "require_blob"]

MSGPACK: Final = "application/msgpack"

_ALWAYS: Final = "Thu, 01 Jan 1970 00:00:00 GMT"
_GZIP_FROM_BYTES = 4096
_GZIP_LEVEL = 1  # level 6 is 4 times as slow for 10 % less


async def answer(request: Request, value: Any) -> Response:
    """`value` in the form the client accepts; numpy arrays are its numeric columns."""
    if MSGPACK in request.headers.get("accept", ""):
        body = await anyio.to_thread.run_sync(encode_msgpack, value)
        return Response(body, media_type=MSGPACK, headers={"Vary": "Accept"})
    return await answer_json(request, value)


async def answer_json(request: Request, value: Any) -> Response:
    """`value` as JSON, compressed where that pays and the client takes it; 304 for a GET by a
    client that has just this answer."""
    squeeze = "gzip" in request.headers.get("accept-encoding", "")
    body, etag, squeezed = await anyio.to_thread.run_sync(_json_body, value, squeeze)
    headers = {"Vary": "Accept, Accept-Encoding"}
    if request.method == "GET":
        headers |= {"ETag": etag, "Cache-Control": "no-cache"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
    if squeezed:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


def answer_blob(
    blobs: BlobStore,
    sha256: str,
    *,
    media_type: str,
    filename: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The bytes of a stored blob, or the asked range of them.

    Its tag is its hash: asking for a blob changes the time of its file, and a browser that plays
    sound or film drops ranges whose tags or times differ.
    """
    own = {"ETag": f'"{sha256}"', "Last-Modified": _ALWAYS}
    path = blobs.path(sha256)
    return FileResponse(
        path, media_type=media_type, filename=filename, headers={**(headers or {}), **own}
    )


async def require_blob(blobs: BlobStore, sha256: str) -> None:
    """Raises NotFound where the bytes aren't stored, or no longer those that were."""
    if await blobs.has_intact(sha256):
        return
    if blobs.was_damaged(sha256):
        raise NotFound(
            f"file {sha256} was damaged on the server's disk and is kept in blobs/damaged: storing"
            " the same file again heals it"
        )
    raise NotFound(f"there is no blob {sha256}: it was never uploaded or its run was deleted")


def _json_body(value: Any, squeeze: bool) -> tuple[bytes, str, bool]:
    """The body, its tag, and whether it is compressed."""
    body = encode_json(value)
    etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if squeeze and len(body) >= _GZIP_FROM_BYTES:
        return gzip.compress(body, _GZIP_LEVEL, mtime=0), etag, True
    return body, etag, False
