"""The storage library without HTTP: sealing, a chart over a custom x-axis, a page of rows.

The peer is a row per point in SQLite, with the primary key that suits the questions, in the same
process. The custom axis is a counter that never decreases, as Lightning and transformers set one.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, insert

from bench.harness import Goal, Row, interleaved, median
from bench.ingest import open_rows
from bench.processes import temporary_directory
from bench.writers import FIRST_US, US_PER_STEP, random_walk
from lossboard.wire import TYPE_INT, Column, Record, Rows, encode_record
from lossboard_server.database import dialect, schema
from lossboard_server.queries import HistoryQuery, SeriesQuery, query_history, query_series
from lossboard_server.storage import TailMemo
from lossboard_server.storage.sealing import apply_seal, plan_seal

__all__ = ["measure"]

ROUNDS = 5
STEPS = 1_000_000
STEPS_PER_RECORD = 4000
RECORDS_PER_SEAL = 5
COUNTER, LOSS = "trainer/global_step", "train/loss"
COUNTER_STEP = 3  # of the counter in a row: x is not the step
PAGE_ROWS = 1000

JOINED = """SELECT x.value / :width, min(x.value), max(x.value), count(*), avg(y.value),
min(y.value), max(y.value) FROM point y JOIN point x ON x.run = y.run AND x.step = y.step
WHERE y.run = 0 AND y.key = :key AND x.key = :axis AND x.value BETWEEN :low AND :high GROUP BY 1"""
PAGE = """SELECT step, key, time, value FROM point WHERE run = 0 AND key IN (:key, :axis)
AND step >= :low AND step < :high ORDER BY step"""


@dataclass
class Stores:
    """The same points in both stores, and the seconds of CPU that each took for them."""

    reader: Engine
    rows: sqlite3.Connection
    our_secs: float
    row_secs: float


def measure() -> list[Row]:
    with temporary_directory() as directory:
        stores = fill(directory)
        result = [
            sealing_row(stores),
            chart_row(stores, "chart of 1,000,000 points over another metric", 0, STEPS),
            chart_row(stores, "1 % window of it", STEPS // 3, STEPS // 3 + STEPS // 100),
            page_row(stores),
        ]
        stores.rows.close()
        stores.reader.dispose()
    return result


def fill(directory: Path) -> Stores:
    loss = random_walk(STEPS, 0)
    rows = open_rows(directory / "rows.db")
    row_secs = timed(partial(fill_rows, rows, loss), time.process_time)
    url = dialect.sqlite_url(directory / "blocks.db")
    writer = dialect.open_writer(url, "FULL")
    with writer.connect() as connection:
        with connection.begin():
            schema.metadata.create_all(connection)
            open_run(connection)
        our_secs = timed(partial(fill_blocks, connection, loss), time.process_time)
    writer.dispose()
    return Stores(dialect.open_reader(url, 1), rows, our_secs, row_secs)


def fill_rows(database: sqlite3.Connection, loss: np.ndarray) -> None:
    for first in range(0, STEPS, STEPS_PER_RECORD):
        part = enumerate(loss[first : first + STEPS_PER_RECORD].tolist(), first)
        points = (
            (0, key, step, 1.7e9 + step * 0.05, value)
            for step, number in part
            for key, value in ((LOSS, number), (COUNTER, step * COUNTER_STEP))
        )
        with database:
            database.executemany("INSERT INTO point VALUES(?, ?, ?, ?, ?)", points)


def open_run(connection: Connection) -> None:
    times = {"created_us": FIRST_US, "started_us": FIRST_US, "heartbeat_us": FIRST_US}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (schema.project, {"entity": "local", "name": "bench", "created_us": FIRST_US}),
        (schema.run, {"project_id": 1, "run_id": "r", "slot": 0, **times}),
        (schema.attempt, {"run_uid": 1, "kind": "fresh", "opened_us": FIRST_US}),
        (schema.writer, {"token": "w", "run_uid": 1, "attempt_id": 1, "created_us": FIRST_US}),
    ]
    for table, values in rows:
        connection.execute(insert(table).values(values))


def fill_blocks(connection: Connection, loss: np.ndarray) -> None:
    for number, first in enumerate(range(0, STEPS, STEPS_PER_RECORD)):
        payload = record(first, loss[first : first + STEPS_PER_RECORD])
        values = {"run_uid": 1, "writer_id": 1, "seq": number, "rows": 0, "received_us": 0}
        with connection.begin():
            connection.execute(insert(schema.tail).values(payload=payload, **values))
        if number % RECORDS_PER_SEAL == RECORDS_PER_SEAL - 1:
            with connection.begin():
                plan = plan_seal(connection, 1)
                assert plan is not None, "the tail holds records"
                assert apply_seal(connection, plan), "nobody else seals"


def record(first: int, loss: np.ndarray) -> bytes:
    steps = np.arange(first, first + len(loss), dtype="<i8")
    counter = (steps * COUNTER_STEP).astype("<f8").tobytes()
    columns = [Column(LOSS, loss.tobytes()), Column(COUNTER, counter, bytes([TYPE_INT]))]
    times = FIRST_US + steps * US_PER_STEP
    return encode_record(Record(version=1, rows=Rows(steps.tobytes(), times.tobytes(), columns)))


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    begun = clock()
    call()
    return clock() - begun


def ask(stores: Stores, query: Callable[[Connection, TailMemo], object]) -> object:
    with stores.reader.connect() as connection, connection.begin():
        return query(connection, TailMemo())


def compared(stores: Stores, ours: Callable[[], object], sql: str, **values: Any) -> Any:
    """Median milliseconds of both, by name."""
    cases: dict[str, Callable[[], float]] = {
        "lossboard": partial(timed, ours),
        "SQL over rows": partial(timed, lambda: stores.rows.execute(sql, values).fetchall()),
    }
    return {name: median(runs) * 1e3 for name, runs in interleaved(cases, ROUNDS).items()}


def sealing_row(stores: Stores) -> Row:
    return Row(
        "points kept and sealed per CPU second, without HTTP",
        "points/s",
        2 * STEPS / stores.our_secs,
        {"SQL over rows": 2 * STEPS / stores.row_secs},
        2 * STEPS,
        more_is_better=True,
    )


def chart_row(stores: Stores, what: str, first: int, last: int) -> Row:
    low, high = first * COUNTER_STEP, last * COUNTER_STEP - 1
    query = SeriesQuery([1], [LOSS], x=f"metric:{COUNTER}", x0=low, x1=high)
    millis = compared(
        stores,
        lambda: ask(stores, lambda connection, memo: query_series(connection, memo, query)),
        JOINED,
        key=LOSS,
        axis=COUNTER,
        low=low,
        high=high,
        width=(high - low) // 1000 + 1,
    )
    goal = Goal(times_better={"SQL over rows": 5})
    return Row(what, "ms", millis.pop("lossboard"), millis, ROUNDS, goal)


def page_row(stores: Stores) -> Row:
    low = STEPS // 2
    query = HistoryQuery(1, keys=[LOSS, COUNTER], min_step=low, limit=PAGE_ROWS)
    millis = compared(
        stores,
        lambda: ask(stores, lambda connection, memo: query_history(connection, memo, query)),
        PAGE,
        key=LOSS,
        axis=COUNTER,
        low=low,
        high=low + PAGE_ROWS,
    )
    what = f"page of {PAGE_ROWS:,} history rows out of {STEPS:,}"
    return Row(what, "ms", millis.pop("lossboard"), millis, ROUNDS)
