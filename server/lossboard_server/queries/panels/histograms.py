"""`POST /api/query/histograms`: histogram events of series, one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from lossboard_server.damage import damaged_blocks, readable
from lossboard_server.database import schema
from lossboard_server.errors import Invalid
from lossboard_server.queries.panels.event_parts import (
    Events,
    join_parts,
    joined_bins,
    part_columns,
)
from lossboard_server.queries.points.lineage import Lineage, attempts_of_several
from lossboard_server.queries.points.selection import Found, Selection
from lossboard_server.queries.runs.runs import store_version
from lossboard_server.storage import TailMemo
from lossboard_server.storage.histograms import (
    Counts,
    Magnitudes,
    Statistics,
    decode_counts,
    decode_magnitudes,
    decode_statistics,
)
from lossboard_server.storage.points import Ints

__all__ = [
    "HistogramAnswer",
    "HistogramQuery",
    "HistogramResult",
    "query_histograms",
    "read_statistics",
]

_Bins = dict[int, tuple[Counts, Magnitudes]]

_BLOCKS_PER_STATEMENT = 1000
_MAX_EVENTS = 1_000_000


class HistogramQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of the request (docs/http_api.md)."""

    runs: list[int]
    keys: list[str]
    x0: float | None = None
    x1: float | None = None
    limit: int = 5000
    magnitude: bool = True
    ordinals: tuple[int, int] | None = None


class HistogramAnswer(msgspec.Struct, frozen=True):
    """The chosen events of one series."""

    run: int
    key: str
    n: int
    in_window: int
    stride: int
    generation: int
    columns: dict[str, NDArray[Any]]
    damaged: int = 0  # blocks that can't be read; their events are missing


class HistogramResult(msgspec.Struct, frozen=True):
    """The answer; series without any event are not in it."""

    series: list[HistogramAnswer]
    version: int


def query_histograms(
    connection: Connection, memo: TailMemo, query: HistogramQuery
) -> HistogramResult:
    """The events of every run's every key.

    Raises Invalid for a limit that isn't one, NotFound for unknown runs.
    """
    if not 1 <= query.limit <= _MAX_EVENTS:
        raise Invalid(f"limit is {query.limit}: expected 1 to {_MAX_EVENTS:,} events a series")
    selection = Selection(connection, memo, query.runs, ["histogram"], query.keys)
    found = {
        (lineage, key): selection.find(lineage, "histogram", key)
        for lineage in selection.lineages
        for key in dict.fromkeys(query.keys)
    }
    events = read_statistics(connection, {name: ones for name, ones in found.items() if ones})
    answers = [
        _answer(connection, name, found[name], events[name], query)
        for name in events
        if len(events[name])
    ]
    return HistogramResult(answers, store_version(connection))


def read_statistics(connection: Connection, found: dict[Any, list[Found]]) -> dict[Any, Events]:
    """The events of each of these series, without their bins."""
    ids = [one.series_id for ones in found.values() for one in ones if one.series_id is not None]
    sealed: dict[int, list[Events]] = {}
    for row in _statistics_rows(connection, ids):
        statistics = readable(partial(decode_statistics, row.data, row.n), row)
        if statistics is not None:
            part = Events(statistics, np.full(row.n, row.id), np.arange(row.n))
            sealed.setdefault(row.series_id, []).append(part)
    several = attempts_of_several(connection, {one.attempt_id for o in found.values() for one in o})
    joined = {name: _join(ones, sealed, several) for name, ones in found.items()}
    return {name: events for name, events in joined.items() if events is not None}


def _statistics_rows(connection: Connection, ids: Sequence[int]) -> Iterable[Any]:
    block = schema.hist_block.c
    for start in range(0, len(ids), _BLOCKS_PER_STATEMENT):
        some = ids[start : start + _BLOCKS_PER_STATEMENT]
        yield from connection.execute(
            select(block.id, block.series_id, block.ordinal, block.n, block.data)
            .where(block.series_id.in_(some), block.open.in_((False, True)))
            .order_by(block.series_id, block.ordinal)
        )


def _join(
    found: Sequence[Found], sealed: dict[int, list[Events]], several: Collection[int]
) -> Events | None:
    """The events by step; None where there are none but damaged ones."""
    parts: list[Events] = []
    for place, one in enumerate(found):
        pieces = list(sealed.get(one.series_id, ())) if one.series_id is not None else []
        if one.tail is not None:
            n = len(one.tail.steps)
            pieces.append(Events(one.tail.statistics, np.full(n, -1 - place), np.arange(n)))
        if pieces:
            joined = join_parts(Events.join(pieces), several=one.attempt_id in several)
            parts.append(
                joined if one.cut is None else joined.take(joined.statistics.steps <= one.cut)
            )
    if not parts:
        return None
    whole = Events.join(parts)
    steps = whole.statistics.steps
    if not (steps[1:] >= steps[:-1]).all():
        whole = whole.take(np.argsort(steps, kind="stable"))
    return whole


def _choose(events: Events, query: HistogramQuery) -> tuple[Ints, int, int]:
    """Positions of the events to answer, how many are in the window, and the stride."""
    n = len(events)
    if query.ordinals is not None:
        first, last = query.ordinals
        inside = np.arange(max(first, 0), max(0, min(last + 1, n)))
    else:
        mask = np.ones(n, np.bool_)  # bool[events of the series]
        if query.x0 is not None:
            mask &= events.statistics.steps >= query.x0
        if query.x1 is not None:
            mask &= events.statistics.steps <= query.x1
        inside = np.flatnonzero(mask)
    stride = max(1, -(-len(inside) // query.limit))
    return inside[::-1][::stride][::-1], len(inside), stride


def _answer(
    connection: Connection,
    name: tuple[Lineage, str],
    found: list[Found],
    events: Events,
    query: HistogramQuery,
) -> HistogramAnswer:
    lineage, key = name
    chosen, in_window, stride = _choose(events, query)
    parts = _read_bins(connection, found, events.take(chosen), magnitude=query.magnitude)
    chosen = chosen[np.isin(events.blocks[chosen], list(parts))]  # those of damaged bins are out
    some = events.take(chosen)
    columns = {"ordinal": chosen} | _statistics_columns(some.statistics) | part_columns(some)
    columns |= _bins(parts, some, magnitude=query.magnitude)
    return HistogramAnswer(
        run=lineage.run_uid,
        key=key,
        n=len(events),
        in_window=in_window,
        stride=stride,
        generation=lineage.generation,
        columns=columns,
        damaged=damaged_blocks({one.series_id for one in found}),
    )


_RENAMED = {"steps": "step", "times_us": "time_us", "batches": "batch"}


def _statistics_columns(statistics: Statistics) -> dict[str, NDArray[Any]]:
    columns = statistics._asdict()
    del columns["fractional"], columns["parts"]
    return {_RENAMED.get(name, name): column for name, column in columns.items()}


def _bins(parts: _Bins, events: Events, *, magnitude: bool) -> dict[str, NDArray[Any]]:
    counts = _in_order([part[0] for part in parts.values()], Counts, parts, events)
    magnitudes = (
        _in_order([part[1] for part in parts.values()], Magnitudes, parts, events)
        if magnitude
        else None
    )
    counts, magnitudes = joined_bins(counts, magnitudes, events)
    columns: dict[str, NDArray[Any]] = {
        "bins": counts.bins,
        "counts": counts.counts,
        "edges": counts.edges,
        "edged": counts.edged,
    }
    if magnitudes is not None:
        columns["magnitude_bins"] = magnitudes.bins
        columns["magnitude_keys"] = magnitudes.keys
        columns["magnitude_counts"] = magnitudes.counts
    return columns


def _read_bins(
    connection: Connection, found: list[Found], events: Events, *, magnitude: bool
) -> _Bins:
    """Bins of all events of the blocks and tails that the events come from."""
    parts: _Bins = {
        -1 - place: (one.tail.counts, one.tail.magnitudes)
        for place, one in enumerate(found)
        if one.tail is not None
    }
    wanted = np.unique(events.blocks[events.blocks >= 0]).tolist()
    block = schema.hist_block.c
    place = (block.id, block.series_id, block.ordinal, block.n)
    columns = [*place, block.counts, *([block.magnitude] if magnitude else [])]
    for start in range(0, len(wanted), _BLOCKS_PER_STATEMENT):
        some = wanted[start : start + _BLOCKS_PER_STATEMENT]
        for row in connection.execute(select(*columns).where(block.id.in_(some))):
            bins = readable(partial(_decode_bins, row, magnitude), row)
            if bins is not None:
                parts[row.id] = bins
    return parts


def _decode_bins(row: Any, magnitude: bool) -> tuple[Counts, Magnitudes]:
    packed = row.magnitude if magnitude else b""
    return decode_counts(row.counts, row.n), decode_magnitudes(packed, row.n)


def _in_order(bins: list[Any], kind: Any, parts: _Bins, events: Events) -> Any:
    """The bins of the events, in their order."""
    if not bins:
        return kind(*(np.empty(0) for _ in kind._fields))
    names = np.array(list(parts))  # int64[parts]
    starts = np.cumsum([0, *(len(part.bins) for part in bins)])[:-1]  # int64[parts]: first events
    order = np.argsort(names)
    where = order[np.searchsorted(names[order], events.blocks)]
    places = starts[where] + events.places  # int64[events]
    whole = kind.join(bins)
    if len(places) == len(whole.bins) and (places[1:] > places[:-1]).all():
        return whole
    return whole.take(places)
