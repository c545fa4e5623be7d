"""The newest row of system metrics is the last of all rows, told without reading them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from lossboard_server.queries import HistoryQuery, query_history
from lossboard_server.queries.history.newest_rows import SYSTEM_KINDS, newest_system_rows
from lossboard_server.queries.points.selection import Selection
from lossboard_server.storage import TailMemo

ROWS = {
    "ascending": [(0, 10, {"cpu": 5.0}), (1, 20, {"cpu": 6, "gpu": "off"}), (2, 35, {"cpu": 7.5})],
    "several keys": [(0, 10, {"cpu": 5.0, "gpu": "on"}), (1, 20, {"cpu": 6, "gpu": "off"})],
    "a late row": [(0, 10, {"cpu": 5.0}), (7, 20, {"cpu": 6, "mem": 3}), (3, 35, {"cpu": 7.5})],
    "not finite": [(0, 10, {"cpu": float("nan")}), (1, 20, {"cpu": float("inf")})],
    "the same step twice": [(4, 10, {"cpu": 1}), (4, 20, {"cpu": 2})],
}


def newest(connection: Connection, memo: TailMemo, uids: list[int]) -> Any:
    return newest_system_rows(Selection(connection, memo, uids, SYSTEM_KINDS, None))


def last_of_all(store: Any, uid: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = store.ask(query_history, HistoryQuery(uid, stream="system")).rows
    return rows[-1]


def texts(rows: dict[int, dict[str, Any]]) -> dict[int, list[str]]:
    """As text, since NaN equals nothing; the order of keys doesn't matter."""
    return {uid: sorted(map(repr, row.items())) for uid, row in rows.items()}


@pytest.mark.parametrize("sealed", [0, 1, 2])
def test_the_newest_system_row_of_each_run_is_the_last_of_its_rows(store: Any, sealed: int) -> None:
    uids = []
    for rows in ROWS.values():
        uids.append(store.run())
        writer = store.writer(uids[-1])
        for place, row in enumerate(rows):
            writer.system(row)
            if place < sealed:
                store.seal(uids[-1])
    expected = {uid: last_of_all(store, uid) for uid in uids}
    found = store.ask(newest, [*uids, store.run()])
    assert texts(found) == texts(expected)


def test_of_a_forked_run_the_newest_system_row_is_not_beyond_the_fork(store: Any) -> None:
    origin, fork = store.run(), store.run()
    first = store.writer(origin)
    first.system((0, 10, {"cpu": 1.0}), (1, 20, {"cpu": 2.0}), (2, 30, {"cpu": 3.0}))
    store.writer(fork, "fork", first.attempt_id, 1)
    store.seal(origin)
    assert store.ask(newest, [fork])[fork] == last_of_all(store, fork)
    assert store.ask(newest, [fork])[fork]["cpu"] == 2.0
