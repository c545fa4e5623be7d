"""The tail: records as they came, not yet sealed into blocks.

Which records a run's tail holds is always asked of the database, in the reader's transaction; the
memo only keeps what was decoded from a payload, which never changes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from lossboard.wire import Column, HistogramColumn, JsonColumn, Rows, decode_record
from lossboard_server import schema
from lossboard_server.dialect import among
from lossboard_server.storage.entries import Series
from lossboard_server.storage.histograms import Histograms, histograms_of
from lossboard_server.storage.points import Points
from lossboard_server.storage.values import Values

__all__ = ["Tail", "TailKey", "TailMemo", "TailSeries", "decode_tail", "read_tail"]

_ROWS_PER_CHUNK = 64
_MEMO_BYTES = 256 << 20


class TailKey(NamedTuple):
    """Which series something belongs to; `kind` as in table `series`."""

    attempt_id: int
    kind: str
    key: str


class TailSeries(NamedTuple):
    """What a stretch of the tail holds of one series, in order of arrival."""

    path: tuple[str, ...]
    data: Series


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
    histograms: list[Histograms] = field(default_factory=list)

    def series(self, kind: str) -> Series:
        if kind == "histogram":
            return Histograms.join(self.histograms)
        steps = np.frombuffer(b"".join(self.steps), "<i8")
        times = np.frombuffer(b"".join(self.times), "<i8")
        if kind in ("json", "system_json", "row"):
            return Values(steps, times, self.items)
        numbers = np.frombuffer(b"".join(self.numbers), "<f8")
        return Points(steps, times, numbers, np.frombuffer(b"".join(self.types), np.uint8))


class _Decoder:
    def __init__(self) -> None:
        self.parts: dict[TailKey, _Parts] = {}

    def add(self, attempt_id: int, payload: bytes) -> None:
        record = decode_record(payload)
        if record.rows is not None:
            self._rows(attempt_id, record.rows, "scalar", "json")
            self._empty_rows(attempt_id, record.rows)
        if record.system is not None:
            self._rows(attempt_id, record.system, "system", "system_json")
        for column in record.histograms:
            if column.histograms:
                self._histograms(attempt_id, column)

    def _of(self, attempt_id: int, kind: str, key: str, path: tuple[str, ...]) -> _Parts:
        name = TailKey(attempt_id, kind, key)
        parts = self.parts.get(name)
        if parts is None:
            parts = self.parts[name] = _Parts(path)
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

    def _histograms(self, attempt_id: int, column: HistogramColumn) -> None:
        parts = self._of(attempt_id, "histogram", column.key, column.path)
        parts.histograms.append(histograms_of(column))


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


def decode_tail(records: Iterable[tuple[int, bytes]]) -> Chunk:
    """The series in records given as (attempt id, payload) in order of arrival."""
    decoder = _Decoder()
    for attempt_id, payload in records:
        decoder.add(attempt_id, payload)
    return {
        name: TailSeries(parts.path, parts.series(name.kind))
        for name, parts in decoder.parts.items()
    }


def _nbytes(part: Any) -> int:
    if isinstance(part, np.ndarray):
        return part.nbytes
    if isinstance(part, tuple):
        return sum(map(_nbytes, part)) + 64
    return 64 * len(part) if isinstance(part, list) else 0


_RowKey = tuple[int, int, int]  # attempt, writer and seq of a row of the tail
_ChunkKey = tuple[_RowKey, ...]


class TailMemo:
    """Decoded stretches of the tail, the least recently used dropped first. Thread safe."""

    def __init__(self, limit_bytes: int = _MEMO_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._chunks: OrderedDict[_ChunkKey, tuple[Chunk, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: _ChunkKey) -> Chunk | None:
        """What is kept for these rows of the tail."""
        with self._lock:
            found = self._chunks.get(key)
            if found is None:
                return None
            self._chunks.move_to_end(key)
            return found[0]

    def keep(self, key: _ChunkKey, chunk: Chunk) -> None:
        """Keep what these rows of the tail decode to."""
        size = 64 * len(key) + sum(256 + _nbytes(series.data) for series in chunk.values())
        with self._lock:
            if key in self._chunks:
                return
            self._chunks[key] = (chunk, size)
            self._held_bytes += size
            while self._held_bytes > self._limit_bytes and len(self._chunks) > 1:
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

    def path(self, name: TailKey) -> tuple[str, ...]:
        """Keys of the nested dict the series came from, or none."""
        return self._chunks[name][-1].path

    def series(self, name: TailKey) -> Any:
        """What the tail holds of this series in order of arrival; None: nothing."""
        found = self._chunks.get(name)
        if found is None:
            return None
        kind: Any = type(found[0].data)
        return kind.join([part.data for part in found])


def read_tail(connection: Connection, memo: TailMemo, run_ids: Sequence[int]) -> Tail:
    """The tails of these runs."""
    tail, writer = schema.tail.c, schema.writer.c
    rows = connection.execute(
        select(tail.id, tail.run_id, writer.attempt_id, tail.writer_id, tail.seq)
        .join_from(schema.tail, schema.writer)
        .where(among(connection, tail.run_id, run_ids))
        .order_by(tail.run_id, tail.id)
    ).all()
    groups = list(_groups(rows))
    keys = [tuple((row[2], row[3], row[4]) for row in group) for group in groups]
    chunks = [memo.find(key) for key in keys]
    payloads = _payloads(connection, _missing(groups, chunks))
    for place, (group, key) in enumerate(zip(groups, keys, strict=True)):
        if chunks[place] is None:
            chunk = decode_tail((row.attempt_id, payloads(row.id)) for row in group)
            chunks[place] = chunk
            memo.keep(key, chunk)
    return Tail([chunk for chunk in chunks if chunk is not None])


def _groups(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Rows of one run in groups of 64; what is left over, one by one, as it will soon move."""
    start = 0
    while start < len(rows):
        end = min(start + _ROWS_PER_CHUNK, len(rows))
        whole = end - start == _ROWS_PER_CHUNK and rows[end - 1].run_id == rows[start].run_id
        end = end if whole else start + 1
        yield rows[start:end]
        start = end


def _missing(groups: list[Sequence[Any]], chunks: list[Chunk | None]) -> list[int]:
    pairs = zip(groups, chunks, strict=True)
    return [row.id for group, chunk in pairs if chunk is None for row in group]


def _payloads(connection: Connection, ids: list[int]) -> Callable[[int], bytes]:
    tail = schema.tail.c
    found: dict[int, bytes] = {}
    for start in range(0, len(ids), 1000):
        some = select(tail.id, tail.payload).where(tail.id.in_(ids[start : start + 1000]))
        found |= {row.id: row.payload for row in connection.execute(some)}
    return found.__getitem__
