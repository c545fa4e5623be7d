"""Children and ranks: several processes that log."""

from __future__ import annotations

import copy
import pickle
import subprocess
from pathlib import Path

import pytest

import lossboard as wandb
from lossboard.errors import UsageError

from .conftest import Script, rows_of, the_run


@pytest.mark.covers("attach")
def test_a_copy_of_a_run_is_the_run_and_a_pickle_is_for_other_processes(offline: Path) -> None:
    run = wandb.init()
    assert copy.deepcopy(run) is run
    with pytest.raises(RuntimeError, match="pickled in this process"):
        pickle.loads(pickle.dumps(run))
    assert wandb.attach(run._attach_id) is run
    with pytest.raises(UsageError, match="not an attach id"):
        wandb.attach("nonsense")


FORK_WITH_OPEN_ROW = """
import os
import lossboard as wandb
run = wandb.init()
run.log({"parent": 1}, commit=False)
pid = os.fork()
if pid == 0:
    run.log({"child": 1})
    raise SystemExit(0)
os.waitpid(pid, 0)
run.log({"both": 1})
"""


def test_a_row_that_is_open_at_a_fork_is_sent_once_by_the_parent(
    project: str, script: Script
) -> None:
    assert script(FORK_WITH_OPEN_ROW).returncode == 0
    (row,) = rows_of(the_run())
    assert row == {"_step": 0, "parent": 1, "child": 1, "both": 1}
    assert the_run().state == "finished"


RANK = "import lossboard as wandb\nwith wandb.init() as run:\n    run.log({'x': 1})\n"


def ranks(script: Script, **variables: str) -> list[subprocess.CompletedProcess[str]]:
    launch = {"WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "launch-1", "LOSSBOARD_SILENT": "false"}
    return [script(RANK, RANK=str(rank), **launch, **variables) for rank in (0, 1)]


def test_each_rank_is_a_run_of_the_launchers_group_and_only_the_first_prints(
    project: str, script: Script
) -> None:
    first, second = ranks(script)
    assert "View run" in first.stderr and second.stderr == ""
    runs = wandb.Api().runs()
    assert [run.group for run in runs] == ["launch-1", "launch-1"]
    assert sorted(run.metadata["rank"] for run in runs) == [0, 1]
    words = {run.name.rsplit("-", 1)[0] for run in runs}
    assert len(words) == 1 and {run.name[-5:] for run in runs} == {"rank0", "rank1"}


def test_runs_are_chosen_by_host_rank_and_the_schedulers_job(project: str, script: Script) -> None:
    ranks(script, SLURM_JOB_ID="7", LOSSBOARD_HOST="node1")
    api = wandb.Api()
    assert [run.metadata["rank"] for run in api.runs(filters={"rank": 1})] == [1]
    found = api.runs(filters={"$and": [{"host": "node1"}, {"job": "7"}, {"rank": {"$lt": 1}}]})
    assert [run.metadata["rank"] for run in found] == [0]
    assert list(api.runs(filters={"host": "node2"})) == []


@pytest.mark.covers("processes")
def test_ranks_with_one_id_are_writers_of_one_run(project: str, script: Script) -> None:
    ranks(script, LOSSBOARD_RUN_ID="shared")
    assert len(the_run()._detail()["writers"]) == 2
    assert the_run()._detail()["attempts"].__len__() == 1


def test_the_metadata_say_where_the_run_ran_and_can_be_left_out(
    project: str, script: Script
) -> None:
    script(RANK, "--epochs", "3")
    found = the_run().metadata
    assert found["args"] == ["--epochs", "3"] and Path(found["program"]).name == "train.py"
    assert {"host", "python", "os", "pid"} <= set(found)
    script(RANK, LOSSBOARD__DISABLE_META="true")
    assert sorted(map(len, (run.metadata for run in wandb.Api().runs())))[0] == 0


NEVER_FINISHED = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import lossboard as wandb

def train(run_id, end=None):
    wandb.init(id=run_id)
    for step in range(20):
        wandb.log({"step": step})
    if end == "raise":
        raise ValueError("broken")
    if end == "exit":
        sys.exit(3)

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    ends = (None, "raise", "exit")
    children = [context.Process(target=train, args=(end or "returns", end)) for end in ends]
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(train, "pool").result()
    for child in children:
        child.start()
    for child in children:
        child.join()
"""


@pytest.mark.covers("processes", "finish")
def test_children_that_begin_a_run_and_never_finish_it_deliver_it(
    project: str, script: Script
) -> None:
    done = script(NEVER_FINISHED)
    assert done.returncode == 0, done.stderr
    found = {run.id: run for run in wandb.Api().runs()}
    ends = {"pool": 0, "returns": 0, "raise": 1, "exit": 3}
    assert {run_id: run.exit_code for run_id, run in found.items()} == ends
    assert found["pool"].state == found["returns"].state == "finished"
    for run in found.values():
        assert [row["step"] for row in run.scan_history()] == list(range(20))
