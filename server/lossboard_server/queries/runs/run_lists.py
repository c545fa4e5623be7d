"""Lists of runs: filtered, searched, sorted, a page of them, or what has changed of them.

What the columns of runs tell is cut by the database, so that a page costs what is on it. Only
filters and orders by config, summary, tags, times, metrics or patterns look at every run that the
rest of the filter leaves.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among, unindexed
from lossboard_server.queries.runs.filters import compile_filter, compile_search
from lossboard_server.queries.runs.run_columns import (
    Key,
    after_place,
    order_by_columns,
    split_filter,
)
from lossboard_server.queries.runs.run_fields import SWEEP, Fields
from lossboard_server.queries.runs.run_orders import Order, Place
from lossboard_server.queries.runs.run_rows import Run, RunMemo
from lossboard_server.queries.runs.runs import store_version

__all__ = ["RunPage", "RunQuery", "list_runs", "sweep_names"]

Conditions = Sequence[ColumnElement[bool]]


class RunQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of runs of a project, and their order; `filter` is in W&B's Mongo form.

    `since`: of those that match, only the ones changed after this version of the store. `after`:
    the `next` of the page before; runs that were changed or deleted meanwhile move no others.
    """

    search: str = ""
    filter: dict[str, Any] = {}
    sort: str = "created"
    descending: bool = True
    limit: int = 100
    offset: int = 0
    since: int = 0
    after: str = ""


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs; `total` counts all that match, also those not changed `since`; `version` is
    that of the store; `gone` are the numbers of the runs that were deleted `since`; `places` are
    those of the runs, for lists that go on after one of them; `more`: whether there are runs
    after these."""

    runs: list[Run]
    total: int
    version: int
    gone: list[int]
    places: list[Place]
    more: bool

    @property
    def next(self) -> str | None:
        """The place where the next page goes on, if there is one."""
        return self.places[-1].cursor() if self.more and self.places else None


def list_runs(connection: Connection, memo: RunMemo, project_id: int, query: RunQuery) -> RunPage:
    """The page of the project's runs that `query` asks for; raises Invalid for a bad filter."""
    conditions, rest = split_filter(connection, query.filter)
    keys = order_by_columns(connection, query.sort, descending=query.descending)
    if keys is None or rest or query.search:
        found, total = _matching(connection, memo, project_id, query, conditions, rest)
    else:
        found = _cut(connection, memo, project_id, query, conditions, keys)
        total = _count(connection, project_id, conditions)
    page = found[: query.limit]
    return RunPage(
        runs=page,
        total=total,
        version=store_version(connection),
        gone=_gone_since(connection, project_id, query.since) if query.since else [],
        places=_order(connection, memo, query, page).places(page),
        more=len(found) > query.limit,
    )


def _order(connection: Connection, memo: RunMemo, query: RunQuery, runs: Sequence[Run]) -> Order:
    return Order(query.sort, query.descending, _fields(connection, memo, runs))


def _fields(connection: Connection, memo: RunMemo, runs: Sequence[Run]) -> Fields:
    versions = {run.uid: run.version for run in runs}
    return Fields(lambda field: _column(connection, memo, field, versions))


def _place(query: RunQuery) -> Place | None:
    return Place.of_cursor(query.after) if query.after else None


def _cut(
    connection: Connection,
    memo: RunMemo,
    project_id: int,
    query: RunQuery,
    conditions: Conditions,
    keys: Sequence[Key],
) -> list[Run]:
    """The page and one run more, cut by the database; of what has changed, found by the changes."""
    run = schema.run.c
    owner = unindexed(run.project_id) if query.since else run.project_id
    rows = (
        select(run.id, run.version, run.heartbeat_us)
        .where(owner == project_id, run.deleted_us.is_(None), *conditions)
        .order_by(*(key.value.desc() if key.descending else key.value for key in keys))
        .limit(query.limit + 1 if query.limit else 0)
        .offset(query.offset)
    )
    if query.since:
        rows = rows.where(run.version > query.since)
    place = _place(query)
    if place is not None:
        rows = rows.where(after_place(keys, place))
    return memo.get(connection, connection.execute(rows))


def _count(connection: Connection, project_id: int, conditions: Conditions) -> int:
    run = schema.run
    present = (run.c.project_id == project_id, run.c.deleted_us.is_(None))
    count = select(func.count()).select_from(run).where(*present, *conditions)
    return int(connection.execute(count).scalar_one())


def _gone_since(connection: Connection, project_id: int, since: int) -> list[int]:
    """Runs that were deleted or moved to another project."""
    run, former = schema.run.c, schema.former_place.c
    deleted = select(run.id).where(
        unindexed(run.project_id) == project_id,
        run.version > since,
        run.deleted_us.is_not(None),
    )
    moved = (
        select(run.id)
        .join(schema.former_place, former.run_uid == run.id)
        .where(former.project_id == project_id, run.version > since)
    )
    found = (connection.execute(query).scalars() for query in (deleted, moved))
    return sorted(itertools.chain.from_iterable(found))


def _matching(
    connection: Connection,
    memo: RunMemo,
    project_id: int,
    query: RunQuery,
    conditions: Conditions,
    rest: Mapping[str, Any],
) -> tuple[list[Run], int]:
    """The runs from the page on, in order, and how many match, where more is asked than columns
    tell."""
    run = schema.run.c
    light = (
        select(run.id, run.version, run.heartbeat_us)
        .where(run.project_id == project_id, run.deleted_us.is_(None), *conditions)
        .order_by(run.slot)
    )
    runs = memo.get(connection, connection.execute(light))
    order = _order(connection, memo, query, runs)
    matches, found = compile_filter(rest, order.fields), compile_search(query.search)
    chosen = [run for run in runs if found(run.name) and matches(run)]
    changed = [run for run in chosen if run.version > query.since]
    return order.sorted(changed, _place(query))[query.offset :], len(chosen)


def _column(
    connection: Connection, memo: RunMemo, field: str, versions: Mapping[int, int]
) -> Mapping[int, Any]:
    """Values by uid of a field that stands outside of the rows."""
    if field == SWEEP:
        return sweep_names(connection, list(versions))
    return memo.metrics.column(connection, field, versions)


def sweep_names(connection: Connection, uids: Sequence[int]) -> dict[int, str]:
    """Names of the sweeps that runs belong to, of those that do."""
    run = schema.run
    query = select(run.c.id, run.c.metadata_json).where(
        among(connection, run.c.id, uids), run.c.metadata_json.contains(f'"{SWEEP}"')
    )
    found = {row.id: _decode_sweep(row.metadata_json) for row in connection.execute(query)}
    return {uid: named.sweep for uid, named in found.items() if named.sweep}


class _OfSweep(msgspec.Struct):
    """The part of a run's metadata that is read; the rest is skipped."""

    sweep: Any = None


_decode_sweep = msgspec.json.Decoder(_OfSweep).decode
