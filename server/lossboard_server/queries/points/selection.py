"""The series that a query is about, with what the catalogue and the tail know of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.queries.points.lineage import Lineage, Part, lineages
from lossboard_server.queries.points.reader import Piece
from lossboard_server.storage.entries import Entry, entry_of, entry_of_row
from lossboard_server.storage.points import Points
from lossboard_server.storage.tail import Tail, TailKey, TailMemo, TailSeries, read_tail

__all__ = ["Found", "Selection", "found_ascends"]

_KEYS_PER_STATEMENT = 5000
_BESIDE = ("system", "system_json", "writer")  # kinds of what is recorded beside logged rows


class Found:
    """The content of a series in one attempt: its row in the catalogue, or None, and its tail.

    `cut`: the last step that counts, where there are later ones, else None. `beside`: the attempt
    before went on meanwhile, so that this one takes the place of nothing.
    """

    def __init__(self, row: Any, waiting: TailSeries | None, part: Part) -> None:
        self.attempt_id, self.beside, cut = part.attempt_id, part.beside, part.cut
        self.row = row
        self.waiting = waiting
        beyond = cut is not None and self.extent("step")[1] > cut
        self.cut = cut if beyond else None

    @cached_property
    def tail(self) -> Any:
        """The points that wait in the tail, None: nothing. Histograms are unpacked here, and not
        before."""
        return None if self.waiting is None else self.waiting.unpacked()

    @property
    def series_id(self) -> int | None:
        """Number of the sealed series."""
        return None if self.row is None else int(self.row.id)

    @property
    def n(self) -> int:
        """How many points there are, on both sides of the cut."""
        sealed = 0 if self.row is None else int(self.row.n)
        return sealed + (0 if self.waiting is None else len(self.waiting.data.steps))

    def extent(self, of: Literal["step", "us"]) -> tuple[int, int]:
        """Least and greatest step, or time in us, on both sides of the cut."""
        extents: list[tuple[int, int]] = []
        if self.row is not None:
            extents.append((getattr(self.row, f"min_{of}"), getattr(self.row, f"max_{of}")))
        if self.waiting is not None:
            waits = self.waiting.data
            column = waits.steps if of == "step" else waits.times_us
            extents.append((int(column.min()), int(column.max())))
        return min(low for low, _ in extents), max(high for _, high in extents)

    @property
    def last_step(self) -> int:
        """The greatest step that counts."""
        greatest = self.extent("step")[1]
        return greatest if self.cut is None else min(greatest, self.cut)

    def entries(self) -> list[Entry]:
        """The facts of what is sealed and of what is in the tail, on both sides of the cut."""
        sealed = [] if self.row is None else [entry_of_row(self.row)]
        return sealed if self.tail is None else [*sealed, entry_of(self.tail)]

    def piece(self) -> Piece:
        """The piece for the reader of scalars."""
        assert self.tail is None or isinstance(self.tail, Points)
        return Piece(self.series_id, self.cut, self.tail)


def found_ascends(found: Sequence[Found]) -> bool:
    """Whether neither steps nor times ever decrease in a series, from attempt to attempt too."""
    entries = [entry for one in found for entry in one.entries()]
    if not all(entry.steps_ascend and entry.times_ascend for entry in entries):
        return False
    neighbours = zip(entries, entries[1:], strict=False)
    return all(a.max_step <= b.min_step and a.max_us <= b.min_us for a, b in neighbours)


class Selection:
    """Series of some runs: of these kinds and keys, or of all (None)."""

    def __init__(
        self,
        connection: Connection,
        memo: TailMemo,
        uids: Sequence[int],
        kinds: Sequence[str],
        keys: Sequence[str] | None,
    ) -> None:
        self.connection = connection
        self.lineages: list[Lineage] = lineages(connection, uids)
        self.memo = memo
        self.is_partial = keys is not None
        self._readable = sorted({id_ for lineage in self.lineages for id_ in lineage.run_uids})
        self._histograms = "histogram" in kinds
        self.tail = read_tail(connection, memo, self._readable, histograms=self._histograms)
        self._rows = {
            TailKey(row.attempt_id, row.kind, row.key): row
            # Sorted here: the database would copy the rows, which hold the last value of each.
            for row in sorted(self._series_rows(kinds, keys), key=lambda row: row.id)
        }
        self._names: dict[int, list[TailKey]] = {}  # by attempt
        for name in (*self._rows, *self._tail_names(kinds, keys)):
            self._names.setdefault(name.attempt_id, []).append(name)

    def _series_rows(self, kinds: Sequence[str], keys: Sequence[str] | None) -> Iterator[Any]:
        series = schema.series
        attempts = sorted({part.attempt_id for line in self.lineages for part in line.parts})
        query = select(series).where(
            among(self.connection, series.c.attempt_id, attempts), series.c.kind.in_(kinds)
        )
        if keys is None:
            yield from self.connection.execute(query)
            return
        for start in range(0, len(keys), _KEYS_PER_STATEMENT):
            some = keys[start : start + _KEYS_PER_STATEMENT]
            yield from self.connection.execute(query.where(series.c.key.in_(some)))

    def _tail_names(self, kinds: Sequence[str], keys: Sequence[str] | None) -> Iterator[TailKey]:
        allowed = None if keys is None else set(keys)
        for name in self.tail.names():
            if name.kind in kinds and (allowed is None or name.key in allowed):
                yield name

    @cached_property
    def first_us(self) -> dict[int, int]:
        """Time of the logged row that arrived first, by attempt, of the eldest attempt of each run
        that has any: series come in order of arrival."""
        series = schema.series.c
        attempts = {line.parts[0].attempt_id for line in self.lineages if line.parts}
        mine = (series.first_us.is_not(None), series.kind.not_in(_BESIDE))
        firsts = select(func.min(series.id)).where(
            among(self.connection, series.attempt_id, sorted(attempts)), *mine
        )
        query = select(series.attempt_id, series.first_us)
        query = query.where(series.id.in_(firsts.group_by(series.attempt_id)))
        found = {row.attempt_id: int(row.first_us) for row in self.connection.execute(query)}
        for name in self.tail.names():
            if name.attempt_id in attempts - found.keys() and name.kind not in _BESIDE:
                waiting = self.tail.series(name)
                if waiting is not None and len(waiting.data.times_us):
                    found[name.attempt_id] = int(waiting.data.times_us[0])
        return found

    def whole_tail(self) -> Tail:
        """The tails with series of all kinds."""
        if self._histograms:
            return self.tail
        return read_tail(self.connection, self.memo, self._readable, histograms=True)

    def names(self, lineage: Lineage) -> list[tuple[str, str]]:
        """(kind, key) of the run's series, in the order in which they first arrived."""
        own = (name for part in lineage.parts for name in self._names.get(part.attempt_id, ()))
        return list(dict.fromkeys((name.kind, name.key) for name in own))

    def find(self, lineage: Lineage, kind: str, key: str) -> list[Found]:
        """The content of a series in each attempt of the run, eldest first, those with nothing left
        out."""
        found = []
        for part in lineage.parts:
            name = TailKey(part.attempt_id, kind, key)
            row, tail = self._rows.get(name), self.tail.series(name)
            if row is not None or tail is not None:
                found.append(Found(row, tail, part))
        return found

    def path(self, lineage: Lineage, kind: str, key: str) -> tuple[str, ...]:
        """Keys of the nested dict that the series came from, or none."""
        for part in reversed(lineage.parts):
            name = TailKey(part.attempt_id, kind, key)
            if (path := self.tail.path(name)) is not None:
                return path
            if name in self._rows:
                return _path(self._rows[name])
        return ()


def _path(row: Any) -> tuple[str, ...]:
    return tuple(json.loads(row.path_json)) if row.path_json else ()
