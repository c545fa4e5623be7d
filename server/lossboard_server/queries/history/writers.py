"""Who wrote a row: the names of a run's writers, and which of them wrote which row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.storage.points import Ints, Points

__all__ = ["Apart", "rows_apart", "writer_names"]

_CHILD = "child"
_ONLY = 0  # the number of whoever wrote a row that no writer is named for


def writer_names(connection: Connection, uids: Collection[int]) -> dict[int, str]:
    """The names of the writers of these runs, by number. Of one launch no two have the same; of
    several launches those are named alike that do the same work."""
    writer = schema.writer.c
    columns = (writer.id, writer.launch, writer.label, writer.rank, writer.host, writer.pid)
    mine = among(connection, writer.run_uid, uids)
    names: dict[int, str] = {}
    taken: Counter[tuple[int, str]] = Counter()
    for row in connection.execute(select(*columns).where(mine).order_by(writer.id)):
        name = _name(row)
        taken[row.launch, name] += 1
        count = taken[row.launch, name]
        names[row.id] = name if count == 1 else f"{name} ({count})"
    return names


def _name(row: Any) -> str:
    """Its label, else rank and host, else host and process; forked children say nothing."""
    if row.label:
        return str(row.label)
    if row.rank is not None:
        return f"rank {row.rank}" + (f" on {row.host}" if row.host else "")
    return f"{row.host}:{row.pid}" if row.host and row.pid is not None else _CHILD


@dataclass(frozen=True)
class Apart:
    """Rows of a stretch of steps, of which several may share one step.

    Row `i` is at step `steps[i]`, in ascending order; `writers[i]` names who wrote it, where
    others wrote the same key at this step, and is empty else. `series` holds the values, with the
    number of the row in place of the step.
    """

    steps: Ints
    writers: Sequence[str]
    series: list[tuple[str, Any]]


def rows_apart(
    series: Sequence[tuple[str, Any]], marks: Points, names: Mapping[int, str]
) -> Apart | None:
    """The rows of whole series, where several writers wrote one key at one step a row for each;
    None where nobody did. `marks` holds the number of the writer of each row that has one."""
    ordered = sorted({names.get(int(number), "") for number in np.unique(marks.numbers)})
    numbers = {name: number for number, name in enumerate(ordered, _ONLY + 1)}
    of_mark = np.array(
        [numbers[names.get(int(number), "")] for number in marks.numbers.tolist()], np.int64
    )
    wrote = [_writers_of(whole, marks, of_mark) for _, whole in series]
    shared = _shared_steps(series, wrote)
    if not len(shared):
        return None
    return _apart(series, wrote, shared, [_main_name(names, ordered), *ordered])


def _main_name(names: Mapping[int, str], marked: Collection[str]) -> str:
    """Of the process that no writer is named for: the one that began the run."""
    return next((name for name in names.values() if name not in marked), "main")


def _writers_of(whole: Any, marks: Points, of_mark: Ints) -> Ints:
    """Who wrote each of these values: rows are known by step and time. Of several rows at the same
    moment the first value is the first writer's, as they lie in the order of arrival."""
    pairs = [(marks.steps, marks.times_us), (whole.steps, whole.times_us)]
    steps, times = (np.unique(np.concatenate(both)) for both in zip(*pairs, strict=True))
    codes = [np.searchsorted(steps, s) * len(times) + np.searchsorted(times, t) for s, t in pairs]
    order = np.argsort(codes[0], kind="stable")
    ordered = codes[0][order]
    place = np.searchsorted(ordered, codes[1]) + _repetitions(codes[1])
    is_marked = place < np.searchsorted(ordered, codes[1], side="right")
    wrote = np.full(len(codes[1]), _ONLY, np.int64)
    wrote[is_marked] = of_mark[order[place[is_marked]]]
    return wrote


def _repetitions(codes: Ints) -> Ints:
    """Of each value how many equal ones come before it."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    counts = np.empty(len(codes), np.int64)
    counts[order] = np.arange(len(codes)) - np.searchsorted(ordered, ordered)
    return counts


def _shared_steps(series: Sequence[tuple[str, Any]], wrote: Sequence[Ints]) -> Ints:
    """The steps at which some key has values of several writers, ascending."""
    by_key: dict[str, list[Ints]] = {}
    for (key, whole), writers in zip(series, wrote, strict=True):
        if key:
            by_key.setdefault(key, []).append(np.stack([whole.steps, writers]))
    found = [_shared(np.concatenate(parts, axis=1)) for parts in by_key.values()]
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))


def _shared(pairs: Ints) -> Ints:
    """The steps that stand with more than one writer among pairs (step, writer)."""
    steps, counts = np.unique(np.unique(pairs, axis=1)[0], return_counts=True)
    shared: Ints = steps[counts > 1]
    return shared


def _apart(
    series: Sequence[tuple[str, Any]],
    wrote: Sequence[Ints],
    shared: Ints,
    names: Sequence[str],
) -> Apart:
    pairs = [
        np.stack([whole.steps, np.where(np.isin(whole.steps, shared), writers, -1)])
        for (_, whole), writers in zip(series, wrote, strict=True)
    ]
    rows = np.unique(np.concatenate(pairs, axis=1), axis=1)
    steps, kinds = np.unique(rows[0]), len(names) + 1  # places, since steps may be huge

    def codes(pair: Ints) -> Ints:
        code: Ints = np.searchsorted(steps, pair[0]) * kinds + pair[1] + 1
        return code

    known = codes(rows)
    placed = [
        (key, whole._replace(steps=np.searchsorted(known, codes(own))))
        for (key, whole), own in zip(series, pairs, strict=True)
    ]
    return Apart(rows[0], ["" if w < 0 else names[w] for w in rows[1].tolist()], placed)
