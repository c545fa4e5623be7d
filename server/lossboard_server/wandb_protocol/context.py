"""The context of resolvers: the server's parts, and who asked from where.

Resolvers are plain functions that run in a worker thread; a write waits for the writer there.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import anyio.from_thread
from graphql import GraphQLError
from sqlalchemy import Connection

from lossboard.wire import RunStart
from lossboard_server.services import Services
from lossboard_server.wandb_protocol.signing import Signer
from lossboard_server.writing.writer import Transaction

__all__ = [
    "DEFAULT_ENTITY",
    "DEFAULT_PAGE",
    "Call",
    "connection_of",
    "global_id",
    "id_parts",
    "iso_time",
    "page_of",
    "whole_list",
]

DEFAULT_ENTITY: Final = "local"
DEFAULT_PAGE: Final = 50

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(kw_only=True)
class Call:
    """One request of a W&B client. `base_url` is the address it reached us by, without a slash
    at the end; `client_id` is set in shared mode only. It works in one thread, which closes it."""

    services: Services
    signer: Signer
    base_url: str
    client_id: str = ""
    client_version: tuple[int, ...] = ()  # of W&B's reader; empty: something else asks
    listed: dict[int, Any] = field(default_factory=dict)  # nodes of runs in lists, by uid
    _reading: ExitStack = field(default_factory=ExitStack, init=False, repr=False)
    _connection: Connection | None = field(default=None, init=False, repr=False)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection in the request's one read transaction, which the first read begins.

        It ends with the request, with a read that fails, and before a write: what is read after
        that has what was written.
        """
        if self._connection is None:
            self._connection = self._reading.enter_context(self.services.database.read())
        try:
            yield self._connection
        except BaseException:
            self._connection = None
            self._reading.__exit__(*sys.exc_info())  # raises TimedOut for what took too long
            raise

    def write(self, task: Callable[[Transaction], Result]) -> Result:
        """The result of `task` once it is committed."""
        self.close()
        return anyio.from_thread.run(self._write, task)

    def has_blob(self, sha256: str) -> bool:
        """Whether a blob is here, with the bytes of its name."""
        return anyio.from_thread.run(self.services.blobs.has_intact, sha256)

    def close(self) -> None:
        """End the read transaction, if there is one."""
        self._connection = None
        self._reading.close()

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
    """The parts that `global_id(kind, ...)` was made of; raises GraphQLError for other ids."""
    try:
        found, *parts = base64.b64decode(text, validate=True).decode().split(":")
    except ValueError:
        found, parts = "", []
    if found != kind or not parts:
        raise GraphQLError(f"{text!r} is not a {kind} id")
    return parts


def iso_time(time_us: int | None) -> str | None:
    """A time as W&B writes it."""
    if time_us is None:
        return None
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_of(
    items: Iterable[Item],
    node: Callable[[Item], object],
    *,
    key: Callable[[Item], Any],
    after: str | None,
    first: int | None,
    edge: Callable[[Item], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A connection over `items`, which are all there are, in the order of `key`: a list of texts
    and numbers of its own for each, so that a page goes on behind the one before, whatever of that
    is deleted meanwhile."""
    ordered = sorted(items, key=key)
    last = _key_in(after) if after else None
    rest = [item for item in ordered if last is None or key(item) > last]
    chosen = rest[: first or DEFAULT_PAGE]
    return connection_of(
        [node(item) for item in chosen],
        cursors=[json.dumps(key(item)) for item in chosen],
        total=len(ordered),
        more=len(rest) > len(chosen),
        extra=[edge(item) for item in chosen] if edge else None,
    )


def _key_in(cursor: str) -> list[Any]:
    """The key that a cursor of `page_of` holds; raises GraphQLError for other texts."""
    try:
        found = json.loads(cursor)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise GraphQLError(f"{cursor[:80]!r} is no cursor of this list")
    return found


def whole_list(items: Iterable[Item], node: Callable[[Item], object]) -> dict[str, Any]:
    """A connection over all `items` at once, in their order."""
    nodes = [node(item) for item in items]
    cursors = [str(place) for place in range(1, len(nodes) + 1)]
    return connection_of(nodes, cursors=cursors, total=len(nodes), more=False)


def connection_of(
    nodes: Sequence[object],
    *,
    cursors: Sequence[str],
    total: int,
    more: bool,
    extra: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A connection over `nodes`, some of `total`; `more`: whether others come after them; `extra`
    is what else their edges say."""
    besides = extra or [{} for _ in nodes]
    return {
        "totalCount": total,
        "edges": [
            {"node": node, "cursor": cursor, **one}
            for node, cursor, one in zip(nodes, cursors, besides, strict=True)
        ],
        "pageInfo": {"endCursor": cursors[-1] if cursors else None, "hasNextPage": more},
    }
