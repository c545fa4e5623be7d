"""The tail: records as they came, not yet sealed into blocks.

Rows and histograms of a record are apart: whoever asks for metrics alone neither decodes nor keeps
the histograms that wait. Which records a run's tail holds is always asked of the database, in the
reader's transaction; the memo only keeps what was decoded from a payload, which never changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, case, or_, select

from lossboard.wire import TYPE_INT, Column, JsonColumn, Rows
from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.storage.entries import Series
from lossboard_server.storage.points import Points
from lossboard_server.storage.skim import PackedColumn, PackedHistograms, SkimmedRecord
from lossboard_server.storage.values import Values
from lossboard_server.storage.waiting import SIZE_BYTES, skimmed

__all__ = [
    "WRITER_KIND",
    "Tail",
    "TailDecoder",
    "TailKey",
    "TailMemo",
    "TailSeries",
    "named_writer",
    "read_tail",
]

WRITER_KIND = "writer"  # of the series, without a key, that says who wrote which row of an attempt

_ROWS_PER_CHUNK = 64
_MEMO_BYTES = 256 << 20
_LARGEST_SHARE = 8  # of the memo's room, for one chunk: a larger one is soon sealed


class TailKey(NamedTuple):
    """The name of a series; `kind` as in table `series`."""

    attempt_id: int
    kind: str
    key: str


class TailSeries(NamedTuple):
    """The content of one series in a stretch of the tail, in order of arrival."""

    path: tuple[str, ...]
    data: Points | Values | PackedHistograms

    def unpacked(self) -> Series:
        """The data, of histograms with their bins."""
        data = self.data
        return data.unpack() if isinstance(data, PackedHistograms) else data


Chunk = dict[TailKey, TailSeries]  # in the order in which the keys first arrived


@dataclass
class _Parts:
    """Bytes of one series from many records, joined before they become arrays."""

    path: tuple[str, ...]
    steps: list[bytes] = field(default_factory=list)
    times: list[bytes] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)
    types: list[bytes] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)
    histograms: list[PackedColumn] = field(default_factory=list)

    def data(self, kind: str) -> Points | Values | PackedHistograms:
        if kind == "histogram":
            return PackedHistograms(self.histograms)
        steps = np.frombuffer(b"".join(self.steps), "<i8")
        times = np.frombuffer(b"".join(self.times), "<i8")
        if kind in ("json", "system_json", "row"):
            return Values(steps, times, self.items)
        numbers = np.frombuffer(b"".join(self.numbers), "<f8")
        return Points(steps, times, numbers, np.frombuffer(b"".join(self.types), np.uint8))


class TailDecoder:
    """Takes records in order of arrival apart, into what they hold of each series."""

    def __init__(self) -> None:
        self._parts: dict[TailKey, _Parts] = {}

    def __len__(self) -> int:
        """How many series there are so far."""
        return len(self._parts)

    def add(self, attempt_id: int, record: SkimmedRecord, writer_id: int | None = None) -> None:
        """Take the record of a writer of this attempt; of one that joined others with its id."""
        self.add_rows(attempt_id, record, writer_id)
        self.add_histograms(attempt_id, record)

    def add_rows(
        self, attempt_id: int, record: SkimmedRecord, writer_id: int | None = None
    ) -> None:
        """Take all but the histograms."""
        if record.rows is not None:
            self._rows(attempt_id, record.rows, "scalar", "json")
            self._empty_rows(attempt_id, record.rows)
            if writer_id is not None:
                self._written_by(attempt_id, writer_id, record.rows)
        if record.system is not None:
            self._rows(attempt_id, record.system, "system", "system_json")

    def add_histograms(self, attempt_id: int, record: SkimmedRecord) -> None:
        """Take the histograms."""
        for column in record.histograms:
            if column.steps:
                self._of(attempt_id, "histogram", column.key, column.path).histograms.append(column)

    def names(self) -> list[TailKey]:
        """The series in the order in which they first arrived."""
        return list(self._parts)

    def take(self, name: TailKey) -> TailSeries:
        """The content that was found of a series; it is forgotten here."""
        parts = self._parts.pop(name)
        return TailSeries(parts.path, parts.data(name.kind))

    def chunk(self) -> Chunk:
        """All series; they are forgotten here."""
        return {name: self.take(name) for name in self.names()}

    def _of(self, attempt_id: int, kind: str, key: str, path: tuple[str, ...]) -> _Parts:
        name = TailKey(attempt_id, kind, key)
        parts = self._parts.get(name)
        if parts is None:
            parts = self._parts[name] = _Parts(path)
        return parts

    def _rows(self, attempt_id: int, rows: Rows, scalar: str, json: str) -> None:
        for column in rows.columns:
            if column.numbers:
                parts = self._of(attempt_id, scalar, column.key, column.path)
                _place(parts, rows, column)
                parts.numbers.append(column.numbers)
                parts.types.append(_types(column))
        for values in rows.json_columns:
            if values.values:
                parts = self._of(attempt_id, json, values.key, values.path)
                _place(parts, rows, values)
                parts.items += values.values

    def _written_by(self, attempt_id: int, writer_id: int, rows: Rows) -> None:
        """Who wrote these rows: once they are sealed, nothing else tells."""
        parts = self._of(attempt_id, WRITER_KIND, "", ())
        count = len(rows.steps) // 8
        parts.steps.append(rows.steps)
        parts.times.append(rows.times_us)
        parts.numbers.append(np.full(count, float(writer_id)).tobytes())
        parts.types.append(bytes([TYPE_INT]) * count)

    def _empty_rows(self, attempt_id: int, rows: Rows) -> None:
        empty = np.ones(len(rows.steps) // 8, np.bool_)
        columns: list[Column | JsonColumn] = [*rows.columns, *rows.json_columns]
        for column in columns:
            if not column.rows and (isinstance(column, JsonColumn) or column.numbers):
                return
            empty[np.frombuffer(column.rows, "<u4")] = False
        if empty.any():
            parts = self._of(attempt_id, "row", "", ())
            parts.steps.append(np.frombuffer(rows.steps, "<i8")[empty].tobytes())
            parts.times.append(np.frombuffer(rows.times_us, "<i8")[empty].tobytes())
            parts.items += [None] * int(empty.sum())


def _place(parts: _Parts, rows: Rows, column: Column | JsonColumn) -> None:
    if column.rows:
        which = np.frombuffer(column.rows, "<u4")
        parts.steps.append(np.frombuffer(rows.steps, "<i8")[which].tobytes())
        parts.times.append(np.frombuffer(rows.times_us, "<i8")[which].tobytes())
    else:
        parts.steps.append(rows.steps)
        parts.times.append(rows.times_us)


def _types(column: Column) -> bytes:
    count = len(column.numbers) // 8
    return column.types if len(column.types) > 1 else (column.types or b"\0") * count


def _nbytes(part: Any) -> int:
    if isinstance(part, np.ndarray | PackedHistograms):
        return part.nbytes
    if isinstance(part, tuple):
        return sum(map(_nbytes, part)) + 64
    return _item_bytes(part)


def _item_bytes(item: Any) -> int:
    """About what plain data takes in memory."""
    if isinstance(item, str | bytes):
        return 64 + len(item)
    if isinstance(item, dict):
        item = [*item, *item.values()]
    return 64 + (sum(map(_item_bytes, item)) if isinstance(item, list) else 0)


_RowKey = tuple[int, int, int, bool]  # attempt, writer, seq of a row of the tail; is it named
_ChunkKey = tuple[str, tuple[_RowKey, ...]]  # "rows" or "histograms" of these


class TailMemo:
    """Decoded stretches of the tail, the least recently used dropped first. Thread safe."""

    def __init__(self, limit_bytes: int = _MEMO_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._chunks: OrderedDict[_ChunkKey, tuple[Chunk, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: _ChunkKey) -> Chunk | None:
        """The chunk that is kept for these rows of the tail."""
        with self._lock:
            found = self._chunks.get(key)
            if found is None:
                return None
            self._chunks.move_to_end(key)
            return found[0]

    def keep(self, key: _ChunkKey, chunk: Chunk) -> None:
        """Keep what these rows of the tail decode to, unless it would push out most others."""
        size = 64 * len(key[1]) + sum(256 + _nbytes(series.data) for series in chunk.values())
        with self._lock:
            if key in self._chunks or size > self._limit_bytes // _LARGEST_SHARE:
                return
            self._chunks[key] = (chunk, size)
            self._held_bytes += size
            while self._held_bytes > self._limit_bytes:
                self._held_bytes -= self._chunks.popitem(last=False)[1][1]


class Tail:
    """The tails of some runs, as one read transaction sees them."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks: dict[TailKey, list[TailSeries]] = {}
        for chunk in chunks:
            for name, series in chunk.items():
                self._chunks.setdefault(name, []).append(series)

    def names(self) -> Iterator[TailKey]:
        """All series that have something in the tail, in the order in which they first arrived."""
        return iter(self._chunks)

    def path(self, name: TailKey) -> tuple[str, ...] | None:
        """Keys of the nested dict the series came from, or none; None: nothing waits of it."""
        found = self._chunks.get(name)
        return None if found is None else found[-1].path

    def series(self, name: TailKey) -> TailSeries | None:
        """The content of this series in the tail, in order of arrival; None: nothing."""
        found = self._chunks.get(name)
        if found is None:
            return None
        kind: Any = type(found[0].data)
        return TailSeries(found[-1].path, kind.join([part.data for part in found]))


def named_writer() -> ColumnElement[int | None]:
    """The number of a writer whose rows are to be told from those of others; else NULL. It reads
    tables `writer` and `attempt`."""
    writer, attempt = schema.writer.c, schema.attempt.c
    several = or_(writer.joined, attempt.kind == "beside")
    return case((several, writer.id), else_=None).label("named_writer")


def read_tail(
    connection: Connection, memo: TailMemo, uids: Sequence[int], *, histograms: bool
) -> Tail:
    """The tails of these runs, with the histograms or without them."""
    tail, writer = schema.tail.c, schema.writer.c
    columns = (tail.id, tail.run_uid, writer.attempt_id, tail.writer_id, tail.seq, named_writer())
    rows = connection.execute(
        select(*columns, SIZE_BYTES)
        .join_from(schema.tail, schema.writer)
        .join(schema.attempt)
        .where(among(connection, tail.run_uid, uids))
        .order_by(tail.run_uid, tail.id)
    ).all()
    parts = ("rows", "histograms") if histograms else ("rows",)
    groups = [(group, tuple(map(_row_key, group))) for group in _groups(rows)]
    found = {key: {part: memo.find((part, key)) for part in parts} for _, key in groups}
    missing = [(group, key) for group, key in groups if None in found[key].values()]
    records = skimmed(connection, [row for group, _ in missing for row in group])
    for group, key in missing:
        for part, chunk in _decoded(records, len(group), parts).items():
            memo.keep((part, key), chunk)
            found[key][part] = chunk
    chunks = (chunk for _, key in groups for chunk in found[key].values())
    return Tail([chunk for chunk in chunks if chunk is not None])


def _row_key(row: Any) -> _RowKey:
    return row.attempt_id, row.writer_id, row.seq, row.named_writer is not None


def _groups(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Rows of one run in groups of about 64 that end where a writer's number says so: they stay
    the same when others before them are sealed. Those behind the last such row come one by one,
    as more will join them."""
    start = 0
    for place, row in enumerate(rows):
        last = place + 1 == len(rows) or rows[place + 1].run_uid != row.run_uid
        if row.seq % _ROWS_PER_CHUNK == _ROWS_PER_CHUNK - 1:
            yield rows[start : place + 1]
        elif last:
            yield from (rows[one : one + 1] for one in range(start, place + 1))
        else:
            continue
        start = place + 1


def _decoded(
    records: Iterator[tuple[Any, SkimmedRecord]], count: int, parts: Sequence[str]
) -> dict[str, Chunk]:
    """The chunks of the next `count` records."""
    some = list(islice(records, count))
    return {part: _chunk(part, some) for part in parts}


def _chunk(part: str, records: Iterable[tuple[Any, SkimmedRecord]]) -> Chunk:
    decoder = TailDecoder()
    for row, record in records:
        if part == "rows":
            decoder.add_rows(row.attempt_id, record, row.named_writer)
        else:
            decoder.add_histograms(row.attempt_id, record)
    return decoder.chunk()
