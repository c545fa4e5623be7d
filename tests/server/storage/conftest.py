"""A store without a server: tables in SQLite, records into the tail, seals when a test says so."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, create_engine, insert
from sqlalchemy.pool import StaticPool

from lossboard.wire import (
    TYPE_FLOAT,
    TYPE_INT,
    Column,
    HistogramColumn,
    JsonColumn,
    Record,
    Rows,
    encode_record,
)
from lossboard_server.database import schema
from lossboard_server.storage import TailMemo, event_series, flat, pyramid
from lossboard_server.storage.sealing import apply_seal, plan_seal

Row = tuple[int, int, dict[str, Any]]  # step, time_us, values


def rows_of(rows: Sequence[Row]) -> Rows:
    """History rows on the wire."""
    numbers: dict[str, list[tuple[int, Any]]] = {}
    others: dict[str, list[tuple[int, Any]]] = {}
    for place, (_, _, values) in enumerate(rows):
        for key, value in values.items():
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            (numbers if plain else others).setdefault(key, []).append((place, value))
    return Rows(
        np.array([row[0] for row in rows], "<i8").tobytes(),
        np.array([row[1] for row in rows], "<i8").tobytes(),
        [_column(key, cells) for key, cells in numbers.items()],
        [
            JsonColumn(key, [value for _, value in cells], _places(cells))
            for key, cells in others.items()
        ],
    )


def _places(cells: list[tuple[int, Any]]) -> bytes:
    return np.array([place for place, _ in cells], "<u4").tobytes()


def _column(key: str, cells: list[tuple[int, Any]]) -> Column:
    types = bytes(TYPE_INT if isinstance(value, int) else TYPE_FLOAT for _, value in cells)
    return Column(
        key, np.array([value for _, value in cells], "<f8").tobytes(), types, _places(cells)
    )


class Store:
    """Runs, attempts and writers as the server makes them."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.memo = TailMemo()
        self._numbers = itertools.count(1)
        with connection.begin():
            values = {"entity": "local", "name": "p", "created_us": 0}
            self._project = self._insert(schema.project, values)

    def _insert(self, table: Any, values: dict[str, Any]) -> int:
        return int(self.connection.execute(insert(table).values(values)).inserted_primary_key[0])

    def run(self, **values: Any) -> int:
        """A new run without any attempt."""
        number = next(self._numbers)
        times = {"created_us": 0, "started_us": 0, "heartbeat_us": 0}
        values = {"project_id": self._project, "run_id": str(number), "slot": 0} | times | values
        with self.connection.begin():
            return self._insert(schema.run, values)

    def writer(
        self, uid: int, kind: str = "fresh", parent: int | None = None, cut: int | None = None
    ) -> Writer:
        """A writer with an attempt of its own."""
        values = {"run_uid": uid, "kind": kind, "opened_us": 0}
        with self.connection.begin():
            attempt = self._insert(schema.attempt, values | {"parent_id": parent, "cut_step": cut})
            token = str(next(self._numbers))
            values = {"token": token, "run_uid": uid, "attempt_id": attempt, "created_us": 0}
            return Writer(self, uid, attempt, self._insert(schema.writer, values))

    def joined(self, first: Writer) -> Writer:
        """Another writer of the attempt of `first`, as a process that joins its run is one."""
        uid, attempt = first.run_uid, first.attempt_id
        values = {"token": str(next(self._numbers)), "run_uid": uid, "attempt_id": attempt}
        with self.connection.begin():
            number = self._insert(schema.writer, values | {"created_us": 0})
        return Writer(self, uid, attempt, number)

    def seal(self, uid: int) -> None:
        """Seal all of the run's tail."""
        more = True
        while more:
            with self.connection.begin():
                plan = plan_seal(self.connection, uid)
            if plan is None:
                return
            with self.connection.begin():
                assert apply_seal(self.connection, plan)
            more = plan.more

    def ask(self, query: Any, *arguments: Any) -> Any:
        """The answer of a query function, in one transaction."""
        with self.connection.begin():
            return query(self.connection, self.memo, *arguments)


class Writer:
    """Sends records to the tail."""

    def __init__(self, store: Store, uid: int, attempt_id: int, writer_id: int) -> None:
        self.store, self.run_uid = store, uid
        self.attempt_id, self._writer_id = attempt_id, writer_id
        self._seq = itertools.count()

    def send(self, record: Record) -> None:
        values = {
            "run_uid": self.run_uid,
            "writer_id": self._writer_id,
            "seq": next(self._seq),
            "rows": 0,
            "received_us": 0,
            "payload": encode_record(record),
        }
        with self.store.connection.begin():
            self.store._insert(schema.tail, values)

    def log(self, *rows: Row) -> None:
        self.send(Record(version=1, rows=rows_of(rows)))

    def system(self, *rows: Row) -> None:
        self.send(Record(version=1, system=rows_of(rows)))

    def watch(self, *columns: HistogramColumn) -> None:
        self.send(Record(version=1, histograms=list(columns)))


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """A store that tests share, each with runs of its own."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        yield Store(connection)
    engine.dispose()


@pytest.fixture(scope="module")
def small_blocks() -> Iterator[None]:
    """Blocks so small that a few points make a pyramid of several levels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyramid, "POINTS_PER_BLOCK", 16)
        patch.setattr(pyramid, "POINTS_PER_NODE", 4)
        patch.setattr(pyramid, "NODES_PER_BLOCK", 4)
        patch.setattr(pyramid, "NODES_PER_NODE", 2)
        patch.setattr(event_series, "EVENTS_PER_BLOCK", 4)
        patch.setattr(flat, "VALUES_PER_BLOCK", 4)
        yield
