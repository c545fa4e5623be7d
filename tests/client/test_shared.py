"""Several processes that log to one run: who joins it, and who never does by accident."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.client.conftest import ROOTS, Script, the_run

import lossboard as wandb

Begin = Callable[..., "subprocess.Popen[str]"]

LOG = """
import sys
import lossboard as wandb
name, steps = sys.argv[1], int(sys.argv[2])
run = wandb.init(ARGUMENTS)
print(run.id, flush=True)
for step in range(steps):
    run.log({name: step, "shared": step})
while sys.stdin.readline().strip() == "more":  # the others are here still
    run.log({name: steps, "shared": steps})
run.finish()
"""


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """`begin(arguments of init, name, steps, **variables)` starts a process that logs."""
    started: list[subprocess.Popen[str]] = []

    def start(arguments: str, name: str, steps: int = 3, **variables: str) -> Any:
        path = tmp_path / f"train{len(started)}.py"
        path.write_text(LOG.replace("ARGUMENTS", arguments))
        process = subprocess.Popen(
            [sys.executable, str(path), name, str(steps)],
            env={**os.environ, "PYTHONPATH": ROOTS, **variables},
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def begun(process: subprocess.Popen[str]) -> str:
    """The run's id, once the process has begun it."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(*processes: subprocess.Popen[str]) -> list[str]:
    """What they wrote to stderr; all of them end well."""
    errors = [process.communicate("\n", timeout=100)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), errors
    return errors


def counts(run: Any) -> dict[str, int]:
    """How many values each key has."""
    keys = [key for key in "abc" if key in run.summary]
    return {key: len(run.history(keys=[key], pandas=False)) for key in keys}


SLURM = {"SLURM_NTASKS": "3", "SLURM_JOB_ID": "77"}
MPI = {"OMPI_COMM_WORLD_SIZE": "3", "PMIX_NAMESPACE": "prte-7@1"}
PORT = 20_000 + secrets.randbelow(40_000)  # launches of other tests have others
RANKS = {"WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(PORT)}


@pytest.mark.covers("init.shared")
@pytest.mark.parametrize(
    ("arguments", "rank", "launch"),
    [
        ("id='one', mode='shared'", "", {}),
        ("id='one', mode='shared'", "SLURM_PROCID", SLURM),
        ("id='one'", "SLURM_PROCID", SLURM),
        ("id='one'", "OMPI_COMM_WORLD_RANK", MPI),
        ("id='one'", "RANK", RANKS),
        ("mode='shared'", "SLURM_PROCID", SLURM),  # the launch gives the id
    ],
)
def test_all_processes_of_a_shared_run_are_in_it(
    project: str, begin: Begin, arguments: str, rank: str, launch: dict[str, str]
) -> None:
    ranks = [{rank: str(number)} if rank else {} for number in range(3)]
    processes = [begin(arguments, name, **launch, **ranks[n]) for n, name in enumerate("abc")]
    assert len({begun(process) for process in processes}) == 1
    ended(*processes)
    run = the_run()
    assert counts(run) == {"a": 3, "b": 3, "c": 3}
    assert len(run._detail()["writers"]) == 3


LABELLED = "id='one', mode='shared', settings=wandb.Settings(x_label=sys.argv[1])"


@pytest.mark.covers("init.shared")
def test_each_process_has_a_row_of_its_own_where_several_log_one_key(
    project: str, own_server: Any, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSBOARD_BASE_URL", own_server.base_url)
    processes = [begin(LABELLED, name) for name in "abc"]
    for process in processes:
        begun(process)
    ended(*processes)
    check_rows(the_run())
    own_server.restart()  # which seals what waits
    check_rows(the_run())


def check_rows(run: Any) -> None:
    expected = [(step, name, step) for step in range(3) for name in "abc"]
    for rows in (
        run.scan_history(),
        run.scan_history(page_size=2),
        run.scan_history(keys=["_step", "shared"]),
        run.history(pandas=False),
        run.history(keys=["shared"], pandas=False),
    ):
        assert sorted((r["_step"], r["_writer"], r["shared"]) for r in rows) == expected
    assert all(row[row["_writer"]] == row["_step"] for row in run.scan_history())
    assert len(run.history(samples=5, pandas=False)) == 5


def test_keys_of_one_process_each_stand_in_one_row(project: str, begin: Begin) -> None:
    for name in "ab":
        process = begin(f"{LABELLED}", name)
        begun(process)
        ended(process)
    rows = list(the_run().scan_history(keys=["a", "b"]))
    assert [(row["a"], row["b"]) for row in rows] == [(0, 0), (1, 1), (2, 2)]


def test_lines_and_machines_of_a_shared_run_say_whose_they_are(project: str, begin: Begin) -> None:
    processes = [begin(LABELLED, name) for name in "ab"]
    ids = [begun(process) for process in processes]
    ended(*processes)
    run = the_run()
    server = httpx.Client(base_url=os.environ["LOSSBOARD_BASE_URL"])
    lines = server.get(f"/api/runs/{run._uid}/console").json()["lines"]
    assert {(line["writer"], line["text"]) for line in lines} == {("a", ids[0]), ("b", ids[1])}
    of_one = server.get(f"/api/runs/{run._uid}/console", params={"writer": "b"}).json()
    assert [line["writer"] for line in of_one["lines"]] == ["b"]
    system = [key for row in run.history(stream="system", pandas=False) for key in row]
    assert {"system.memory_percent/l:a", "system.memory_percent/l:b"} <= set(system)
    assert "system.memory_percent" not in system
    server.close()


def test_a_rank_that_something_else_left_in_the_environment_costs_nothing(
    project: str, script: Script
) -> None:
    text = "import lossboard as wandb\nwith wandb.init() as run:\n    run.log({'a': 1})\n"
    for variables in ({"RANK": "1"}, {"RANK": "3", "WORLD_SIZE": "2"}, {"LOCAL_RANK": "2"}):
        assert "View run" in script(text, LOSSBOARD_SILENT="false", **variables).stderr
    runs = list(wandb.Api().runs())
    assert len(runs) == 3 and {run.group for run in runs} == {""}


def test_two_launches_at_one_address_and_port_are_two_groups(project: str, begin: Begin) -> None:
    for _ in range(2):
        ranks = [begin("", "a", RANK=str(n), **RANKS) for n in range(3)]
        for process in ranks:
            begun(process)
        ended(*ranks)
    groups = [run.group for run in wandb.Api().runs()]
    assert sorted(groups.count(group) for group in set(groups)) == [3, 3]


def test_ranks_and_tasks_of_arrays_resume_runs_of_their_own(project: str, begin: Begin) -> None:
    places = [
        {"SLURM_JOB_ID": "5", "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "1"},
        {"SLURM_JOB_ID": "6", "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "2"},
        {"SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "2"},
        {"SLURM_JOB_ID": "7", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"},
    ]
    first = [begin("resume='auto'", "a", **place) for place in places]
    ids = [begun(process) for process in first]
    assert len(set(ids)) == 4
    for process in first:
        process.kill()
        process.communicate()
    second = [begin("resume='auto'", "b", SLURM_RESTART_COUNT="1", **place) for place in places]
    assert [begun(process) for process in second] == ids
    ended(*second)


def test_resume_auto_leaves_a_living_run_alone_and_says_so(project: str, begin: Begin) -> None:
    living = begin("resume='auto'", "a")
    first = begun(living)
    other = begin("resume='auto'", "b", LOSSBOARD_SILENT="false")
    second = begun(other)
    (_, words) = ended(living, other)
    assert first != second
    assert f"run {first} is written by process {living.pid}" in words
    assert {key: n for run in wandb.Api().runs() for key, n in counts(run).items()} == {
        "a": 3,
        "b": 3,
    }


def test_two_processes_with_one_id_that_know_nothing_of_each_other_keep_all_their_rows(
    project: str, begin: Begin
) -> None:
    first = begin("id='one'", "a", LOSSBOARD_SILENT="false")
    begun(first)
    second = begin("id='one'", "b", LOSSBOARD_SILENT="false")
    begun(second)
    assert first.stdin is not None
    first.stdin.write("more\n")
    first.stdin.flush()
    while counts(the_run()).get("a") != 4:  # the server hears of both
        time.sleep(0.05)
    words = "".join(ended(first, second))
    assert "WARNING two processes write this run" in words
    run = the_run()
    assert counts(run) == {"a": 4, "b": 3}
    rows = list(run.scan_history(keys=["_step", "shared"]))
    assert [row["_step"] for row in rows] == [0, 0, 1, 1, 2, 2, 3]
    assert len({row["_writer"] for row in rows[:6]}) == 2


def test_ranks_other_than_the_first_say_what_goes_wrong_with_their_rank(
    tmp_path: Path, script: Script
) -> None:
    text = "import lossboard as wandb\nwith wandb.init(id='x') as run:\n    run.log({'a': 1})\n"
    away = {"LOSSBOARD_BASE_URL": "http://127.0.0.1:9", "LOSSBOARD_FINISH_TIMEOUT": "0.5"}
    said = script(text, RANK="1", **RANKS, **away).stderr
    assert "View run" not in said
    assert "lossboard: rank 1: WARNING" in said and "lossboard sync" in said
