"""Answers: one encoder for every query, JSON or MessagePack by the Accept header."""

from __future__ import annotations

import gzip
from typing import Any, Final

import anyio.to_thread
from fastapi import Request
from starlette.responses import Response

from lossboard_server.encoding import encode_json, encode_msgpack

__all__ = ["MSGPACK", "answer", "answer_json", "not_modified"]

MSGPACK: Final = "application/msgpack"

_GZIP_FROM_BYTES = 4096
_GZIP_LEVEL = 1  # level 6 is 4 times as slow for 10 % less


async def answer(request: Request, value: Any) -> Response:
    """`value` in the form the client accepts; numpy arrays are its numeric columns."""
    if MSGPACK in request.headers.get("accept", ""):
        body = await anyio.to_thread.run_sync(encode_msgpack, value)
        return Response(body, media_type=MSGPACK, headers={"Vary": "Accept"})
    return await answer_json(request, value)


async def answer_json(request: Request, value: Any, *, etag: str = "") -> Response:
    """`value` as JSON, compressed where that pays and the client takes it."""
    headers = {"Vary": "Accept, Accept-Encoding"}
    if etag:
        headers |= {"ETag": f'"{etag}"', "Cache-Control": "no-cache"}
    squeeze = "gzip" in request.headers.get("accept-encoding", "")
    body, squeezed = await anyio.to_thread.run_sync(_json_body, value, squeeze)
    if squeezed:
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)


def _json_body(value: Any, squeeze: bool) -> tuple[bytes, bool]:
    body = encode_json(value)
    if squeeze and len(body) >= _GZIP_FROM_BYTES:
        return gzip.compress(body, _GZIP_LEVEL, mtime=0), True
    return body, False


def not_modified(request: Request, etag: str) -> Response | None:
    """304 if the client has the answer with this tag."""
    if f'"{etag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": f'"{etag}"'})
    return None
