"""`POST /api/query/frames`: rows of many runs as columns: all rows of whole runs.

A row is a step at which a run logged one of the keys; of values of one key at one step the last
that arrived stands in it, whichever process wrote it. Answers are bounded: one goes on where the
one before ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection

from lossboard_server.queries.points.lineage import Lineage
from lossboard_server.queries.points.selection import Found, Selection
from lossboard_server.queries.points.whole import read_window
from lossboard_server.storage import TailMemo
from lossboard_server.storage.entries import scalar
from lossboard_server.storage.points import Ints, Points

__all__ = ["FrameQuery", "FrameResult", "Mark", "query_frames"]

_MOST_POINTS: Final = 2_000_000  # of one answer, about: 24 bytes each
_RUNS_AT_ONCE: Final = 500
_KINDS: Final = {"history": ("scalar", "json"), "system": ("system", "system_json")}

Name = tuple[int, str, str]  # of a series: run, kind, key


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The begin of an answer: a run, by its place among those asked for, and a step of it."""

    place: Annotated[int, msgspec.Meta(ge=0)] = 0
    step: int | None = None


class FrameQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The runs by number, in order; the keys, None: all but histograms; steps from `min_step` on
    and below `max_step`. `after`: the `next` of the answer before."""

    runs: Annotated[list[int], msgspec.Meta(max_length=1_000_000)]
    keys: list[str] | None = None
    min_step: int | None = None
    max_step: int | None = None
    stream: Literal["history", "system"] = "history"
    after: Mark = Mark()


class FrameColumn(msgspec.Struct, frozen=True):
    """The values of a key, in these `rows` of its frame, or in all (None): `numbers`, which are
    ints if they are `whole`, or else `values` of any kind."""

    rows: Any
    numbers: Any
    values: list[Any] | None
    whole: bool


class Frame(msgspec.Struct, frozen=True):
    """Rows of one run, by ascending step; times are microseconds since the epoch."""

    run: int
    started_us: int
    steps: Any
    times_us: Any
    columns: dict[str, FrameColumn]


class FrameResult(msgspec.Struct, frozen=True):
    """Frames, those of a large run in several answers; `next`: where the next answer begins."""

    frames: list[Frame]
    next: Mark | None


class _Asked(NamedTuple):
    """A run, what it has of the keys, and how many points that is."""

    line: Lineage
    found: dict[Name, list[Found]]

    @property
    def points(self) -> int:
        return sum(one.n for ones in self.found.values() for one in ones)


def query_frames(connection: Connection, memo: TailMemo, query: FrameQuery) -> FrameResult:
    """The rows that fit into one answer; at least some of one run, if there are any."""
    place, step = query.after.place, query.after.step
    uids = query.runs[place : place + _RUNS_AT_ONCE]
    asked = _asked(Selection(connection, memo, uids, _KINDS[query.stream], query.keys), uids)
    if asked and asked[0].points and (step is not None or asked[0].points > _MOST_POINTS):
        return _stretch(connection, query, asked[0])
    count, points = 0, 0
    while count < len(asked) and points + asked[count].points <= _MOST_POINTS:
        points += asked[count].points
        count += 1
    frames = _frames(connection, query, asked[:count])
    return FrameResult(frames, _mark(query, place + count))


def _asked(selection: Selection, uids: Sequence[int]) -> list[_Asked]:
    """The runs in their order; one that is gone has nothing."""
    lines = {line.run_uid: line for line in selection.lineages}
    return [
        _Asked(
            lines[uid],
            {
                (uid, kind, key): selection.find(lines[uid], kind, key)
                for kind, key in selection.names(lines[uid])
            },
        )
        for uid in uids
    ]


def _mark(query: FrameQuery, place: int) -> Mark | None:
    return Mark(place) if place < len(query.runs) else None


def _stretch(connection: Connection, query: FrameQuery, asked: _Asked) -> FrameResult:
    """Some steps of a run that is too large for one answer."""
    extents = [one.extent("step") for ones in asked.found.values() for one in ones]
    least, most = min(low for low, _ in extents), max(high for _, high in extents)
    low = least if query.after.step is None else query.after.step
    width = max(1, (most - least + 1) * _MOST_POINTS // asked.points)
    high = low + width - 1
    frames = _frames(connection, query, [asked], (low, high))
    place = query.after.place
    mark = Mark(place, high + 1) if high < most else _mark(query, place + 1)
    return FrameResult(frames, mark)


def _frames(
    connection: Connection,
    query: FrameQuery,
    asked: Sequence[_Asked],
    steps: tuple[int | None, int | None] = (None, None),
) -> list[Frame]:
    low = _bound(max, steps[0], query.min_step)
    high = _bound(min, steps[1], None if query.max_step is None else query.max_step - 1)
    wholes: dict[Name, Any] = {}
    for kind in _KINDS[query.stream]:
        found = {n: ones for one in asked for n, ones in one.found.items() if n[1] == kind}
        wholes |= read_window(connection, kind, found, low, high)
    return [frame for one in asked if (frame := _frame(one, wholes)) is not None]


def _bound(join: Any, a: int | None, b: int | None) -> int | None:
    known = [bound for bound in (a, b) if bound is not None]
    return join(known) if known else None


def _frame(asked: _Asked, wholes: Mapping[Name, Any]) -> Frame | None:
    own = [(name, wholes[name]) for name in asked.found if name in wholes]
    own = [(name, whole) for name, whole in own if len(whole.steps)]
    if not own:
        return None
    rows, inverse = np.unique(
        np.concatenate([whole.steps for _, whole in own]), return_inverse=True
    )
    times = np.full(len(rows), np.iinfo(np.int64).min)
    np.maximum.at(times, inverse, np.concatenate([whole.times_us for _, whole in own]))
    by_key: dict[str, list[Any]] = {}
    for (_, _, key), whole in own:
        by_key.setdefault(key, []).append(whole)
    columns = {key: _column(rows, several) for key, several in by_key.items()}
    return Frame(asked.line.run_uid, asked.line.started_us, rows, times, columns)


def _column(rows: Ints, wholes: Sequence[Any]) -> FrameColumn:
    if len(wholes) > 1:
        return _mixed(rows, wholes)
    whole, lasts = wholes[0], _last_of_each_step(wholes[0].steps)
    places = np.searchsorted(rows, whole.steps[lasts])
    where = None if len(places) == len(rows) else places
    if isinstance(whole, Points):
        is_whole = bool(whole.types[lasts].all())
        return FrameColumn(where, whole.numbers[lasts], None, is_whole)
    return FrameColumn(where, None, [whole.items[place] for place in lasts.tolist()], False)


def _mixed(rows: Ints, wholes: Sequence[Any]) -> FrameColumn:
    """Numbers and other values under one key: the later one stands."""
    latest: dict[int, tuple[int, Any]] = {}
    for whole in wholes:
        lasts = _last_of_each_step(whole.steps)
        for place, step in zip(lasts.tolist(), whole.steps[lasts].tolist(), strict=True):
            time_us = int(whole.times_us[place])
            if step not in latest or time_us >= latest[step][0]:
                latest[step] = (time_us, _value(whole, place))
    steps = np.array(sorted(latest), np.int64)
    values = [latest[step][1] for step in steps.tolist()]
    return FrameColumn(np.searchsorted(rows, steps), None, values, False)


def _value(whole: Any, place: int) -> Any:
    if isinstance(whole, Points):
        return scalar(float(whole.numbers[place]), int(whole.types[place]))
    return whole.items[place]


def _last_of_each_step(steps: Ints) -> Ints:
    order: Ints = np.argsort(steps, kind="stable")
    ordered = steps[order]
    is_last = np.append(ordered[1:] != ordered[:-1], np.ones(min(len(steps), 1), bool))
    lasts: Ints = order[np.flatnonzero(is_last)]
    return lasts
