"""Blocks and records that can't be read: left out of an answer, counted, and told with it.

What a read leaves out is noted where it is read and asked for where the answer is made, both in
one read: a `Damage` goes with its context.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

__all__ = [
    "UNREADABLE",
    "Place",
    "damage_to_keep",
    "damaged_blocks",
    "describe",
    "note",
    "noting",
    "readable",
    "record_place",
]

# What decoders raise for bytes that were never written so; CodecError is a ValueError.
UNREADABLE: Final = (ValueError, IndexError, struct.error, zlib.error, msgspec.MsgspecError)

Decoded = TypeVar("Decoded")


class Place(NamedTuple):
    """The place of a damaged block: its series, and of a record of the tail 0 and its number."""

    series_id: int
    level: int
    ordinal: int


class Found(NamedTuple):
    """Why something can't be read, and of a record its bytes."""

    reason: str
    kept: bytes = b""


Damage = dict[Place, Found]

_noted: ContextVar[Damage | None] = ContextVar("damage", default=None)


@contextmanager
def noting() -> Iterator[Damage]:
    """Everything that is found damaged meanwhile."""
    found: Damage = {}
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)


def describe(place: Place) -> str:
    """The place of something damaged in words."""
    if not place.series_id:
        return f"record {place.ordinal} of the tail"
    return f"block {place.ordinal} of level {place.level} of series {place.series_id}"


def record_place(number: int) -> Place:
    """The place of a record of the tail."""
    return Place(0, 0, number)


def readable(decode: Callable[[], Decoded], row: Any, kept: bytes = b"") -> Decoded | None:
    """The block that `decode` makes of its row; None, and noted, if that is damaged, with the
    bytes that are to be `kept`."""
    try:
        return decode()
    except UNREADABLE as error:
        note(Place(row.series_id, getattr(row, "level", 0), row.ordinal), error, kept)
        return None


def note(place: Place, error: Exception, kept: bytes = b"") -> None:
    """Leave out what is damaged; raises the error again where nobody is told."""
    found = _noted.get()
    if found is None:
        raise error
    found[place] = Found(str(error), kept)


def damaged_blocks(series_ids: Collection[int | None]) -> int:
    """How many blocks of these series this read has left out so far."""
    return sum(place.series_id in series_ids for place in _noted.get() or ())


def damage_to_keep() -> dict[Place, bytes]:
    """All that this read has left out so far and that is about to be replaced, with its bytes."""
    return {place: one.kept for place, one in (_noted.get() or {}).items() if one.kept}
