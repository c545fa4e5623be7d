"""Keys of a catalogue in their short form: what thousands of them share stands in it once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from lossboard_server.encoding import Plain
from lossboard_server.queries.catalogue.keys import KeyFacts

__all__ = ["KeyList", "key_list"]


class KeyNames(Plain):
    """The names in their order: key i is `rest[i]` after the first `shared[i]` characters of the
    one before. `paths` are the parts of nested keys, by place."""

    shared: list[int]
    rest: list[str]
    paths: dict[str, list[str]]


class KeyList(Plain):
    """`KeyList` in docs/http_api.md. `names` is absent where the asker has those of this `tag`."""

    tag: str
    names: KeyNames | None
    facts: list[tuple[Any, ...]]  # kind, runs, min_step, max_step, min_us, max_us, watched, media
    of: list[int]  # which of `facts`, and of how many keys, again and again


def key_list(keys: Sequence[KeyFacts], known: str = "") -> KeyList:
    """The short form of these keys, without the names of the tag `known`."""
    tag = _tag_of(keys)
    names = None if tag == known else _names_of(keys)
    return KeyList(tag, names, *_facts_of(keys))


def _tag_of(keys: Sequence[KeyFacts]) -> str:
    names = msgspec.msgpack.encode([(one.key, one.path) for one in keys])
    return hashlib.blake2b(names, digest_size=12).hexdigest()


def _names_of(keys: Sequence[KeyFacts]) -> KeyNames:
    names = KeyNames([], [], {str(i): one.path for i, one in enumerate(keys) if one.path})
    before = ""
    for one in keys:
        shared = _shared(before, one.key)
        names.shared.append(shared)
        names.rest.append(one.key[shared:])
        before = one.key
    return names


def _shared(before: str, name: str) -> int:
    """How many of the first characters are the same.

    None from one beyond 16 bits on, which a browser counts as two.
    """
    low, high = 0, min(len(before), len(name))
    while low < high:
        middle = (low + high + 1) // 2
        if before.startswith(name[:middle]):
            low = middle
        else:
            high = middle - 1
    if name[:low].isascii():
        return low
    return next((place for place, sign in enumerate(name[:low]) if sign > "\uffff"), low)


def _facts_of(keys: Sequence[KeyFacts]) -> tuple[list[tuple[Any, ...]], list[int]]:
    places: dict[tuple[Any, ...], int] = {}
    of: list[int] = []
    for one in keys:
        place = places.setdefault(_facts(one), len(places))
        if of and of[-2] == place:
            of[-1] += 1
        else:
            of += (place, 1)
    return list(places), of


def _facts(one: KeyFacts) -> tuple[Any, ...]:
    steps, times = (one.min_step, one.max_step), (one.min_us, one.max_us)
    return (one.kind, tuple(one.runs), *steps, *times, one.watched, one.media)
