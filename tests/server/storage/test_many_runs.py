"""Queries about more runs than a statement has room for variables."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.queries import keys, summaries

COUNT = 40_000


def test_a_query_may_name_forty_thousand_runs(store: Any) -> None:
    first = store.run()
    store.writer(first).log((0, 1, {"loss": 0.5}))
    connection = store.connection
    # Debian's SQLite takes 250,000, SQLite as it comes this many.
    connection.connection.dbapi_connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    run = schema.run
    ids = [first, *range(first + 1_000_000, first + 1_000_000 + COUNT)]
    with connection.begin():
        row = dict(connection.execute(select(run).where(run.c.id == first)).one()._mapping)
        copies = [row | {"id": uid, "run_id": f"many-{uid}", "slot": uid} for uid in ids[1:]]
        connection.execute(insert(run), copies)
    assert [fact.key for fact in store.ask(keys, ids)] == ["loss"]
    found = store.ask(summaries, ids)
    assert len(found) == len(ids) and found[first]["loss"] == 0.5
    with connection.begin():
        chosen = connection.execute(select(run.c.id).where(among(connection, run.c.id, ids)))
        assert set(chosen.scalars()) == set(ids)


def test_a_long_list_is_one_array_of_postgresql() -> None:
    connection = SimpleNamespace(dialect=postgresql.dialect())
    chosen = among(connection, schema.run.c.id, range(COUNT))  # type: ignore[arg-type]
    text = str(chosen.compile(dialect=connection.dialect))
    assert text.startswith("run.id = ANY (")
