"""The catalogue over some runs: which series there are."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.encoding import Plain
from lossboard_server.queries.catalogue.live_keys import LiveKeys
from lossboard_server.queries.points.lineage import Lineage, Part, lineages
from lossboard_server.queries.points.selection import Found, Selection
from lossboard_server.queries.points.totals import entries_of
from lossboard_server.storage import TailMemo
from lossboard_server.storage.series_facts import KINDS, SeriesFacts
from lossboard_server.storage.skim import PackedHistograms

__all__ = ["KeyFacts", "KeyMemo", "keys"]

_RUNS_PER_SELECTION = 1000


class KeyFacts(Plain):
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


class KeyMemo:
    """The keys of each run by uid, valid for one version of the run; safe between threads."""

    def __init__(
        self, tails: TailMemo, live: LiveKeys | None = None, limit: int = 1_000_000
    ) -> None:
        self._tails = tails
        self._live = live or LiveKeys()
        self._limit = limit  # of keys over all runs
        self._known: dict[int, tuple[int, list[KeyFacts]]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def keys(self, connection: Connection, versions: Mapping[int, int]) -> list[KeyFacts]:
        """`keys` of the runs in `versions`, whose values are those of the runs' rows."""
        with self._lock:
            known = {uid: self._known.get(uid, (-1, [])) for uid in versions}
        stale = [uid for uid, (version, _) in known.items() if version != versions[uid]]
        fresh = _keys_by_run(connection, self._tails, stale, self._live)
        self._keep({uid: (versions[uid], facts) for uid, facts in fresh.items()})
        return _merged(fresh[uid] if uid in fresh else known[uid][1] for uid in versions)

    def _keep(self, fresh: Mapping[int, tuple[int, list[KeyFacts]]]) -> None:
        added = sum(len(facts) for _, facts in fresh.values())
        with self._lock:
            self._size -= sum(len(self._known.pop(uid, (-1, []))[1]) for uid in fresh)
            if self._size + added > self._limit:
                self._known.clear()
                self._size = 0
            self._known.update(fresh)
            self._size += added


def keys(connection: Connection, memo: TailMemo, uids: Sequence[int]) -> list[KeyFacts]:
    """All keys of these runs, those of the first run first, in the order in which they arrived.

    Raises NotFound for unknown runs.
    """
    return _merged(_keys_by_run(connection, memo, uids).values())


def _keys_by_run(
    connection: Connection, memo: TailMemo, uids: Sequence[int], live: LiveKeys | None = None
) -> dict[int, list[KeyFacts]]:
    found: dict[int, list[KeyFacts]] = {}
    live = live or LiveKeys()
    for first in range(0, len(uids), _RUNS_PER_SELECTION):
        some = uids[first : first + _RUNS_PER_SELECTION]
        found |= dict.fromkeys(some, [])  # in this order
        whole = _sealed_whole(connection, some)
        found |= _sealed_keys(connection, whole)
        others = sorted(set(some).difference(whole.values()))
        running = _live_keys(connection, live, lineages(connection, others))
        found |= running
        found |= _composed_keys(connection, memo, [id_ for id_ in others if id_ not in running])
    return found


def _live_keys(
    connection: Connection, live: LiveKeys, found: Sequence[Lineage]
) -> dict[int, list[KeyFacts]]:
    """Keys of runs none of whose attempts is cut short."""
    attempts = {part.attempt_id for lineage in found for part in lineage.parts}
    held = live.of(connection, attempts)
    return {
        lineage.run_uid: _whole_keys(lineage.run_uid, held, lineage.parts)
        for lineage in found
        if all(_is_whole(part, held[part.attempt_id]) for part in lineage.parts)
    }


def _is_whole(part: Part, series: Sequence[SeriesFacts]) -> bool:
    return part.cut is None or all(facts.max_step <= part.cut for facts in series)


def _whole_keys(
    uid: int, held: Mapping[int, list[SeriesFacts]], parts: Sequence[Part]
) -> list[KeyFacts]:
    found: dict[tuple[str, str], SeriesFacts] = {}
    for facts in (facts for part in parts for facts in held[part.attempt_id]):
        known = found.get((facts.kind, facts.key))
        found[facts.kind, facts.key] = facts if known is None else known.then(facts)
    return [_key_facts(uid, facts) for facts in found.values()]


def _key_facts(uid: int, facts: SeriesFacts) -> KeyFacts:
    return KeyFacts(
        key=facts.key,
        kind=facts.kind,
        path=list(facts.path),
        runs=[uid],
        n=facts.n,
        min_step=facts.min_step,
        max_step=facts.max_step,
        min_us=facts.min_us,
        max_us=facts.max_us,
        watched=facts.kind == "histogram" and facts.watched,
        media=(facts.media or None) if facts.kind == "json" else None,
    )


def _sealed_whole(connection: Connection, uids: Sequence[int]) -> dict[int, int]:
    """The runs of which all is sealed in one attempt, by that attempt: most of those that ended."""
    tail = schema.tail
    waiting = set(
        connection.execute(
            select(tail.c.run_uid).where(tail.c.run_uid.in_(uids)).distinct()
        ).scalars()
    )
    return {
        lineage.parts[0].attempt_id: lineage.run_uid
        for lineage in lineages(connection, uids)
        if lineage.run_uid not in waiting
        and len(lineage.parts) == 1
        and lineage.parts[0].cut is None
    }


def _sealed_keys(connection: Connection, runs: Mapping[int, int]) -> dict[int, list[KeyFacts]]:
    """Keys of runs by attempt, straight from the catalogue: sixty thousand take a quarter
    of the time that a selection takes."""
    one = schema.series.c
    # fmt: off
    columns = (
        one.attempt_id, one.key, one.kind, one.path_json, one.n, one.min_step, one.max_step,
        one.min_us, one.max_us, one.watched, one.media,
    )
    # fmt: on
    query = (
        select(*columns)
        .where(one.attempt_id.in_(runs), one.kind.in_(KINDS), one.n > 0)
        .order_by(one.id)
    )
    found: dict[int, list[KeyFacts]] = {uid: [] for uid in runs.values()}
    for attempt, key, kind, path, n, s0, s1, t0, t1, watched, media in connection.execute(query):
        names = json.loads(path) if path else []
        seen = kind == "histogram" and watched
        uid = runs[attempt]
        facts = KeyFacts(key, kind, names, [uid], n, s0, s1, t0, t1, seen, media or None)
        found[uid].append(facts)
    return found


def _composed_keys(
    connection: Connection, memo: TailMemo, uids: Sequence[int]
) -> dict[int, list[KeyFacts]]:
    """Keys of runs with a tail, or that continue others."""
    selection = Selection(connection, memo, uids, KINDS, None)
    found = {}
    for lineage in selection.lineages:
        facts = (_facts(selection, lineage, *name) for name in selection.names(lineage))
        found[lineage.run_uid] = [one for one in facts if one is not None]
    return found


def _merged(runs: Iterable[list[KeyFacts]]) -> list[KeyFacts]:
    runs = list(runs)
    if len(runs) == 1:
        return runs[0]
    merged: dict[tuple[str, str], KeyFacts] = {}
    for facts in runs:
        for one in facts:
            if (same := merged.get((one.kind, one.key))) is not None:
                same.add(one)
            else:
                merged[one.kind, one.key] = msgspec.structs.replace(one, runs=[*one.runs])
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
        runs=[lineage.run_uid],
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
    waits = None if found.waiting is None else found.waiting.data
    return isinstance(waits, PackedHistograms) and waits.watched


def _media(found: Found) -> str | None:
    """The `_type` of the last value, if it is a media object."""
    return found.entries()[-1].media or None
