"""How many values of which keys runs have, each run for itself."""

from __future__ import annotations

from typing import NamedTuple

from lossboard_server.queries.points.lineage import Lineage
from lossboard_server.queries.points.selection import Selection
from lossboard_server.queries.points.totals import entries_of

__all__ = ["LOGGED_KINDS", "KeyCount", "key_counts"]

LOGGED_KINDS = ("scalar", "histogram", "json")


class KeyCount(NamedTuple):
    """A key of one kind of a run; `media` is the `_type` of its last value, if that has one."""

    key: str
    kind: str
    n: int
    media: str


def key_counts(selection: Selection) -> dict[int, list[KeyCount]]:
    """The keys of what each run of a selection logged, in the order in which they arrived, by
    uid."""
    return {lineage.run_uid: _counts(selection, lineage) for lineage in selection.lineages}


def _counts(selection: Selection, lineage: Lineage) -> list[KeyCount]:
    names = [name for name in selection.names(lineage) if name[0] in LOGGED_KINDS]
    counts = (_count(selection, lineage, *name) for name in names)
    return [count for count in counts if count.n]


def _count(selection: Selection, lineage: Lineage, kind: str, key: str) -> KeyCount:
    found = selection.find(lineage, kind, key)
    if any(one.cut is not None for one in found):
        entry = entries_of(selection.connection, kind, {key: found}).get(key)
        n = 0 if entry is None else entry.n
    else:
        n = sum(one.n for one in found)
    media = found[-1].entries()[-1].media if kind == "json" else ""
    return KeyCount(key, kind, n, media)
