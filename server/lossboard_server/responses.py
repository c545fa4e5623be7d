"""Answers: one encoder for every query, JSON or MessagePack by the Accept header."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any, Final

import anyio.to_thread
from fastapi import Request
from starlette.responses import Response

from lossboard_server.encoding import encode_json, encode_msgpack

__all__ = ["MSGPACK", "answer", "answer_json"]

MSGPACK: Final = "application/msgpack"

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


def _json_body(value: Any, squeeze: bool) -> tuple[bytes, str, bool]:
    """The body, its tag, and whether it is compressed."""
    body = encode_json(value)
    etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if squeeze and len(body) >= _GZIP_FROM_BYTES:
        return gzip.compress(body, _GZIP_LEVEL, mtime=0), etag, True
    return body, etag, False
