"""The catalogue over some runs: which series there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from lossboard_server.queries.lineage import Lineage
from lossboard_server.queries.selection import Found, Selection
from lossboard_server.queries.totals import entries_of
from lossboard_server.storage import TailMemo
from lossboard_server.storage.histograms import NO_BATCH

__all__ = ["KeyFacts", "keys"]

_KINDS = ("scalar", "histogram", "json", "system")


class KeyFacts(msgspec.Struct):
    """A key of one kind over the runs that have it (`Key` in docs/http_api.md)."""

    key: str
    kind: str
    path: list[str]
    runs: list[int]
    n: int
    min_step: int
    max_step: int
    min_us: int
    max_us: int
    watched: bool
    media: str | None

    def add(self, other: KeyFacts) -> None:
        """Count the series of another run in."""
        self.runs += other.runs
        self.n += other.n
        self.min_step = min(self.min_step, other.min_step)
        self.max_step = max(self.max_step, other.max_step)
        self.min_us = min(self.min_us, other.min_us)
        self.max_us = max(self.max_us, other.max_us)
        self.watched = self.watched or other.watched
        self.media = self.media or other.media


def keys(connection: Connection, memo: TailMemo, run_ids: Sequence[int]) -> list[KeyFacts]:
    """All keys of these runs, those of the first run first, in the order in which they arrived.

    Raises NotFound for unknown runs.
    """
    selection = Selection(connection, memo, run_ids, _KINDS, None)
    merged: dict[tuple[str, str], KeyFacts] = {}
    for lineage in selection.lineages:
        for kind, key in selection.names(lineage):
            facts = _facts(selection, lineage, kind, key)
            if facts is None:
                continue
            if (kind, key) in merged:
                merged[kind, key].add(facts)
            else:
                merged[kind, key] = facts
    return list(merged.values())


def _facts(selection: Selection, lineage: Lineage, kind: str, key: str) -> KeyFacts | None:
    found = selection.find(lineage, kind, key)
    if any(one.cut is not None for one in found):
        entry = entries_of(selection.connection, kind, {key: found}).get(key)
        if entry is None:
            return None
        n, steps, times = entry.n, (entry.min_step, entry.max_step), (entry.min_us, entry.max_us)
    else:
        n = sum(one.n for one in found)
        steps, times = _span(found, "step"), _span(found, "us")
    return KeyFacts(
        key=key,
        kind=kind,
        path=list(selection.path(lineage, kind, key)),
        runs=[lineage.run_id],
        n=n,
        min_step=steps[0],
        max_step=steps[1],
        min_us=times[0],
        max_us=times[1],
        watched=kind == "histogram" and any(_watched(one) for one in found),
        media=_media(found[-1]) if kind == "json" else None,
    )


def _span(found: list[Found], of: Any) -> tuple[int, int]:
    extents = [one.extent(of) for one in found]
    return min(low for low, _ in extents), max(high for _, high in extents)


def _watched(found: Found) -> bool:
    if found.row is not None and found.row.watched:
        return True
    return found.tail is not None and bool((found.tail.statistics.batches != NO_BATCH).any())


def _media(found: Found) -> str | None:
    """The `_type` of the last value, if it is a media object."""
    return found.entries()[-1].media or None
