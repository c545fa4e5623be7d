"""Announced artifacts become versions as soon as all that belongs to them is here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection

from lossboard_server.blobs import BlobStore
from lossboard_server.logged_artifacts import commit_complete
from lossboard_server.queries.pending_artifacts import blobs_of, filled
from lossboard_server.services import Services

__all__ = ["settle_all", "settle_blob", "settle_logged"]


async def settle_logged(services: Services, client_ids: list[str]) -> None:
    """After a record that announced artifacts or brought entries of them."""
    await _settle(services, partial(filled, client_ids=client_ids))


async def settle_blob(services: Services, sha256: str) -> None:
    """After a blob came."""
    await _settle(services, partial(filled, sha256=sha256))


async def settle_all(services: Services) -> None:
    """For what a server that was stopped in between left undone."""
    await _settle(services, filled)


async def _settle(services: Services, find: Callable[[Connection], list[int]]) -> None:
    complete = await services.database.ask(partial(_complete, find=find, blobs=services.blobs))
    if complete:
        await services.writer.write(partial(commit_complete, artifact_ids=complete))


def _complete(
    connection: Connection, *, find: Callable[[Connection], list[int]], blobs: BlobStore
) -> list[int]:
    return [
        artifact_id
        for artifact_id in find(connection)
        if all(map(blobs.has, blobs_of(connection, artifact_id)))
    ]
