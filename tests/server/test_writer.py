"""The one writer: groups, failures that stay alone, limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from lossboard.wire import Record, Rows, RunStart, encode_record
from lossboard_server.changes import Committed
from lossboard_server.database import schema
from lossboard_server.database.engines import Database
from lossboard_server.errors import Busy
from lossboard_server.settings import Settings
from lossboard_server.writing import ingest
from lossboard_server.writing.catalogue import open_run
from lossboard_server.writing.stream_marks import drop_empty_attempt
from lossboard_server.writing.writer import Transaction, Writer

Result = TypeVar("Result")


def with_writer(path: Path, work: Callable[[Writer, list[Committed]], Awaitable[Result]]) -> Result:
    """What `work` returns, given a writer on a new database and what it will have published."""

    async def run() -> Result:
        database, told = Database(Settings(data_dir=path)), list[Committed]()
        writer = Writer(
            database.write_engine,
            group_limit_bytes=1 << 20,
            queue_limit_bytes=1000,
            publish=told.append,
        )
        writer.start(asyncio.get_running_loop())
        try:
            return await work(writer, told)
        finally:
            await writer.stop()
            database.close()

    return asyncio.run(run())


def keep(text: str) -> Callable[[Transaction], str]:
    """A task that stores one row."""

    def task(transaction: Transaction) -> str:
        row = {"hash": text, "state_json": text, "created_us": 0}
        transaction.connection.execute(insert(schema.view).values(row))
        return text

    return task


def count(transaction: Transaction) -> int:
    found = select(func.count()).select_from(schema.view)
    return int(transaction.connection.execute(found).scalar_one())


def test_tasks_that_wait_together_are_one_transaction(tmp_path: Path) -> None:
    async def work(writer: Writer, told: list[Committed]) -> tuple[list[str], int]:
        results = await asyncio.gather(*(writer.write(keep(str(n))) for n in range(50)))
        return results, len(told)

    results, transactions = with_writer(tmp_path, work)
    assert results == [str(n) for n in range(50)]
    assert transactions < 50


def test_a_failing_task_takes_nothing_of_its_group_with_it(tmp_path: Path) -> None:
    def fail(transaction: Transaction) -> None:
        keep("half")(transaction)
        raise ZeroDivisionError

    async def work(writer: Writer, told: list[Committed]) -> tuple[list[Any], int]:
        tasks: list[Callable[[Transaction], Any]] = [keep("a"), fail, keep("b"), fail, keep("c")]
        futures = [writer.write(task) for task in tasks]
        results = await asyncio.gather(*futures, return_exceptions=True)
        return results, await writer.write(count)

    results, rows = with_writer(tmp_path, work)
    assert [type(result).__name__ for result in results] == [
        "str",
        "ZeroDivisionError",
        "str",
        "ZeroDivisionError",
        "str",
    ]
    assert rows == 3


def test_a_full_disk_fails_the_write_and_not_those_after_it(tmp_path: Path) -> None:
    def limit_pages(pages: int) -> Callable[[Any], None]:
        def work(engine: Any) -> None:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        return work

    async def work(writer: Writer, told: list[Committed]) -> int:
        await writer.maintain(limit_pages(1))
        with pytest.raises(OperationalError, match="full"):
            await writer.write(keep("x" * 10_000_000))
        await writer.maintain(limit_pages(1 << 30))
        await writer.write(keep("y"))
        return await writer.write(count)

    assert with_writer(tmp_path, work) == 1


def test_past_its_limit_the_queue_says_when_to_come_back(tmp_path: Path) -> None:
    async def work(writer: Writer, told: list[Committed]) -> int:
        first = writer.write(keep("first"), size_bytes=600)
        with pytest.raises(Busy) as refused:
            writer.write(keep("more"), size_bytes=600)
        assert refused.value.retry_after_secs == 1
        await first
        await writer.write(keep("more"), size_bytes=600)
        return await writer.write(count)

    assert with_writer(tmp_path, work) == 2


def test_what_is_queued_is_written_before_the_writer_ends(tmp_path: Path) -> None:
    async def work(writer: Writer, told: list[Committed]) -> list[asyncio.Future[str]]:
        return [writer.write(keep(str(n))) for n in range(20)]

    assert all(future.done() for future in with_writer(tmp_path, work))


def test_versions_rise_by_one_for_each_changed_run(tmp_path: Path) -> None:
    def start(run_id: str) -> Callable[[Transaction], Any]:
        return lambda transaction: open_run(transaction, RunStart("e", "p", run_id, started_us=1))

    async def work(writer: Writer, told: list[Committed]) -> list[int]:
        for run_id in ("a", "b", "a"):
            await writer.write(start(run_id))
        return [change.version for committed in told for change in committed.changes]

    assert with_writer(tmp_path, work) == [1, 2, 3]


def logged(transaction: Transaction, run_id: str, seq: int, step: int) -> None:
    """A record of one row, of the only writer of the run."""
    number = np.array([step], "<i8").tobytes()
    start = RunStart("e", "p", run_id, started_us=1)
    record = Record(version=1, start=start, rows=Rows(number, number))
    token = run_id.encode().hex().zfill(32)
    ingest.accept(transaction, token, seq, record, encode_record(record))


def test_an_old_log_takes_no_step_of_another_run_that_is_committed_with_it(tmp_path: Path) -> None:
    def old_log(transaction: Transaction) -> None:
        logged(transaction, "other", 1, step=7)
        _, earlier = open_run(transaction, RunStart("e", "p", "again", started_us=1))
        _, attempt = open_run(transaction, RunStart("e", "p", "again", started_us=2))
        drop_empty_attempt(transaction, attempt, earlier)

    async def work(writer: Writer, told: list[Committed]) -> int | None:
        await writer.write(lambda transaction: logged(transaction, "other", 0, step=3))
        await writer.write(old_log)
        asked = select(schema.run.c.last_step).where(schema.run.c.run_id == "other")
        return await writer.write(lambda t: t.connection.execute(asked).scalar_one())

    assert with_writer(tmp_path, work) == 7
