"""Reads series whole or in a window of steps: every point, value or event as it was logged."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Table, select

from lossboard_server.damage import readable
from lossboard_server.database import schema
from lossboard_server.queries.points.selection import Found
from lossboard_server.storage.flat import decode_histograms
from lossboard_server.storage.histograms import Histograms
from lossboard_server.storage.points import Points, decode_points
from lossboard_server.storage.tail import WRITER_KIND
from lossboard_server.storage.values import Values, decode_values

__all__ = ["KIND_TABLES", "read_all", "read_window"]

KIND_TABLES = {
    "scalar": schema.block,
    "system": schema.block,
    "histogram": schema.hist_block,
    "json": schema.json_block,
    "system_json": schema.json_block,
    "row": schema.json_block,
    WRITER_KIND: schema.block,
}
_SERIES_PER_STATEMENT = 5000

Name = TypeVar("Name", bound=Hashable)


def read_all(connection: Connection, found: Sequence[Found]) -> Any:
    """All points of one scalar series in the order in which they are stored, then the tail's."""
    return read_window(connection, "scalar", {"": found}, None, None)[""]


def read_window(
    connection: Connection,
    kind: str,
    found: Mapping[Name, Sequence[Found]],
    low: int | None,
    high: int | None,
) -> dict[Name, Any]:
    """The content of each series from step `low` to `high`, inclusive; None: no limit.

    The order is that of the attempts, in each that of the store, then the tail. Series with
    nothing in the window may be empty or absent.
    """
    table = KIND_TABLES[kind]
    ids = [one.series_id for ones in found.values() for one in ones if one.series_id is not None]
    sealed: dict[int, list[Any]] = {}
    for start in range(0, len(ids), _SERIES_PER_STATEMENT):
        query = _query(table, ids[start : start + _SERIES_PER_STATEMENT], low, high)
        for row in connection.execute(query):
            part = readable(partial(_decode, table, row), row)
            if part is not None:  # clipped at once: a window is often a small part of its blocks
                sealed.setdefault(row.series_id, []).append(_clip(part, low, high))
    wholes = {}
    for name, ones in found.items():
        parts = [part for one in ones for part in _parts(one, sealed, low, high)]
        if parts or table is schema.block:
            join: Any = _TYPES[table].join
            wholes[name] = join(parts)
    return wholes


_TYPES: dict[Table, Any] = {
    schema.block: Points,
    schema.hist_block: Histograms,
    schema.json_block: Values,
}


def _query(table: Table, ids: Sequence[int], low: int | None, high: int | None) -> Any:
    query = (
        select(table)
        .where(table.c.series_id.in_(ids), table.c.open.in_((False, True)))
        .order_by(table.c.series_id, table.c.ordinal)
    )
    if table is schema.block:
        query = query.where(table.c.level == 0)
    if low is not None:
        query = query.where(table.c.s1 >= low)
    if high is not None:
        query = query.where(table.c.s0 <= high)
    return query


def _decode(table: Table, row: Any) -> Any:
    if table is schema.block:
        return decode_points(row.data, row.n, row.codec)
    if table is schema.hist_block:
        return decode_histograms(row)
    return decode_values(row.data, row.n)


def _parts(
    one: Found, sealed: Mapping[int, list[Any]], low: int | None, high: int | None
) -> list[Any]:
    parts = list(sealed.get(one.series_id, ())) if one.series_id is not None else []
    if one.tail is not None:
        parts.append(one.tail)
    limits = [limit for limit in (high, one.cut) if limit is not None]
    return [_clip(part, low, min(limits, default=None)) for part in parts]


def _clip(part: Any, low: int | None, high: int | None) -> Any:
    inside = np.ones(len(part.steps), np.bool_)
    if low is not None:
        inside &= part.steps >= low
    if high is not None:
        inside &= part.steps <= high
    return part if inside.all() else part.take(inside)
