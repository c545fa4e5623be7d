"""How much a record, a request and a value may hold, told from their bytes.

A byte of MessagePack becomes a list of 64 bytes in memory, so the length of a body says little of
what decoding it costs. What does is the number of nodes: values, and keys of dicts. They are
counted before any object is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from lossboard.sizes import size_text

__all__ = [
    "CUT_TYPE",
    "MOST_KEY_CHARACTERS",
    "MOST_LOGGED_BYTES",
    "MOST_NODES",
    "MOST_SETTINGS_BYTES",
    "MOST_VALUE_BYTES",
    "MOST_VALUE_NODES",
    "bytes_excess",
    "excess_of",
    "is_cut",
    "json_nodes",
    "logged_excess",
    "nodes_excess",
    "nodes_in",
    "settings_excess",
    "size_text",
]

MOST_NODES: Final = 1_000_000  # of one record, one request, or one value in a row
MOST_LOGGED_BYTES: Final = 32 << 20  # of one value in a row
MOST_VALUE_BYTES: Final = 1 << 20  # of one value of config, summary or metadata
MOST_VALUE_NODES: Final = 100_000  # of one such value
MOST_SETTINGS_BYTES: Final = 8 << 20  # of all of a run's config, summary or metadata together

MOST_KEY_CHARACTERS: Final = 64 << 10
CUT_TYPE: Final = "large"  # `_type` of what stands for a value that is too large for a list

_HEAD_BYTES: Final = {  # of what says its own length: bytes of the length, bytes of a type
    0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0),
    0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1),
    0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0),
}  # fmt: skip
_CONTAINERS: Final = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}  # length, nodes each


def _steps() -> tuple[list[int], list[int]]:
    """By first byte: the bytes to the next node, 0 where the length follows, and how many nodes
    more are to come, one less for the node itself."""
    steps, more = [1] * 256, [-1] * 256
    for length in range(16):
        more[0x80 + length], more[0x90 + length] = 2 * length - 1, length - 1
    for length in range(32):
        steps[0xA0 + length] = 1 + length
    for first, size in ((0xCA, 4), (0xCB, 8), (0xD0, 1), (0xD1, 2), (0xD2, 4), (0xD3, 8)):
        steps[first] = 1 + size
    for power in range(5):
        steps[0xD4 + power] = 2 + 2**power
    for power in range(4):
        steps[0xCC + power] = 1 + 2**power
    for first in (*_HEAD_BYTES, *_CONTAINERS):
        steps[first] = 0
    return steps, more


_STEPS, _MORE = _steps()


def nodes_in(payload: bytes | bytearray | memoryview, most: int) -> int:
    """How many nodes a value in MessagePack has; `most` + 1 where it has, or says to have, more.

    Of bytes that end too early the nodes up to there are counted.
    """
    at, left = 0, 1
    steps, more = _STEPS, _MORE
    try:
        for count in range(1, most + 1):
            first = payload[at]
            step = steps[first]
            if step:
                at += step
                left += more[first]
            else:
                at, inside = _long_node(payload, at, first)
                left += inside - 1
                if left > most:
                    return most + 1
            if not left:
                return count
    except IndexError:
        return min(count, most)
    return most + 1


def _long_node(payload: bytes | bytearray | memoryview, at: int, first: int) -> tuple[int, int]:
    """The place of the next node, and how many lie in this one."""
    if first in _CONTAINERS:
        size, each = _CONTAINERS[first]
        return at + 1 + size, each * int.from_bytes(payload[at + 1 : at + 1 + size])
    size, kind = _HEAD_BYTES[first]
    length = int.from_bytes(payload[at + 1 : at + 1 + size])
    return at + 1 + size + kind + length, 0


_MARKS: Final = (",", "[", "{")
_QUOTE: Final = ord('"')
_STRING_OR_MARK: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[,\[{]', re.DOTALL)


def json_nodes(text: str | bytes, most: int) -> int:
    """How many values JSON has, at the most; `most` + 1 where it has more."""
    counts = (text.count(m) if isinstance(text, str) else text.count(m.encode()) for m in _MARKS)
    if (rough := 1 + sum(counts)) <= most:
        return rough
    # Brackets and commas in strings were counted too.
    payload = text.encode(errors="replace") if isinstance(text, str) else text
    count = 1
    for seen, found in enumerate(_STRING_OR_MARK.finditer(payload)):
        count += payload[found.start()] != _QUOTE
        if count > most or seen > 4 * most:  # two strings for a mark: more is no JSON
            return most + 1
    return count


def excess_of(value: Any, *, most_bytes: int, most_nodes: int) -> str:
    """A sentence on what is too much in plain data that MessagePack can hold; empty for what may be
    stored."""
    if type(value) is str:
        size_bytes = len(value) if value.isascii() else len(value.encode(errors="replace"))
        return bytes_excess(size_bytes, most_bytes)
    if type(value) is not dict and type(value) is not list:
        return ""
    payload = msgspec.msgpack.encode(value)
    if len(payload) <= min(most_bytes, most_nodes):  # a node takes a byte, at the least
        return ""
    nodes = nodes_in(payload, most_nodes)
    return nodes_excess(nodes, most_nodes) or bytes_excess(len(payload), most_bytes)


def settings_excess(value: Any) -> str:
    """The same of one value of config, summary or metadata."""
    return excess_of(value, most_bytes=MOST_VALUE_BYTES, most_nodes=MOST_VALUE_NODES)


def logged_excess(value: Any) -> str:
    """The same of one value in a row."""
    return excess_of(value, most_bytes=MOST_LOGGED_BYTES, most_nodes=MOST_NODES)


def bytes_excess(size_bytes: int, most: int) -> str:
    """A sentence on a value of so many bytes; empty if that is not too much."""
    if size_bytes <= most:
        return ""
    return f"{size_text(size_bytes)} are more than the {size_text(most)} that one value may have"


def nodes_excess(nodes: int, most: int) -> str:
    """A sentence on a value with so many nodes; empty if that is not too much."""
    return "" if nodes <= most else f"more than {most:,} values in one another"


def is_cut(values: Mapping[str, Any]) -> bool:
    """Whether something of a config or summary from a list stands as its size only."""
    return any(
        type(value) is dict and value.get("_type") == CUT_TYPE and len(value) == 2
        for value in values.values()
    )
