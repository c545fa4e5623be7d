"""Filters of runs mean what MongoDB's do: compared with a reference over random filters, and the
same through both readers."""

from __future__ import annotations

import json
import math
import random
import re
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest

import lossboard
from lossboard.errors import CommError
from lossboard.wire import Exit, Record, RunStart, encode_record
from lossboard_server.queries.runs import run_lists

from .mongo_reference import matches
from .test_reads import Served

CASES = 2000
PROJECT = "filtered"
PLACES: Any = ("config.a", "config.b", "config.nested.x", "config.list.0", "config.docs.k")
VALUES: Any = (
    *(None, True, False, 0, 1, 1.0, -2, 2.5, 3_000_000_000, math.inf, -math.inf, math.nan),
    *("", "a", "abc", "B", "1", [], [1, 2], ["a"], [True], [None], {"x": 1}, {"x": 2, "y": "z"}),
)
TYPES = ("double", "string", "object", "array", "bool", "null", "int", "long", "number", "date", 1)


class Filtered(NamedTuple):
    """A server, and documents as the reference has them, by run id."""

    server: Served
    documents: dict[str, dict[str, Any]]

    def found(self, filters: dict[str, Any], sort: str = "created") -> set[str]:
        services = self.server.services
        query = run_lists.RunQuery(filter=filters, sort=sort, limit=1000)
        with services.database.read() as connection:
            page = run_lists.list_runs(connection, services.runs, 1, query)
        assert page.total == len(page.runs)
        return {run.run_id for run in page.runs}


def start_of(number: int, drawn: random.Random) -> RunStart:
    config: dict[str, Any] = {"number": number}
    for key in ("a", "b"):
        if drawn.random() < 0.8:
            config[key] = drawn.choice(VALUES)
    if drawn.random() < 0.7:
        config["nested"] = {"x": drawn.choice(VALUES)}
    config["list"] = [drawn.choice(VALUES) for _ in range(drawn.randrange(3))]
    config["docs"] = [{"k": drawn.choice(VALUES)} for _ in range(drawn.randrange(3))]
    return RunStart(
        entity="local",
        project=PROJECT,
        run_id=f"run{number}",
        started_us=time.time_ns() // 1000,
        name=drawn.choice(["alpha", "Beta", "Infinity", "x1"]),
        group=drawn.choice(["", "g1", "g2"]),
        job_type=drawn.choice(["", "train", "eval"]),
        notes=drawn.choice(["", "noted"]),
        tags=tuple(drawn.sample(["red", "blue", "green"], drawn.randrange(3))),
        config=config,
        metadata={"sweep": "s1"} if number % 3 == 0 else {},
    )


def document_of(start: RunStart, told: dict[str, Any]) -> dict[str, Any]:
    """The run as a document: what it hasn't got is not in it."""
    texts = {"group": start.group, "job_type": start.job_type, "notes": start.notes}
    return {
        "name": start.run_id,
        "display_name": start.name,
        "tags": list(start.tags),
        "state": told["state"],
        "created_at": datetime.fromtimestamp(told["created_us"] / 1e6, UTC),
        "heartbeat_at": datetime.fromtimestamp(told["heartbeat_us"] / 1e6, UTC),
        "duration": told["runtime_secs"],
        "username": "local",
        "entity": "local",
        "config": start.config,
        **{name: text for name, text in texts.items() if text},
        **({"exit_code": told["exit_code"]} if told["exit_code"] is not None else {}),
        **({"sweep": "s1"} if start.metadata else {}),
    }


@pytest.fixture(scope="module")
def filtered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filtered]:
    drawn = random.Random(19)
    with Served(tmp_path_factory.mktemp("filtered") / "data") as server:
        starts = [start_of(number, drawn) for number in range(40)]
        for number, start in enumerate(starts):
            ending = Exit(code=number % 2, time_us=time.time_ns() // 1000) if number % 4 else None
            body = encode_record(Record(version=1, start=start, exit=ending))
            url = f"{server.base_url}/api/ingest/{secrets.token_hex(16)}/0"
            httpx.post(url, content=body).raise_for_status()
        answer = httpx.get(f"{server.base_url}/api/projects/local/{PROJECT}/runs?limit=100")
        told = {run["run_id"]: run for run in answer.json()["runs"]}
        documents = {one.run_id: document_of(one, told[one.run_id]) for one in starts}
        yield Filtered(server, documents)


class Drawn:
    """Random filters, as the server takes them and as the reference does: of times they differ."""

    def __init__(self, seed: int, documents: dict[str, dict[str, Any]]) -> None:
        self.random = random.Random(seed)
        self.documents = list(documents.values())

    def query(self, depth: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        if depth < 2 and self.random.random() < 0.35:
            name = self.random.choice(["$and", "$or", "$nor", "$not"])
            parts = [self.query(depth + 1) for _ in range(self.random.randrange(1, 4))]
            if name == "$not":
                return {name: parts[0][0]}, {name: parts[0][1]}
            return {name: [a for a, _ in parts]}, {name: [b for _, b in parts]}
        place = self.random.choice(
            [*PLACES, *PLACES, "state", "name", "display_name", "group", "job_type", "notes"]
            + ["tags", "created_at", "heartbeat_at", "exit_code", "sweep", "username", "duration"]
        )
        if place.endswith("_at"):
            spelled, meant = self.time(place)
            return {place: spelled}, {place: meant}
        wanted = self.test(place)
        return {place: wanted}, {place: wanted}

    def time(self, place: str) -> tuple[dict[str, Any], dict[str, Any]]:
        meant = self.random.choice(self.documents)[place]
        if self.random.random() < 0.3:
            meant = meant.replace(microsecond=0)
        zone = timezone(timedelta(hours=self.random.randrange(-11, 12)))
        spellings: list[Any] = [meant.isoformat(), meant.astimezone(zone).isoformat(" ")]
        spellings.append(meant.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        if not meant.microsecond:
            spellings += [int(meant.timestamp()), meant.strftime("%Y-%m-%d %H:%M:%S")]
        name = self.random.choice(["$gt", "$gte", "$lt", "$lte", "$eq", "$ne"])
        return {name: self.random.choice(spellings)}, {name: meant}

    def value(self, place: str) -> Any:
        if place.startswith("config") or self.random.random() < 0.15:
            return self.random.choice(VALUES)
        known = [one[place] for one in self.documents if place in one] or [None]
        found = self.random.choice(known)
        if isinstance(found, list) and found and self.random.random() < 0.7:
            return self.random.choice(found)
        return found

    def test(self, place: str, depth: int = 0) -> Any:
        if depth == 0 and self.random.random() < 0.2:
            return self.plain(place)
        names = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$regex"]
        names += ["$type", "$size", "$all", "$elemMatch", *(["$not"] if depth < 2 else [])]
        chosen = self.random.sample(names, self.random.choice([1, 1, 1, 2]))
        test = {name: self.operand(name, place, depth) for name in chosen}
        if "$regex" in test and self.random.random() < 0.5:
            test["$options"] = "i"
        return test

    def plain(self, place: str) -> Any:
        """A value other than an empty text, which stands for None where a text may be missing."""
        value = self.value(place)
        return "a" if value == "" and not place.startswith("config") else value

    def operand(self, name: str, place: str, depth: int) -> Any:
        if name in ("$in", "$nin", "$all"):
            return [self.plain(place) for _ in range(self.random.randrange(4))]
        if name == "$exists":
            return self.random.choice([True, False, 1, 0, None])
        if name == "$regex":
            return self.random.choice(["^a", "b", "e$", "[0-9]", "train|g1", "x.y", ""])
        if name == "$type":
            return self.random.choice([*TYPES, ["string", "number"], ["null"]])
        if name == "$size":
            return self.random.randrange(3)
        if name == "$elemMatch":
            if self.random.random() < 0.4:
                return {"k": self.test(place, depth + 2)}
            return self.test(place, depth + 2)
        return self.test(place, depth + 1) if name == "$not" else self.plain(place)


def test_two_thousand_random_filters_choose_what_the_reference_chooses(filtered: Filtered) -> None:
    drawn = Drawn(2000, filtered.documents)
    other = []
    for _ in range(CASES):
        query, meant = drawn.query()
        query = json.loads(json.dumps(query))  # as it comes over the network
        expected = {name for name, one in filtered.documents.items() if matches(one, meant)}
        found = filtered.found(query, drawn.random.choice(["created", "config.number"]))
        if found != expected:
            other.append((query, sorted(found ^ expected)))
    assert other == []


ALIKE: list[dict[str, Any]] = [
    {"group": None},
    {"group": {"$exists": True}, "job_type": {"$in": [None, "eval"]}},
    {"config.a": {"$exists": True}, "config.b": None},
    {"config.a": {"$lt": math.inf}},
    {"config.a": {"$gte": True}},
    {"config.a": math.nan},
    {"config.nested.value.x": {"$type": "number"}},
    {"config.list": {"$size": 2}, "tags": {"$all": ["red"]}},
    {"config.docs": {"$elemMatch": {"k": {"$ne": None}}}},
    {"display_name": {"$regex": "^[ab]", "$options": "i"}},
    {"username": "local", "entity": "local", "sweep": "s1"},
    {"duration": {"$gte": 0}, "state": {"$not": {"$in": ["finished", "running"]}}},
    {"createdAt": {"$gt": "2020-01-01 10:30"}, "heartbeatAt": {"$gt": 1_600_000_000}},
    {"created_at": {"$lt": "2020-01-01"}},
]


@pytest.mark.covers("Api.runs")
def test_both_readers_choose_the_same_runs(filtered: Filtered) -> None:
    api = lossboard.Api({"base_url": filtered.server.base_url, "project": PROJECT})
    query = (
        'query Q($f: JSONString) { project(name: "filtered") { runCount(filters: $f)'
        " runs(filters: $f, first: 100) { edges { node { name } } } } }"
    )
    counts = []
    for filters in ALIKE:
        variables = {"f": json.dumps(filters)}
        asked = {"query": query, "variables": variables}
        project = httpx.post(f"{filtered.server.base_url}/graphql", json=asked).json()
        edges = project["data"]["project"]["runs"]["edges"]
        named = {name.replace(".value", ""): wanted for name, wanted in filters.items()}
        renamed = {
            {"createdAt": "created_at", "heartbeatAt": "heartbeat_at"}.get(k, k): v
            for k, v in named.items()
        }
        times = any(name.endswith("_at") for name in renamed)
        found = {run.id for run in api.runs(filters=filters)}
        assert found == {edge["node"]["name"] for edge in edges} == filtered.found(filters)
        if not times:
            assert found == {k for k, one in filtered.documents.items() if matches(one, renamed)}
        counts.append(len(found))
    assert counts[-1] == 0 and counts[-2] == 40 and all(0 < count < 40 for count in counts[:3])


@pytest.mark.covers("Api.runs")
def test_filters_hold_numbers_times_and_patterns_of_python(filtered: Filtered) -> None:
    api = lossboard.Api({"base_url": filtered.server.base_url, "project": PROJECT})
    zone = timezone(timedelta(hours=5, minutes=30))
    now = datetime.now(zone)
    for filters, plain in (
        ({"config.number": {"$lt": np.float32(5)}}, {"config.number": {"$lt": 5}}),
        ({"config.number": {"$in": np.arange(3)}}, {"config.number": {"$in": [0, 1, 2]}}),
        ({"created_at": {"$lt": now + timedelta(days=1)}}, {}),
        ({"created_at": {"$gt": date(2020, 1, 1)}}, {}),
        ({"display_name": re.compile("^b", re.IGNORECASE)}, {"display_name": "Beta"}),
        ({"tags": {"$in": {"red", "blue"}}}, {"tags": {"$in": ["red", "blue"]}}),
    ):
        ids = {run.id for run in api.runs(filters=filters)}
        assert ids == {run.id for run in api.runs(filters=plain)} != set()
    with pytest.raises(TypeError, match="not JSON serializable"):
        api.runs(filters={"config.number": object()})


@pytest.mark.parametrize(
    "filters",
    [
        {"created_at": {"$gt": "yesterday"}},
        {"created_at": True},
        {"tags": {"$size": "x"}},
        {"tags": {"$type": "nonsense"}},
        {"tags": {"$options": "i"}},
        {"name": {"$regex": "a", "$options": "q"}},
        {"name": {"$not": "text"}},
        {"name": {"$elemMatch": 1}},
    ],
)
def test_an_operand_that_makes_no_sense_is_refused_with_what_was_expected(
    filtered: Filtered, filters: dict[str, Any]
) -> None:
    api = lossboard.Api({"base_url": filtered.server.base_url, "project": PROJECT})
    with pytest.raises(CommError, match=r"expected|takes|belongs|is text|is no"):
        len(api.runs(filters=filters))
