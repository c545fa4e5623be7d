"""Makes the server: `create_app(settings)` is all there is, nothing is global."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from lossboard_server.background.maintenance import Maintenance
from lossboard_server.http.error_answers import install_error_handlers
from lossboard_server.http.openapi import describe
from lossboard_server.http.routes import (
    artifacts,
    blobs,
    events,
    health,
    ingest,
    pages,
    projects,
    query,
    runs,
    saved_views,
    views,
)
from lossboard_server.http.security import Guard
from lossboard_server.services import Services, open_services
from lossboard_server.settings import Settings
from lossboard_server.wandb_protocol.routes import make_router

__all__ = ["create_app", "create_app_from_environment"]

# In this order they are matched: pages takes every GET that nobody else wants.
_ROUTERS = (
    ingest.router,
    ingest.resuming,
    health.router,
    events.router,
    query.router,
    artifacts.router,  # a collection of artifacts is no run: before runs and projects
    saved_views.router,
    projects.router,
    runs.router,
    blobs.router,
    views.router,
    pages.router,
)


def create_app(settings: Settings) -> FastAPI:
    """The server as an ASGI app; its parts close when the app shuts down.

    Raises DirectoryError or MigrationError if the data directory can't be used.
    """
    services = open_services(settings)
    try:
        door = make_router(services)
    except BaseException:
        services.close()
        raise
    app = FastAPI(
        title="lossboard",
        version=health.installed_version(),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.services = services
    install_error_handlers(app)
    for router in (door, *_ROUTERS):
        app.include_router(router)
    describe(app)
    app.add_middleware(Guard, settings=settings)
    return app


def create_app_from_environment() -> FastAPI:
    """The app that a reloading development server makes in its child process."""
    return create_app(Settings.from_environment())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    services.writer.start(asyncio.get_running_loop())
    await services.sealer.start()
    await services.database.ask(services.live_keys.read_ahead)
    background = asyncio.create_task(Maintenance(services).run())
    try:
        yield
    finally:
        services.hurry()
        background.cancel()
        await asyncio.wait([background])
        services.database.hurry(ended=True)
        if not services.reserve.is_given_up:
            await services.sealer.seal_quickly(services.settings.shutdown_seal_secs)
        await services.writer.stop()
        services.close()
