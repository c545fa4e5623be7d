"""Lists of runs that the database cuts are those that looking at every run would give."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Row, func, insert, select, update
from tests.examples import examples

from lossboard_server.database import schema
from lossboard_server.queries.runs.filters import compile_filter, compile_search
from lossboard_server.queries.runs.run_fields import Fields
from lossboard_server.queries.runs.run_lists import RunQuery, list_runs
from lossboard_server.queries.runs.run_orders import Order
from lossboard_server.queries.runs.run_rows import Run, RunMemo
from lossboard_server.queries.runs.runs import run_versions

RUNS = 120
NAMES = ["a", "B", "é", "z", "Infinity", "-Infinity", "NaN", "", "a\U0001f600", "\uffee", "%_'\""]
FIRST_US = 1_700_000_000_000_000

names = itertools.count()


class CountingMemo(RunMemo):
    """Counts the runs that it is asked for."""

    asked = 0

    def get(self, connection: Any, rows: Iterable[Row[Any]]) -> list[Run]:
        rows = list(rows)
        self.asked += len(rows)
        return super().get(connection, rows)


@pytest.fixture(scope="module")
def project(store: Any) -> int:
    """Runs in every state, a tenth of them deleted, their versions in no order of creation."""
    with store.connection.begin():
        first = store.connection.execute(select(func.max(schema.run.c.version))).scalar_one() or 0
        values = {"entity": "local", "name": f"lists-{next(names)}", "created_us": 0}
        found = store._insert(schema.project, values)
        draw = random.Random(7)
        versions = draw.sample(range(first + 1, first + 1 + RUNS), RUNS)
        rows = [_row(draw, found, slot, version) for slot, version in enumerate(versions)]
        store.connection.execute(insert(schema.run), rows)
    return int(found)


def _row(draw: random.Random, project_id: int, slot: int, version: int) -> dict[str, Any]:
    started_us = FIRST_US + draw.randrange(10) * 1_000_000
    return {
        "project_id": project_id,
        "run_id": f"{draw.choice(NAMES)}{slot}",
        "slot": slot,
        "name": draw.choice(NAMES),
        "notes": draw.choice(NAMES),
        "group": draw.choice(["", "g1", "g2"]),
        "job_type": draw.choice(["", "train"]),
        "tags_json": json.dumps(draw.sample(["x", "y"], draw.randrange(3))),
        "config_json": json.dumps({"lr": draw.choice([0.1, 1, None, "high", "NaN"])}),
        "summary_json": json.dumps({"loss": draw.random()}),
        "created_us": started_us,
        "started_us": started_us,
        "heartbeat_us": started_us + draw.randrange(-2, 5) * 250_000,
        "ended_us": draw.choice([None, started_us + draw.randrange(4) * 100_000]),
        "exit_code": draw.choice([None, 0, 1, -9]),
        "preempting": draw.random() < 0.2,
        "stop_requested": draw.random() < 0.3,
        "last_step": draw.choice([None, 0, 1, 5, 2**53 + 1]),
        "version": version,
        "deleted_us": draw.choice([None] * 9 + [FIRST_US]),
    }


def slow_list(store: Any, project: int, query: RunQuery) -> tuple[list[int], int]:
    """Numbers of the runs of the page, and how many match, by looking at every run."""
    run = schema.run.c
    rows = select(run.id, run.version, run.heartbeat_us).where(
        run.project_id == project, run.deleted_us.is_(None)
    )
    with store.connection.begin():
        runs = RunMemo(store.memo).get(store.connection, store.connection.execute(rows))
    fields = Fields(lambda field: {})
    matches, found = compile_filter(query.filter, fields), compile_search(query.search)
    chosen = [run for run in runs if matches(run) and found(run.name)]
    ordered = Order(query.sort, query.descending, fields).sorted(chosen, None)
    page = [run.uid for run in ordered if run.version > query.since]
    return page[query.offset : query.offset + query.limit], len(ordered)


def quick_list(store: Any, project: int, query: RunQuery, memo: RunMemo | None = None) -> Any:
    with store.connection.begin():
        return list_runs(store.connection, memo or RunMemo(store.memo), project, query)


texts = st.sampled_from([*NAMES, "g1", "train", "running", "crashed", "a3"])
numbers = st.sampled_from([-9, 0, 1, 5, 0.25, 1.0, 2**53 + 1, 2**70, -(2**70)])
values = st.one_of(texts, numbers, st.sampled_from([None, True, False, [], ["a"]]))
# fmt: off
fields = st.sampled_from([
    "state", "name", "display_name", "group", "job_type", "notes", "tags", "uid",
    "runtime", "last_step", "exit_code", "config.lr", "summary.loss",
])
# fmt: on
comparisons = st.builds(
    dict,
    st.lists(
        st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), values), min_size=1, max_size=2
    ),
)
operators = st.recursive(
    st.one_of(
        comparisons,
        st.builds(lambda name, value: {name: value}, st.sampled_from(["$eq", "$ne"]), values),
        st.builds(
            lambda name, some: {name: some},
            st.sampled_from(["$in", "$nin"]),
            st.lists(values, max_size=3),
        ),
        st.builds(lambda value: {"$exists": value}, st.booleans()),
        st.builds(lambda text: {"$regex": text}, st.sampled_from(["a", "^z"])),
    ),
    lambda inner: st.builds(lambda test: {"$not": test}, inner),
    max_leaves=2,
)
tests = st.one_of(values, operators)
filters = st.recursive(
    st.builds(dict, st.lists(st.tuples(fields, tests), max_size=2)),
    lambda inner: st.one_of(
        st.builds(lambda part: {"$not": part}, inner),
        st.builds(
            lambda name, parts: {name: parts},
            st.sampled_from(["$and", "$or", "$nor"]),
            st.lists(inner, max_size=3),
        ),
    ),
    max_leaves=3,
)
sorts = st.one_of(
    st.sampled_from(["created", "created_at", "name", "state", "runtime", "config.lr"]), fields
)


@examples(1000)
@given(
    filters=filters,
    search=st.sampled_from(["", "", "a|é"]),
    sort=sorts,
    descending=st.booleans(),
    page=st.tuples(st.integers(0, 50), st.integers(0, 60)),
    since=st.integers(-20, RUNS),
)
def test_a_list_is_what_looking_at_every_run_gives(
    store: Any,
    project: int,
    filters: dict[str, Any],
    search: str,
    sort: str,
    descending: bool,
    page: tuple[int, int],
    since: int,
) -> None:
    with store.connection.begin():
        run = schema.run.c
        oldest = select(func.min(run.version)).where(run.project_id == project)
        first = store.connection.execute(oldest).scalar_one() - 1
    query = RunQuery(
        search=search,
        filter=filters,
        sort=sort,
        descending=descending,
        limit=page[0],
        offset=page[1],
        since=first + since if since > 0 else 0,
    )
    found = quick_list(store, project, query)
    assert ([run.uid for run in found.runs], found.total) == slow_list(store, project, query)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"limit": 10}, id="the newest"),
        pytest.param({"limit": 10, "offset": 50, "sort": "name"}, id="a page by name"),
        pytest.param({"limit": 10, "sort": "runtime", "descending": False}, id="by runtime"),
        pytest.param({"limit": 10, "filter": {"group": "g1"}}, id="filtered"),
        pytest.param(
            {"limit": 2, "filter": {"$or": [{"state": "failed"}, {"last_step": {"$gte": 1}}]}},
            id="filtered by one or the other",
        ),
    ],
)
def test_a_page_costs_the_runs_that_are_on_it(
    store: Any, project: int, asked: dict[str, Any]
) -> None:
    memo = CountingMemo(store.memo)
    page = quick_list(store, project, RunQuery(**asked), memo)
    assert len(page.runs) == asked["limit"] < page.total
    assert memo.asked == len(page.runs) + 1, "the one that says that there are more"


def test_what_columns_tell_leaves_fewer_runs_to_the_rest_of_a_filter(
    store: Any, project: int
) -> None:
    memo = CountingMemo(store.memo)
    quick_list(store, project, RunQuery(filter={"group": "g1", "config.lr": 1}), memo)
    assert memo.asked == quick_list(store, project, RunQuery(filter={"group": "g1"})).total


def test_what_has_changed_costs_the_runs_that_have_changed(store: Any, project: int) -> None:
    now = quick_list(store, project, RunQuery())
    touched = now.runs[5].uid
    with store.connection.begin():
        changed = update(schema.run).where(schema.run.c.id == touched)
        store.connection.execute(changed.values(version=now.version + 1))
    memo = CountingMemo(store.memo)
    for more in ({}, {"sort": "name"}, {"filter": {"uid": {"$gt": 0}}}):
        page = quick_list(store, project, RunQuery(since=now.version, **more), memo)
        assert [run.uid for run in page.runs] == [touched]
        assert (page.total, page.gone) == (now.total, [])
    assert memo.asked == 3
    with store.connection.begin():
        assert run_versions(store.connection, project, {touched, 10**9}) == {
            touched: now.version + 1
        }


def test_runs_that_were_deleted_since_are_named(store: Any, project: int) -> None:
    now = quick_list(store, project, RunQuery())
    gone = [run.uid for run in now.runs[:2]]
    with store.connection.begin():
        for number, uid in enumerate(gone, 1):
            values = {"version": now.version + number, "deleted_us": FIRST_US}
            store.connection.execute(
                update(schema.run).where(schema.run.c.id == uid).values(values)
            )
    later = quick_list(store, project, RunQuery(since=now.version))
    assert (later.runs, later.total, later.gone) == ([], now.total - 2, sorted(gone))
    assert quick_list(store, project, RunQuery()).gone == []
