"""Config, summary and metadata as they are shown: large values of them stand as their size.

A list shows many runs, so only what is small enough for it is decoded. Of what older versions
stored without a limit, a run's own page does the same with a wider limit.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from lossboard.bounds import CUT_TYPE, MOST_NODES, MOST_SETTINGS_BYTES, MOST_VALUE_BYTES
from lossboard_server.encoding import decode_json

__all__ = ["CRAMPED", "LISTED", "WHOLE", "Room", "shown"]


class Room(msgspec.Struct, frozen=True):
    """Bytes of JSON that one value, and all of them, may have."""

    value: int
    total: int


LISTED: Final = Room(value=64 << 10, total=1 << 20)
CRAMPED: Final = Room(value=1 << 10, total=16 << 10)  # of a list in which much was shown already
# Twice what may come in: JSON is longer than MessagePack.
WHOLE: Final = Room(value=4 * MOST_VALUE_BYTES, total=4 * MOST_SETTINGS_BYTES)

_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def shown(text: str, room: Room) -> dict[str, Any]:
    """The object in `text`; in place of a value that has no room `{"_type": "large", "size_bytes"}`
    with the size of its JSON."""
    if len(text) <= room.value:
        values: dict[str, Any] = decode_json(text)
        return values
    if text.count('":') > MOST_NODES:  # it may have so many keys
        return {"": _size(len(text))}
    free = room.total
    told: dict[str, Any] = {}
    members = _decode_members(text)
    for key in sorted(members, key=lambda name: len(members[name])):
        free -= len(members[key])
        has_room = free >= 0 and len(members[key]) <= room.value
        told[key] = decode_json(members[key]) if has_room else _size(len(members[key]))
    return {key: told[key] for key in members}


def _size(size_bytes: int) -> dict[str, Any]:
    return {"_type": CUT_TYPE, "size_bytes": size_bytes}
