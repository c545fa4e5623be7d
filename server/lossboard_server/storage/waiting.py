"""Records of the tail, read so that few of their payloads are in memory at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, func, select

from lossboard_server.damage import UNREADABLE, note, record_place
from lossboard_server.database import schema
from lossboard_server.storage.skim import SkimmedRecord, skim_record

__all__ = ["SIZE_BYTES", "skimmed"]

SIZE_BYTES: Final = func.length(schema.tail.c.payload).label("size_bytes")

_BYTES_TOGETHER: Final = 1 << 20
_ROWS_TOGETHER: Final = 256  # of short records, whose statements cost more than their bytes


def skimmed(connection: Connection, rows: Iterable[Any]) -> Iterator[tuple[Any, SkimmedRecord]]:
    """Each of these rows of the tail, which have `id` and `size_bytes`, with its record.

    `rows` may be decided one by one: no more of them are taken than are read together, which is
    1 MB or one record.
    """
    for some in _together(rows):
        payloads = _payloads(connection, some)
        for row in some:
            kept = payloads.pop(row.id)
            try:
                record = skim_record(kept)
            except UNREADABLE as error:
                note(record_place(row.id), error, kept)
                record = SkimmedRecord()
            yield row, record


def _together(rows: Iterable[Any]) -> Iterator[list[Any]]:
    some, size_bytes = [], 0
    for row in rows:
        some.append(row)
        size_bytes += row.size_bytes
        if size_bytes >= _BYTES_TOGETHER or len(some) >= _ROWS_TOGETHER:
            yield some
            some, size_bytes = [], 0
    if some:
        yield some


def _payloads(connection: Connection, rows: list[Any]) -> dict[int, bytes]:
    tail = schema.tail.c
    query = select(tail.id, tail.payload).where(tail.id.in_([row.id for row in rows]))
    return {row.id: row.payload for row in connection.execute(query)}
