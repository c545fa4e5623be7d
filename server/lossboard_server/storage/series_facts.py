"""Facts of what a record adds to each series, without its values: what lists of keys show."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from lossboard.wire import Column, JsonColumn, Record, Rows
from lossboard_server.storage.histograms import NO_BATCH
from lossboard_server.storage.skim import SkimmedRecord
from lossboard_server.storage.values import media_of

__all__ = ["KINDS", "SeriesFacts", "facts_in"]

KINDS = ("scalar", "histogram", "json", "system")  # those that lists of keys show

_Extent = tuple[int, int]


class SeriesFacts(msgspec.Struct, frozen=True, gc=False):
    """Of n points, values or events of a series; extents of steps and times are inclusive."""

    kind: str
    key: str
    path: tuple[str, ...]
    n: int
    min_step: int
    max_step: int
    min_us: int
    max_us: int
    watched: bool = False
    media: str = ""

    def then(self, later: SeriesFacts) -> SeriesFacts:
        """The facts of these and of those that arrived after them."""
        return SeriesFacts(
            self.kind,
            self.key,
            later.path,
            self.n + later.n,
            min(self.min_step, later.min_step),
            max(self.max_step, later.max_step),
            min(self.min_us, later.min_us),
            max(self.max_us, later.max_us),
            self.watched or later.watched,
            later.media,
        )


def facts_in(record: Record | SkimmedRecord) -> list[SeriesFacts]:
    """The facts of each series in a record, in the order of the record."""
    found: list[SeriesFacts] = []
    if record.rows is not None:
        found += _of_rows(record.rows, "scalar")
        found += _of_values(record.rows)
    if record.system is not None:
        found += _of_rows(record.system, "system")
    for column in record.histograms:
        if column.steps:
            steps, times = _extent(column.steps), _extent(column.times_us)
            n, watched = len(column.steps) // 8, _is_watched(column.batches)
            found.append(
                SeriesFacts("histogram", column.key, column.path, n, *steps, *times, watched)
            )
    return found


def _of_rows(rows: Rows, kind: str) -> Iterator[SeriesFacts]:
    for column, (steps, times) in zip(rows.columns, _extents(rows, rows.columns), strict=True):
        if column.numbers:
            n = len(column.numbers) // 8
            yield SeriesFacts(kind, column.key, column.path, n, *steps, *times)


def _of_values(rows: Rows) -> Iterator[SeriesFacts]:
    extents = _extents(rows, rows.json_columns)
    for column, (steps, times) in zip(rows.json_columns, extents, strict=True):
        if column.values:
            n, media = len(column.values), media_of(column.values)
            yield SeriesFacts("json", column.key, column.path, n, *steps, *times, media=media)


def _extents(
    rows: Rows, columns: list[Column] | list[JsonColumn]
) -> Iterator[tuple[_Extent, _Extent]]:
    """Extents of steps and times of each column; those of all rows are found once."""
    whole = (_extent(rows.steps), _extent(rows.times_us)) if rows.steps else ((0, 0), (0, 0))
    for column in columns:
        if not column.rows or len(rows.steps) == 8:
            yield whole
        else:
            which = np.frombuffer(column.rows, "<u4")
            yield _extent(_at(rows.steps, which)), _extent(_at(rows.times_us, which))


def _at(numbers: bytes, which: NDArray[np.uint32]) -> bytes:
    chosen: NDArray[np.int64] = np.frombuffer(numbers, "<i8")[which]
    return chosen.tobytes()


def _extent(numbers: bytes) -> _Extent:
    """Least and greatest of n >= 1 int64."""
    if len(numbers) == 8:
        one = struct.unpack("<q", numbers)[0]
        return one, one
    column = np.frombuffer(numbers, "<i8")
    return int(column.min()), int(column.max())


def _is_watched(batches: bytes) -> bool:
    if len(batches) == 8:
        return bool(struct.unpack("<q", batches)[0] != NO_BATCH)
    return bool(batches) and bool((np.frombuffer(batches, "<i8") != NO_BATCH).any())
