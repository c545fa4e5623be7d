"""Whether the server is up, and what it speaks."""

from __future__ import annotations

import time
from importlib.metadata import PackageNotFoundError, version

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from lossboard.wire import SUPPORTED_VERSIONS
from lossboard_server.services import Server

__all__ = ["Health", "installed_version", "router"]

router = APIRouter(prefix="/api", tags=["health"])


class Health(msgspec.Struct, frozen=True):
    """The answer of a server that is up; `status` is "troubled" where something that was stored
    can't be read, or nothing can be written."""

    status: str
    version: str
    wire_versions: tuple[int, ...]
    uptime_secs: float
    data_dir_free_bytes: int
    plotly_version: str
    writable: bool
    damaged_blocks: int
    database_errors: int
    last_error: str
    last_write_us: int | None


def installed_version() -> str:
    """Version of the distribution; "0" when run from sources that aren't installed."""
    try:
        return version("lossboard")
    except PackageNotFoundError:
        return "0"


@router.get("/health")
async def health(server: Server) -> Response:
    """Status, versions, uptime and free space; 503 when the data directory was taken away."""
    server.directory.check()
    uptime_secs = time.monotonic() - server.started_secs
    free_bytes = server.directory.free_bytes()
    can_write = server.writer.can_write and not server.reserve.is_given_up
    answer = Health(
        status="ok" if can_write and not server.database.damage else "troubled",
        version=installed_version(),
        wire_versions=SUPPORTED_VERSIONS,
        uptime_secs=uptime_secs,
        data_dir_free_bytes=free_bytes,
        plotly_version=version("plotly"),
        writable=can_write,
        damaged_blocks=len(server.database.damage),
        database_errors=server.troubles.total,
        last_error=server.troubles.last,
        last_write_us=server.writer.last_write_us,
    )
    return Response(msgspec.json.encode(answer), media_type="application/json")
