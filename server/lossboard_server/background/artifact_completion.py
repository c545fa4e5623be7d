"""Announced artifacts become versions as soon as all that belongs to them is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from sqlalchemy import Connection

from lossboard_server.queries.artifacts.awaited_blobs import AwaitedBlobs
from lossboard_server.queries.artifacts.pending_artifacts import Announced, filled, pending
from lossboard_server.services import Services
from lossboard_server.writing.logged_artifacts import commit_complete

__all__ = ["settle_all", "settle_blobs", "settle_logged"]


async def settle_logged(services: Services, client_ids: list[str]) -> None:
    """After a record that announced artifacts or brought entries of them."""
    await _settle(services, partial(filled, client_ids=client_ids))


async def settle_blobs(services: Services, names: Iterable[str]) -> None:
    """After blobs came, by their SHA-256."""
    if not services.awaited.is_informed:
        await settle_all(services)
    waiting = {one for name in names for one in services.awaited.waiting_for(name)}
    if waiting:
        await _settle(services, partial(pending, asked=sorted(waiting)))


async def settle_all(services: Services) -> None:
    """For what a server that was stopped in between left undone."""
    await _settle(services, filled)
    services.awaited.is_informed = True


async def _settle(services: Services, find: Callable[[Connection], list[Announced]]) -> None:
    complete = await services.database.ask(partial(_complete, find=find, awaited=services.awaited))
    if complete:
        await services.writer.write(partial(commit_complete, complete=complete))


def _complete(
    connection: Connection, *, find: Callable[[Connection], list[Announced]], awaited: AwaitedBlobs
) -> list[Announced]:
    return [one for one in find(connection) if awaited.has_all(connection, one)]
