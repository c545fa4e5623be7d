"""The summary that sealing keeps in a run's row is the one that readers would compose."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from lossboard.wire import WIRE_VERSION, Column, Record, Rows, RunStart, encode_record
from lossboard_server.database import schema
from lossboard_server.database.engines import Database
from lossboard_server.settings import Settings
from lossboard_server.storage import TailMemo
from lossboard_server.writing import catalogue, ingest
from lossboard_server.writing.sealer import Sealer
from lossboard_server.writing.writer import Transaction, Writer


class Interrupted:
    """A database where something is written between the second question, which is for the summary,
    and what is done with the answer."""

    def __init__(self, database: Database, change: Callable[[], Any]) -> None:
        self._database = database
        self._change = change
        self._questions = 0

    async def ask(self, query: Any) -> Any:
        answer = await self._database.ask(query)
        self._questions += 1
        if self._questions == 2:
            await self._change()
        return answer


def a_row(transaction: Transaction) -> int:
    """A run with one row; its number."""
    start = RunStart(entity="local", project="p", run_id="r", started_us=1)
    one = np.array([1], "<i8").tobytes()
    rows = Rows(one, one, [Column("loss", np.array([0.5], "<f8").tobytes())])
    record = Record(version=WIRE_VERSION, start=start, rows=rows)
    found, payload = ingest.received(record), encode_record(record)
    return ingest.accept(transaction, "a" * 32, 0, found, payload).run.uid


def set_by_hand(transaction: Transaction, uid: int) -> None:
    catalogue.set_summary(transaction, uid, {"loss": 7.0}, time_us=2)


async def summary_after_a_seal(path: Path, *, changes: bool) -> Any:
    settings = Settings(data_dir=path)
    database = Database(settings)
    writer = Writer(
        database.write_engine, group_limit_bytes=1 << 20, queue_limit_bytes=1 << 20, publish=print
    )
    writer.start(asyncio.get_running_loop())
    try:
        uid = await writer.write(a_row)

        async def change() -> None:
            if changes:
                await writer.write(lambda transaction: set_by_hand(transaction, uid))

        await Sealer(settings, Interrupted(database, change), writer, TailMemo()).seal(uid)
        text = await database.ask(
            lambda connection: connection.execute(
                select(schema.run.c.summary_json).where(schema.run.c.id == uid)
            ).scalar_one()
        )
        return json.loads(text)
    finally:
        await writer.stop()
        database.close()


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param(False, 0.5, id="nothing happens"),
        pytest.param(True, None, id="the run changes meanwhile"),
    ],
)
def test_a_summary_that_was_composed_before_a_change_is_thrown_away(
    tmp_path: Path, changes: bool, kept: float | None
) -> None:
    assert asyncio.run(summary_after_a_seal(tmp_path, changes=changes)).get("loss") == kept
