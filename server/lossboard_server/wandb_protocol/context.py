"""What resolvers work with: the server's parts, and who asked from where.

Resolvers are plain functions that run in a worker thread; a write waits for the writer there.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import anyio.from_thread
from graphql import GraphQLError
from sqlalchemy import Connection

from lossboard.wire import RunStart
from lossboard_server.services import Services
from lossboard_server.wandb_protocol.signing import Signer
from lossboard_server.writing.writer import Transaction

__all__ = ["DEFAULT_ENTITY", "DEFAULT_PAGE", "Call", "global_id", "id_parts", "iso_time", "page_of"]

DEFAULT_ENTITY: Final = "local"
DEFAULT_PAGE: Final = 50

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request of a W&B client. `base_url` is the address it reached us by, without a slash
    at the end; `client_id` is set in shared mode only."""

    services: Services
    signer: Signer
    base_url: str
    client_id: str = ""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in one read transaction."""
        with self.services.database.read() as connection:
            yield connection

    def write(self, task: Callable[[Transaction], Result]) -> Result:
        """The result of `task` once it is committed."""
        return anyio.from_thread.run(self._write, task)

    async def _write(self, task: Callable[[Transaction], Result]) -> Result:
        return await self.services.writer.write(task)

    def start(self, entity: str | None, project: str | None, run_id: str) -> RunStart:
        """The name of a run in the form that records carry."""
        return RunStart(
            entity=entity or DEFAULT_ENTITY,
            project=project or "uncategorized",
            run_id=run_id,
            started_us=time.time_ns() // 1000,
        )


def global_id(*parts: object) -> str:
    """W&B's opaque ids: base64 of a kind and what names the thing."""
    return base64.b64encode(":".join(map(str, parts)).encode()).decode()


def id_parts(text: str, kind: str) -> list[str]:
    """What `global_id(kind, ...)` was made of; raises GraphQLError for other ids."""
    try:
        found, *parts = base64.b64decode(text, validate=True).decode().split(":")
    except ValueError:
        found, parts = "", []
    if found != kind or not parts:
        raise GraphQLError(f"{text!r} is no id of a {kind}")
    return parts


def iso_time(time_us: int | None) -> str | None:
    """A time as W&B writes it."""
    if time_us is None:
        return None
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_of(
    items: list[Any],
    node: Callable[[Any], dict[str, Any]],
    *,
    after: str | None,
    first: int | None,
    edge: Callable[[Any], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A connection over `items`, which are all there are; cursors are positions."""
    start = int(after or 0)
    chosen = items[start : start + (first or DEFAULT_PAGE)]
    end = start + len(chosen)
    return {
        "totalCount": len(items),
        "edges": [
            {"node": node(item), "cursor": str(start + index + 1), **(edge(item) if edge else {})}
            for index, item in enumerate(chosen)
        ],
        "pageInfo": {"endCursor": str(end), "hasNextPage": end < len(items)},
    }
