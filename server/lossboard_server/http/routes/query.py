"""Points, histograms and statistics of tensors over a grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from lossboard_server import queries
from lossboard_server.errors import Invalid
from lossboard_server.http.openapi import body_of
from lossboard_server.http.responses import answer
from lossboard_server.services import Server, Services
from lossboard_server.storage import TailMemo

__all__ = ["router"]

router = APIRouter(prefix="/api/query", tags=["query"])

Query = TypeVar("Query")


@router.post("/series", openapi_extra=body_of(queries.SeriesQuery, queries.SeriesResult))
async def series(server: Server, request: Request) -> Response:
    """Scalar series of many runs and keys over one grid."""
    return await _answer(server, request, queries.SeriesQuery, queries.query_series)


@router.post("/histograms", openapi_extra=body_of(queries.HistogramQuery, queries.HistogramResult))
async def histograms(server: Server, request: Request) -> Response:
    """Histogram events."""
    return await _answer(server, request, queries.HistogramQuery, queries.query_histograms)


@router.post("/tensors", openapi_extra=body_of(queries.TensorQuery, queries.TensorResult))
async def tensors(server: Server, request: Request) -> Response:
    """Statistics of many histogram series."""
    return await _answer(server, request, queries.TensorQuery, queries.query_tensors)


@router.post("/frames")
async def frames(server: Server, request: Request) -> Response:
    """Rows of many runs as columns."""
    return await _answer(server, request, queries.FrameQuery, queries.query_frames)


async def _answer(
    server: Services,
    request: Request,
    kind: type[Query],
    ask: Callable[[Connection, TailMemo, Query], Any],
) -> Response:
    try:
        query = msgspec.json.decode(await request.body(), type=kind)
    except msgspec.DecodeError as error:
        raise Invalid(f"the body isn't a {kind.__name__}: {error}") from error
    result = await server.database.ask(lambda connection: ask(connection, server.tails, query))
    return await answer(request, result)
