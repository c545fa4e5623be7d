"""Runs: attempts, states, edits, deletion, lists."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from contextlib import closing
from typing import Any

import httpx
import numpy as np
import pytest

from lossboard.depth import MAX_DEPTH
from lossboard.wire import Column, Exit, Rows, RunFields


def exit_now(code: int, **fields: Any) -> Exit:
    return Exit(code, time.time_ns() // 1000, **fields)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        pytest.param(None, "running", id="no exit"),
        pytest.param(exit_now(0), "finished", id="success"),
        pytest.param(exit_now(1), "failed", id="failure"),
        pytest.param(exit_now(1, preempting=True), "preempting", id="preempted"),
    ],
)
def test_the_state_follows_the_exit(writer: Any, end: Exit | None, state: str) -> None:
    writer.log(0, exit=end)
    assert writer.run()["state"] == state


def test_a_run_stopped_by_the_user_counts_as_killed(writer: Any) -> None:
    writer.log(0)
    uid = writer.run()["uid"]
    writer.http.patch(f"/api/runs/{uid}", json={"stop_requested": True}).raise_for_status()
    assert writer.log(1).json()["stop"] is True
    assert writer.beat().json()["stop"] is True
    writer.send(exit=exit_now(255))
    assert writer.run()["state"] == "killed"


def test_only_the_first_writer_of_an_attempt_ends_the_run(writer: Any, writer_of: Any) -> None:
    writer.log(0)
    child = writer_of(writer_server(writer), project=writer.start.project, opens="join")
    child.log(1, exit=exit_now(3))
    assert writer.run()["state"] == "running"
    writer.send(exit=exit_now(0))
    assert writer.run()["state"] == "finished"
    assert sorted(writer.points()) == [0, 1]


def test_a_writer_that_joined_before_the_start_doesnt_end_the_run(
    server: Any, writer_of: Any
) -> None:
    child = writer_of(server, opens="join")
    child.log(1)
    writer = writer_of(server, project=child.start.project)
    writer.log(0)
    child.send(exit=exit_now(3))
    assert (writer.run()["state"], writer.run()["last_step"]) == ("running", 1)
    writer.send(exit=exit_now(0))
    assert writer.run()["state"] == "finished"


def writer_server(writer: Any) -> Any:
    class Address:
        base_url = str(writer.http.base_url)

    return Address


def test_silence_is_a_crash_and_a_late_heartbeat_takes_it_back(
    server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    server = server_factory(crashed_after_secs=1, maintenance_secs=0.1)
    writer = writer_of(server)
    writer.log(0)
    assert writer.run()["state"] == "running"
    eventually(lambda: writer.run()["state"] == "crashed")
    writer.beat()
    assert writer.run()["state"] == "running"
    eventually(lambda: writer.run()["state"] == "crashed")
    server.restart()
    assert writer.run()["state"] == "crashed"
    writer.log(1)
    assert writer.run()["state"] == "running"


def again(writer: Any, writer_of: Any, **start: Any) -> Any:
    """Another writer of the same run."""
    return writer_of(writer_server(writer), project=writer.start.project, **start)


def test_a_resumed_run_goes_on_with_what_it_had(writer: Any, writer_of: Any) -> None:
    writer.log(0, 1, config={"lr": 1}, exit=exit_now(1))
    resumed = again(writer, writer_of, opens="resume", config={"epochs": 3})
    resumed.log(2)
    run = resumed.run()
    assert run["config"] == {"lr": 1, "epochs": 3}
    assert (run["state"], run["exit_code"]) == ("running", None)
    assert sorted(resumed.points()) == [0, 1, 2]


def runtimes(writer: Any, x: str) -> dict[int, float]:
    """x of each step of the run, in seconds."""
    query = {"runs": [writer.run()["uid"]], "keys": ["loss"], "x": x, "buckets": 100_000}
    answer = writer.http.post("/api/query/series", json=query).raise_for_status().json()
    columns = answer["series"][0]["columns"]
    assert answer["series"][0]["x_extent"] == [columns["x_first"][0], columns["x_last"][-1]]
    return {int(loss): x for loss, x in zip(columns["mean"], columns["x_first"], strict=True)}


DAY_US = 86_400_000_000


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param({"opens": "resume"}, {0: 1, 1: 3, 2: 6, 5: 7, 6: 10}, id="resumed"),
        pytest.param({"opens": "rewind", "cut_step": 1}, {0: 1, 1: 3, 5: 4, 6: 7}, id="rewound"),
        pytest.param(
            {"opens": "fork", "cut_step": 1, "run_id": "fork", "parent_run_id": "r"},
            {0: 1, 1: 3, 5: 4, 6: 7},
            id="forked",
        ),
    ],
)
def test_the_time_of_the_process_leaves_out_the_pause(
    server: Any, writer_of: Any, start: dict[str, Any], expected: dict[int, float]
) -> None:
    began_us = time.time_ns() // 1000 - 2 * DAY_US
    first = writer_of(server, started_us=began_us)
    first.send(rows=rows_at(began_us, {0: 1, 1: 3, 2: 6}))
    again_us = began_us + DAY_US
    second = again(first, writer_of, started_us=again_us, **start)
    second.send(rows=rows_at(again_us, {5: 1, 6: 4}))
    assert runtimes(second, "process") == expected
    # A fork's time begins with its first row, which is its parent's, a second after that started.
    assert runtimes(second, "runtime")[6] == (86_403 if "run_id" in start else 86_404)


def test_without_a_pause_both_relative_times_are_the_same(writer: Any) -> None:
    writer.send(rows=rows_at(writer.start.started_us, {0: 1, 1: 2.5}))
    assert runtimes(writer, "process") == runtimes(writer, "runtime") == {0: 1, 1: 2.5}


def rows_at(start_us: int, seconds: dict[int, float]) -> Rows:
    """Rows whose loss is their step, so many seconds after the start."""
    steps = np.array(list(seconds), "<i8")
    times_us = np.array([start_us + int(1e6 * at) for at in seconds.values()], "<i8")
    loss = Column("loss", steps.astype("<f8").tobytes())
    return Rows(steps.tobytes(), times_us.tobytes(), [loss])


def test_a_fresh_start_of_an_id_hides_what_was_before(writer: Any, writer_of: Any) -> None:
    writer.log(0, 1, config={"lr": 1})
    fresh = again(writer, writer_of, config={"epochs": 3})
    fresh.log(7)
    assert sorted(fresh.points()) == [7]
    assert fresh.run()["config"] == {"epochs": 3}
    assert [attempt["kind"] for attempt in fresh.run()["attempts"]] == ["fresh", "fresh"]


def test_a_rewound_run_continues_after_the_cut(writer: Any, writer_of: Any) -> None:
    writer.log(0, 1, 2, 3)
    rewound = again(writer, writer_of, opens="rewind", cut_step=1)
    rewound.send()
    assert rewound.run()["last_step"] == 1
    rewound.log(2)
    assert sorted(rewound.points()) == [0, 1, 2]


def test_a_fork_continues_its_parent_after_the_cut(writer: Any, writer_of: Any) -> None:
    writer.log(0, 1, 2, 3)
    fork = again(writer, writer_of, run_id="fork", opens="fork", parent_run_id="r", cut_step=1)
    fork.log(5)
    assert sorted(fork.points()) == [0, 1, 5]
    assert sorted(writer.points()) == [0, 1, 2, 3]


def test_what_a_resuming_client_needs_is_there(writer: Any) -> None:
    path = f"/api/resume/{writer.path}"
    assert writer.http.get(path).json() == {"exists": False}
    writer.log(4, 5, config={"lr": 1})
    found = writer.http.get(path).json()
    assert (found["exists"], found["last_step"], found["config"]) == (True, 5, {"lr": 1})
    assert (found["summary"]["loss"], found["summary"]["_step"]) == (5.0, 5)


def test_edits_change_the_run_and_nothing_else(writer: Any) -> None:
    writer.log(0, config={"lr": 1})
    uid = writer.run()["uid"]
    edit = {"name": "new name", "tags": ["x"], "color": "#123456", "config": {"note": 1}}
    answer = writer.http.patch(f"/api/runs/{uid}", json=edit).raise_for_status().json()
    assert (answer["name"], answer["tags"], answer["color"]) == ("new name", ["x"], "#123456")
    assert answer["config"] == {"lr": 1, "note": 1}
    assert writer.http.patch(f"/api/runs/{uid}", json={"nmae": "typo"}).status_code == 422


@pytest.mark.parametrize("part", ["config", "summary"])
def test_an_edit_nested_too_deeply_is_refused_with_key_depth_and_limit(
    writer: Any, part: str
) -> None:
    writer.log(0, config={"lr": 1})
    run = writer.run()
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = {"a": deep}
    path = f"/api/runs/{run['uid']}"
    answer = writer.http.patch(path, json={part: {"net": deep}})
    assert answer.status_code == 422
    assert "'net'" in answer.json()["error"]["message"]
    assert "nested 101 levels; at most 100" in answer.json()["error"]["message"]
    assert writer.run()[part] == run[part]
    assert writer.http.patch(path, json={part: {"net": deep["a"]}}).is_success
    assert writer.run()[part]["net"] == deep["a"]


def test_a_deleted_run_is_gone_until_it_is_restored(writer: Any) -> None:
    writer.log(0)
    uid = writer.run()["uid"]
    writer.http.delete(f"/api/runs/{uid}").raise_for_status()
    assert writer.http.get(f"/api/runs/{writer.path}").status_code == 410
    assert writer.log(1).status_code == 410
    assert writer.beat().status_code == 410
    writer.http.post(f"/api/runs/{uid}/restore").raise_for_status()
    assert writer.log(1).is_success
    assert sorted(writer.points()) == [0, 1]


def is_purged(writer: Any) -> bool:
    answer = writer.http.get(f"/api/runs/{writer.path}")
    return answer.status_code == 410 and not answer.json()["error"]["details"]["restorable"]


def test_the_data_of_a_deleted_run_go_and_its_id_stays_taken(
    server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    server = server_factory(undo_secs=0, maintenance_secs=0.1)
    writer, other = writer_of(server), writer_of(server)
    for each in (writer, other):
        each.log(*range(5000)).raise_for_status()
        each.send(exit=exit_now(0))
    uid = writer.run()["uid"]
    writer.http.delete(f"/api/runs/{uid}")
    eventually(lambda: is_purged(writer))
    assert writer.http.post(f"/api/runs/{uid}/restore").status_code == 410
    assert writer_of(server, project=writer.start.project).log(0).status_code == 410
    assert len(other.points()) == 5000


def mutate(server: Any, name: str, answer: str, **given: Any) -> Any:
    """What a mutation of the official door answers."""
    question = {
        "query": f"mutation M($input: JSON) {{ {name}(input: $input) {{ {answer} }} }}",
        "variables": {"input": given},
    }
    found = httpx.post(f"{server.base_url}/graphql", json=question).json()
    return found["data"][name]


def rows_left(server: Any, *tables: str) -> list[int]:
    """How many rows these tables have."""
    address = f"file:{server.data_dir / 'lossboard.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        counts = [f"SELECT count(*) FROM {table}" for table in tables]
        return [database.execute(count).fetchone()[0] for count in counts]


def test_marks_of_streams_and_used_sweeps_go_with_the_last_run_of_a_project(
    server_factory: Any, eventually: Any
) -> None:
    server = server_factory(undo_secs=0, maintenance_secs=0.1)
    config = "method: random\nparameters: {lr: {min: 0, max: 1}}"
    used, unused = (
        mutate(server, "upsertSweep", "sweep { name }", projectName="p", config=config)
        for _ in range(2)
    )
    name = used["sweep"]["name"]
    agent = mutate(server, "createAgent", "agent { id }", projectName="p", sweep=name)
    mutate(server, "agentHeartbeat", "commands", id=agent["agent"]["id"])
    line = '{"_step": 0, "_timestamp": 1.7e9, "x": 1}'
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": [line]}}}
    stream = f"{server.base_url}/files/local/p/r/file_stream"
    httpx.post(stream, json=body).raise_for_status()
    tables = ("stream_mark", "sweep_agent", "sweep")
    assert rows_left(server, *tables) == [1, 1, 2]
    uid = httpx.get(f"{server.base_url}/api/runs/local/p/r").json()["uid"]
    httpx.delete(f"{server.base_url}/api/runs/{uid}").raise_for_status()
    eventually(lambda: rows_left(server, *tables) == [0, 0, 1])
    assert unused["sweep"]["name"] != name, "the one that no run was given of stays"


def test_a_parent_waits_for_its_forks_before_its_data_go(
    server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    server = server_factory(undo_secs=0, maintenance_secs=0.1)
    writer, other = writer_of(server), writer_of(server)
    writer.log(0, 1)
    other.log(0)
    fork = again(writer, writer_of, run_id="fork", opens="fork", parent_run_id="r", cut_step=1)
    fork.log(2)
    for each in (writer, other):
        each.http.delete(f"/api/runs/{each.run()['uid']}").raise_for_status()
    eventually(lambda: is_purged(other))
    assert not is_purged(writer)
    assert sorted(fork.points()) == [0, 1, 2]


@pytest.fixture(scope="module")
def many_runs(server: Any, writer_of: Any) -> tuple[Any, str]:
    """Twelve runs that differ in config, tags and state."""
    project = f"many-{secrets.token_hex(4)}"
    writers = []
    for number in range(12):
        writer = writer_of(server, project=project, run_id=f"run{number}")
        config = {
            "lr": 10.0**-number,
            "model": "cnn" if number % 2 else "mlp",
            "opt": {"n": number},
        }
        writer.log(
            number, config=config, fields=RunFields(tags=("even",) if number % 2 == 0 else ())
        )
        writer.send(exit=exit_now(number % 3))
        writers.append(writer)
    return writers[0], project


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"config.lr": {"$gt": 1e-3}}, [0, 1, 2], id="greater"),
        pytest.param({"config.lr": {"$gte": 1e-3, "$lt": 0.1}}, [2, 3], id="range"),
        pytest.param({"config.model": "cnn"}, [1, 3, 5, 7, 9, 11], id="equal"),
        pytest.param({"config.opt.n": {"$in": [4, 5]}}, [4, 5], id="nested, in"),
        pytest.param({"config.opt.n.value": 4}, [4], id="as the official client says it"),
        pytest.param({"tags": "even"}, [0, 2, 4, 6, 8, 10], id="element of a list"),
        pytest.param({"state": "finished"}, [0, 3, 6, 9], id="state"),
        pytest.param({"display_name": {"$regex": "^run1"}}, [1, 10, 11], id="regex"),
        pytest.param({"$or": [{"name": "run2"}, {"name": "run7"}]}, [2, 7], id="or"),
        pytest.param(
            {"$and": [{"config.model": "mlp"}, {"$not": {"tags": "even"}}]}, [], id="and, not"
        ),
        pytest.param({"config.nothing": {"$exists": True}}, [], id="exists"),
        pytest.param(
            {"summary.loss": {"$ne": 3}, "config.model": "cnn"}, [1, 5, 7, 9, 11], id="ne"
        ),
        pytest.param({"config.model": {"$gt": 5}}, [], id="text is not a number"),
    ],
)
def test_filters_choose_runs(
    many_runs: tuple[Any, str], filters: dict[str, Any], expected: list[int]
) -> None:
    writer, project = many_runs
    query = {"filter": json.dumps(filters), "sort": "created", "order": "asc"}
    answer = writer.http.get(f"/api/projects/local/{project}/runs", params=query).json()
    assert [run["slot"] for run in answer["runs"]] == expected
    assert answer["total"] == len(expected)


@pytest.mark.parametrize(
    "filters",
    ['{"nonsense": 1}', '{"config.lr": {"$like": 1}}', "[1]", "{", '{"name": {"$regex": "("}}'],
)
def test_a_filter_that_cant_be_understood_is_refused(
    many_runs: tuple[Any, str], filters: str
) -> None:
    writer, project = many_runs
    answer = writer.http.get(f"/api/projects/local/{project}/runs", params={"filter": filters})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("sort", "order", "first"),
    [
        ("created", "desc", [11, 10]),
        ("config.lr", "asc", [11, 10]),
        ("summary.loss", "desc", [11, 10]),
        ("name", "asc", [0, 1]),
        ("config.nothing", "asc", [11, 10]),
    ],
)
def test_runs_are_sorted_and_paged(
    many_runs: tuple[Any, str], sort: str, order: str, first: list[int]
) -> None:
    writer, project = many_runs
    query: dict[str, Any] = {"sort": sort, "order": order, "limit": 2}
    path = f"/api/projects/local/{project}/runs"
    pages = [writer.http.get(path, params=query | {"offset": n}).json() for n in (0, 2)]
    assert [run["slot"] for run in pages[0]["runs"]] == first
    assert pages[0]["total"] == 12
    assert not {run["uid"] for run in pages[0]["runs"]} & {run["uid"] for run in pages[1]["runs"]}


def test_search_is_a_regular_expression_on_the_name(many_runs: tuple[Any, str]) -> None:
    writer, project = many_runs
    answer = writer.http.get(f"/api/projects/local/{project}/runs?search=RUN[12]$").json()
    assert sorted(run["slot"] for run in answer["runs"]) == [1, 2]


def test_an_expression_that_never_ends_is_given_up(server: Any, writer_of: Any) -> None:
    writer = writer_of(server, name="a" * 60)
    writer.log(0)
    address = f"/api/projects/local/{writer.start.project}/runs"
    for asked in ({"search": "(a|aa)+$x"}, {"filter": '{"display_name": {"$regex": "(a|aa)+$x"}}'}):
        answer = writer.http.get(address, params=asked)
        assert answer.status_code == 422
        assert "repetitions" in answer.json()["error"]["message"]


def test_history_and_keys_tell_what_was_logged(writer: Any) -> None:
    writer.log(0, 1, 2)
    uid = writer.run()["uid"]
    rows = writer.http.get(f"/api/runs/{uid}/history?keys=loss&max_step=2").json()
    assert [(row["_step"], row["loss"]) for row in rows["rows"]] == [(0, 0.0), (1, 1.0)]
    keys = writer.http.get(f"/api/projects/local/{writer.start.project}/keys").json()["keys"]
    assert [(key["key"], key["kind"], key["n"]) for key in keys] == [("loss", "scalar", 3)]


def test_since_answers_what_has_changed_and_counts_all(many_runs: Any) -> None:
    writer, project = many_runs
    query = f"/api/projects/local/{project}/runs"
    first = writer.http.get(query).json()
    assert writer.http.get(query, params={"since": first["version"]}).json()["runs"] == []
    changed = first["runs"][3]
    writer.http.patch(f"/api/runs/{changed['uid']}", json={"notes": "looked at"})
    later = writer.http.get(query, params={"since": first["version"]}).json()
    assert [(run["uid"], run["notes"]) for run in later["runs"]] == [(changed["uid"], "looked at")]
    assert later["total"] == first["total"] and later["version"] > first["version"]


LAUNCHER = {"kind": "torchrun", "launch": "train-1", "restart": 2}
SLURM = {"job_id": "77", "procid": "3", "ntasks": "4", "restart_count": "1"}
ARRAY = {"array_job_id": "70", "array_task_id": "2"}


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        pytest.param({}, ("", None, "", ""), id="nothing"),
        pytest.param(
            {"host": "a", "rank": 1, "launcher": LAUNCHER, "job": {"id": "7"}},
            ("a", 1, "7", "train-1.2"),
            id="ours",
        ),
        pytest.param({"slurm": SLURM}, ("", 3, "77", "slurm-77.1"), id="official"),
        pytest.param({"slurm": SLURM | ARRAY}, ("", 3, "70_2", "slurm-70_2.1"), id="array"),
        pytest.param({"slurm": {"job_id": "77", "ntasks": "4"}}, ("", None, "77", ""), id="batch"),
        pytest.param(
            {"host": 1, "rank": "1", "slurm": [], "launcher": 3}, ("", None, "", ""), id="odd"
        ),
    ],
)
def test_a_run_says_where_it_ran_and_with_which_others(
    writer_of: Any, server: Any, metadata: dict[str, Any], place: tuple[Any, ...]
) -> None:
    writer = writer_of(server, metadata=metadata)
    writer.log(0)
    run = writer.run()
    assert tuple(run[name] for name in ("host", "rank", "job", "launch")) == place
