"""Series of running attempts, kept in memory as records arrive.

So a list of keys costs the same whatever waits in the tails. What is held of an attempt covers the
records of its writers up to some number, and a reader's transaction says which number it should
be. Records are announced before their commit, so a reader finds all that it saw; what was never
told of (from before a start) isn't held: such an attempt is read anew, from the catalogue and its
tail, and what is committed in the meantime is counted in afterwards. Sealing moves nothing here.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, select

from lossboard_server.changes import Heard, Told
from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.storage.series_facts import KINDS, SeriesFacts, facts_in
from lossboard_server.storage.waiting import SIZE_BYTES, skimmed

__all__ = ["LiveKeys"]

_TOLD_SECS = 1.0  # a commit that was followed by another announcement is being noted


@dataclass(slots=True)
class _Attempt:
    """The facts of an attempt by kind and key, in order of arrival, and the number up to which
    they cover each writer's records."""

    covered: dict[int, int] = field(default_factory=dict)
    series: dict[tuple[str, str], SeriesFacts] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return 1 + len(self.series)

    def add(self, some: Iterable[SeriesFacts]) -> None:
        for facts in some:
            name = (facts.kind, facts.key)
            known = self.series.get(name)
            self.series[name] = facts if known is None else known.then(facts)


class LiveKeys:
    """Facts of series by attempt, those that were not asked for longest dropped first; safe
    between threads."""

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit  # of series and attempts
        self._size = 0
        self._attempts: OrderedDict[int, _Attempt] = OrderedDict()
        self._reading: dict[int, list[Told]] = {}  # what came while an attempt was read
        self._announced: list[Told] = []
        self._one_reads = threading.Lock()
        self._told = threading.Condition()

    def announce(self, heard: Iterable[Heard]) -> None:
        """These records are about to be committed: a reader may see them before `note`."""
        announced = [told for one in heard for told in one.told]
        with self._told:
            self._announced = announced

    def note(self, heard: Iterable[Heard]) -> None:
        """Count committed records in, given in their order."""
        with self._told:
            for one in heard:
                for told in one.told:
                    if told.attempt_id in self._reading:
                        self._reading[told.attempt_id].append(told)
                    self._count(told)
            self._told.notify_all()

    def _count(self, told: Told) -> None:
        if told.opened and told.attempt_id not in self._attempts:
            self._hold({told.attempt_id: _Attempt()})
        attempt = self._attempts.get(told.attempt_id)
        if attempt is None or attempt.covered.get(told.writer_id, 0) > told.before:
            return  # nobody asked yet, or it was there when they were read
        if attempt.covered.get(told.writer_id, 0) < told.before:
            self._drop(told.attempt_id)  # something is missing
            return
        self._size -= attempt.size
        attempt.covered[told.writer_id] = told.seq + 1
        attempt.add(told.facts)
        self._size += attempt.size
        self._make_room()

    def _hold(self, made: dict[int, _Attempt]) -> None:
        for attempt_id, attempt in made.items():
            self._drop(attempt_id)
            self._attempts[attempt_id] = attempt
            self._size += attempt.size
        self._make_room()

    def _drop(self, attempt_id: int) -> None:
        dropped = self._attempts.pop(attempt_id, None)
        self._size -= dropped.size if dropped else 0

    def _make_room(self) -> None:
        while self._size > self._limit and len(self._attempts) > 1:
            self._drop(next(iter(self._attempts)))

    def of(
        self, connection: Connection, attempt_ids: Collection[int]
    ) -> dict[int, list[SeriesFacts]]:
        """The content of each of these attempts, its series in order of arrival."""
        expected = _expected(connection, attempt_ids)
        found = self._held(expected)
        if len(found) < len(expected):
            with self._one_reads:
                missing = {id_: numbers for id_, numbers in expected.items() if id_ not in found}
                found |= self._held(missing)  # another reader may have read them
                missing = {id_: numbers for id_, numbers in missing.items() if id_ not in found}
                found |= self._read(connection, missing)
        return found

    def _held(self, expected: dict[int, dict[int, int]]) -> dict[int, list[SeriesFacts]]:
        """The attempts that are held, as soon as they cover what is expected."""
        found: dict[int, list[SeriesFacts]] = {}
        with self._told:
            for attempt_id, numbers in expected.items():
                self._told.wait_for(partial(self._is_settled, attempt_id, numbers), _TOLD_SECS)
                held = self._attempts.get(attempt_id)
                if held is not None and _covers(held, numbers):
                    self._attempts.move_to_end(attempt_id)
                    found[attempt_id] = list(held.series.values())
        return found

    def _is_settled(self, attempt_id: int, numbers: dict[int, int]) -> bool:
        for told in self._announced:
            if told.attempt_id == attempt_id and told.seq < numbers.get(told.writer_id, 0):
                self._count(told)  # the reader saw it committed
        held = self._attempts.get(attempt_id)
        return held is None or _covers(held, numbers)

    def _read(
        self, connection: Connection, expected: dict[int, dict[int, int]]
    ) -> dict[int, list[SeriesFacts]]:
        """Read the attempts from the database and hold them."""
        with self._told:
            self._reading |= {attempt_id: [] for attempt_id in expected}
        made = {attempt_id: _Attempt(numbers) for attempt_id, numbers in expected.items()}
        _add_sealed(connection, made)
        _add_tails(connection, made)
        found = {attempt_id: list(attempt.series.values()) for attempt_id, attempt in made.items()}
        with self._told:
            self._hold(made)
            for attempt_id in made:
                for told in self._reading.pop(attempt_id):
                    self._count(told)
        return found

    def read_ahead(self, connection: Connection) -> None:
        """Read the attempts of which something waits to be sealed, before anyone asks."""
        tail, writer = schema.tail, schema.writer
        query = select(writer.c.attempt_id).join(tail, tail.c.writer_id == writer.c.id).distinct()
        self.of(connection, connection.execute(query).scalars().all())


def _covers(held: _Attempt, expected: dict[int, int]) -> bool:
    return all(held.covered.get(writer, 0) >= number for writer, number in expected.items())


def _expected(connection: Connection, attempt_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """By attempt and writer the number of the next record, as the reader's transaction sees it."""
    writer = schema.writer.c
    query = select(writer.attempt_id, writer.id, writer.next_seq)
    found: dict[int, dict[int, int]] = {attempt_id: {} for attempt_id in attempt_ids}
    for row in connection.execute(query.where(among(connection, writer.attempt_id, attempt_ids))):
        found[row.attempt_id][row.id] = row.next_seq
    return found


def _add_sealed(connection: Connection, attempts: dict[int, _Attempt]) -> None:
    one = schema.series.c
    # fmt: off
    columns = (
        one.attempt_id, one.kind, one.key, one.path_json, one.n, one.min_step, one.max_step,
        one.min_us, one.max_us, one.watched, one.media,
    )
    # fmt: on
    query = (
        select(*columns)
        .where(among(connection, one.attempt_id, attempts), one.kind.in_(KINDS), one.n > 0)
        .order_by(one.id)
    )
    for attempt, kind, key, path, *rest in connection.execute(query):
        names = tuple(json.loads(path)) if path else ()
        attempts[attempt].add([SeriesFacts(kind, key, names, *rest)])


def _add_tails(connection: Connection, attempts: dict[int, _Attempt]) -> None:
    tail, writer = schema.tail.c, schema.writer.c
    rows = connection.execute(
        select(tail.id, writer.attempt_id, SIZE_BYTES)
        .join_from(schema.tail, schema.writer)
        .where(among(connection, writer.attempt_id, attempts))
        .order_by(tail.id)
        .execution_options(yield_per=256)
    )
    for row, record in skimmed(connection, rows):
        attempts[row.attempt_id].add(facts_in(record))
