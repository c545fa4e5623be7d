"""Sealing: nothing is lost, doubled or hidden by it, at any moment."""

from __future__ import annotations

import itertools
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select

from lossboard.wire import (
    Column,
    HistogramColumn,
    HistogramData,
    JsonColumn,
    Record,
    Rows,
    encode_record,
)
from lossboard_server.database import schema
from lossboard_server.queries import (
    HistogramQuery,
    HistoryQuery,
    SeriesQuery,
    keys,
    query_histograms,
    query_history,
    query_series,
    summaries,
)
from lossboard_server.storage import TailMemo
from lossboard_server.storage.sealing import apply_seal, plan_seal

ROWS_PER_RECORD = 700


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database file in WAL mode."""
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}", connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _(connection: Any, record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL").fetchall()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    schema.metadata.create_all(engine)
    yield engine
    engine.dispose()


def open_run(connection: Connection) -> None:
    """Run, attempt and writer, each with number 1."""
    times = {"created_us": 0, "started_us": 0, "heartbeat_us": 0}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (schema.project, {"entity": "local", "name": "p", "created_us": 0}),
        (schema.run, {"project_id": 1, "run_id": "r", "slot": 0, **times}),
        (schema.attempt, {"run_uid": 1, "kind": "fresh", "opened_us": 0}),
        (schema.writer, {"token": "w", "run_uid": 1, "attempt_id": 1, "created_us": 0}),
    ]
    for table, values in rows:
        connection.execute(insert(table).values(values))


def put_record(connection: Connection, seq: int, payload: bytes) -> None:
    values = {"run_uid": 1, "writer_id": 1, "seq": seq, "rows": 0, "received_us": 0}
    connection.execute(insert(schema.tail).values(payload=payload, **values))


def record(start: int, count: int = ROWS_PER_RECORD) -> bytes:
    steps = np.arange(start, start + count, dtype="<i8")
    numbers = {"loss": steps.astype("<f8"), "lr": np.ones(count)}
    columns = [Column(key, column.tobytes()) for key, column in numbers.items()]
    rows = Rows(steps.tobytes(), (steps * 1000).tobytes(), columns)
    return encode_record(Record(version=1, rows=rows))


def seal(connection: Connection) -> bool:
    with connection.begin():
        plan = plan_seal(connection, 1)
    with connection.begin():
        return plan is not None and apply_seal(connection, plan)


def test_a_reader_sees_counts_only_grow_while_sealing_goes_on(engine: Engine) -> None:
    stop, sent, seen = threading.Event(), [0], [0]
    failures: list[str] = []
    with engine.connect() as connection, connection.begin():
        open_run(connection)

    def write() -> None:
        with engine.connect() as connection:
            for seq in range(60):
                with connection.begin():
                    put_record(connection, seq, record(seq * ROWS_PER_RECORD))
                sent[0] += ROWS_PER_RECORD
                if seq % 4 == 3:
                    seal(connection)
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    memo, query = TailMemo(), SeriesQuery([1], ["loss"], buckets=50)
    with engine.connect() as connection:
        while not stop.is_set() or seen[0] < sent[0]:
            least = sent[0]
            with connection.begin():
                found = query_series(connection, memo, query).series
            count = found[0].in_window if found else 0
            if not max(least, seen[0]) <= count <= sent[0] + ROWS_PER_RECORD:
                failures.append(f"{count} points after {seen[0]}, {least} were sent")
                break
            seen[0] = count
    writer.join()
    assert failures == [] and seen[0] == 60 * ROWS_PER_RECORD


def test_of_two_plans_for_the_same_tail_only_one_is_written(engine: Engine) -> None:
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
            put_record(connection, 0, record(0))
        with connection.begin():
            one, two = plan_seal(connection, 1), plan_seal(connection, 1)
        assert one is not None and two is not None
        with connection.begin():
            assert apply_seal(connection, one)
            assert not apply_seal(connection, two)
            answer = query_series(connection, TailMemo(), SeriesQuery([1], ["loss"]))
            assert answer.series[0].n == ROWS_PER_RECORD
            assert plan_seal(connection, 1) is None


def text_record(size_bytes: int) -> bytes:
    text = JsonColumn("text", ["t" * size_bytes])
    return encode_record(Record(version=1, rows=Rows(bytes(8), bytes(8), [], [text])))


@contextmanager
def most_bytes() -> Iterator[list[int]]:
    """The list gets the most bytes that Python held at once in the block."""
    most: list[int] = []
    tracemalloc.start()
    try:
        yield most
        most.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def test_a_plan_holds_one_large_record_and_not_the_ones_behind_it(engine: Engine) -> None:
    size_bytes, count = 9_000_000, 12
    with engine.connect() as connection, connection.begin():
        open_run(connection)
        for seq in range(count):
            put_record(connection, seq, text_record(size_bytes))
        with most_bytes() as most:
            plan = plan_seal(connection, 1)
    assert plan is not None and (plan.records, plan.more) == (1, True)
    assert most[0] < count * size_bytes / 2


def test_large_values_of_a_tail_are_kept_decoded_only_where_others_have_room_beside(
    engine: Engine,
) -> None:
    memo = TailMemo(limit_bytes=40_000_000)
    with engine.connect() as connection, connection.begin():
        open_run(connection)
        for seq, size_bytes in enumerate((9_000_000, 1000)):
            put_record(connection, seq, text_record(size_bytes))
        with most_bytes():
            assert summaries(connection, memo, [1])[1]["text"] == "t" * 1000
            held = tracemalloc.get_traced_memory()[0]
    assert held < 9_000_000


def test_records_that_come_between_plan_and_seal_stay_in_the_tail(engine: Engine) -> None:
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
            put_record(connection, 0, record(0, 5))
            plan = plan_seal(connection, 1)
            put_record(connection, 1, record(5, 5))
            assert plan is not None and apply_seal(connection, plan)
        with connection.begin():
            (series,) = query_series(connection, TailMemo(), SeriesQuery([1], ["loss"])).series
            assert (series.n, series.columns["x_last"][-1]) == (10, 9)
            assert connection.execute(select(func.count()).select_from(schema.tail)).scalar() == 1


def test_full_blocks_are_never_rewritten_and_open_ones_are_replaced(engine: Engine) -> None:
    block = schema.block.c
    full = select(block.id, block.data).where(block.open.is_(False)).order_by(block.id)
    opened = select(block.series_id, block.level).where(block.open)
    before: dict[int, bytes] = {}
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
        for seq in range(40):
            with connection.begin():
                put_record(connection, seq, record(seq * 1000, 1000))
            seal(connection)
            with connection.begin():
                now = {row.id: row.data for row in connection.execute(full)}
                places = connection.execute(opened).all()
            assert before.items() <= now.items()
            assert len(places) == len(set(places)), "one open block for each series and level"
            before = now
    assert len(before) >= 2 * (40_000 // 4096)


def test_a_tail_is_sealed_piece_by_piece_and_reads_the_same(engine: Engine) -> None:
    big = encode_record(
        Record(
            version=1,
            rows=Rows(
                np.arange(2, dtype="<i8").tobytes(),
                np.arange(2, dtype="<i8").tobytes(),
                [Column("x", np.arange(2.0).tobytes())],
                [JsonColumn("text", ["a" * 3_000_000, "b"])],
            ),
        )
    )
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
            for seq in range(5):
                put_record(connection, seq, big)
        moreover = []
        for _ in range(3):
            with connection.begin():
                plan = plan_seal(connection, 1)
                assert plan is not None and apply_seal(connection, plan)
                moreover.append(plan.more)
                (series,) = query_series(connection, TailMemo(), SeriesQuery([1], ["x"])).series
                assert series.n == 10
        assert moreover == [True, True, False]


def answers(connection: Connection, memo: TailMemo) -> list[Any]:
    """What a run reads as, in all forms that don't tell seals apart."""
    with connection.begin():
        found = query_series(connection, memo, SeriesQuery([1], ["loss", "lr"], buckets=10_000))
        return [
            # As text: a column of what isn't finite holds NaN, which equals nothing.
            [{n: repr(c.tolist()) for n, c in one.columns.items()} for one in found.series],
            query_history(connection, memo, HistoryQuery(1, limit=10_000)).rows,
            keys(connection, memo, [1]),
            summaries(connection, memo, [1]),
        ]


@pytest.mark.parametrize("memo_of", [TailMemo, lambda: TailMemo(limit_bytes=1)])
def test_answers_are_the_same_before_and_after_a_seal(
    engine: Engine, memo_of: Callable[[], TailMemo]
) -> None:
    memo, starts = memo_of(), itertools.count(0, 3)
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
            for seq in range(300):
                put_record(connection, seq, record(next(starts), 3))
        before = answers(connection, memo)
        assert answers(connection, memo) == before
        seal(connection)
        assert answers(connection, memo) == before


def histogram_record(start: int, count: int) -> bytes:
    at = np.arange(start, start + count, dtype="<i8").tobytes()
    events = [HistogramData(0.0, 1.0, b"\1", 0, float(start + place)) for place in range(count)]
    return encode_record(Record(version=1, histograms=[HistogramColumn("w", at, at, events)]))


def test_blocks_of_events_that_come_in_small_portions_follow_each_other_without_a_gap(
    engine: Engine,
) -> None:
    portions = [100, 1, 1, 60, 5, 40, 300, 2, 2, 2, 2, 90, 7]
    block = schema.hist_block.c
    places = select(block.ordinal, block.n, block.open).order_by(block.ordinal)
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
        for seq, count in enumerate(portions):
            with connection.begin():
                put_record(connection, seq, histogram_record(sum(portions[:seq]), count))
            assert seal(connection)
            with connection.begin():
                found = connection.execute(places).all()
            ends = [row.ordinal + row.n for row in found]
            assert [row.ordinal for row in found] == [0, *ends[:-1]]
            assert ends[-1] == sum(portions[: seq + 1])
            assert sum(row.open for row in found[:-1]) == 0, "only the last one may be open"
        with connection.begin():
            query = HistogramQuery([1], ["w"], limit=10_000)
            (series,) = query_histograms(connection, TailMemo(), query).series
    assert series.columns["n"].tolist() == list(map(float, range(sum(portions))))
    assert len(found) > -(-sum(portions) // 256), "small portions leave full blocks alone"


def test_a_plan_that_is_stopped_writes_nothing_and_the_next_one_begins_anew(
    engine: Engine,
) -> None:
    with engine.connect() as connection:
        with connection.begin():
            open_run(connection)
            for seq in range(3):
                put_record(connection, seq, record(seq * 5, 5))
        for asked in range(6):
            left = iter([False] * asked)
            with connection.begin():
                assert plan_seal(connection, 1, stop=lambda left=left: next(left, True)) is None
        assert seal(connection)
        with connection.begin():
            (series,) = query_series(connection, TailMemo(), SeriesQuery([1], ["loss"])).series
            assert series.n == 15
