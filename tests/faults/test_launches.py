"""Trainings of several processes that end, fail, are killed, are launched again, are preempted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

REPOSITORY = Path(__file__).parents[2]
Launch = Callable[..., "subprocess.Popen[str]"]

BEGIN = """
    import os, signal, sys, time
    import lossboard as wandb

    rank = int(os.environ.get("RANK", 0))

    def log(run, count=10):
        for step in range(count):
            run.log({f"rank{rank}": step})
            time.sleep(0.01)

    def go_on(run):
        print("logging", flush=True)
        while True:
            log(run)
            time.sleep(0.1)
"""


class Trainings:
    """Starts processes that log to one run of a server that soon takes silence for the end."""

    def __init__(self, folder: Path, server: Any, run_id: str, stored: Any) -> None:
        self._folder, self._run_id = folder, run_id
        self._url = server.base_url
        self.stored = stored
        self.started: list[subprocess.Popen[str]] = []

    def script(self, body: str) -> Path:
        path = self._folder / f"script{len(list(self._folder.glob('script*')))}.py"
        path.write_text(textwrap.dedent(BEGIN) + textwrap.dedent(body))
        return path

    def start(self, *command: object, **more: str) -> subprocess.Popen[str]:
        settings = {
            "LOSSBOARD_BASE_URL": self._url,
            "LOSSBOARD_ENTITY": "me",
            "LOSSBOARD_PROJECT": "faults",
            "LOSSBOARD_RUN_ID": self._run_id,
            "LOSSBOARD_X_DISABLE_STATS": "true",
            "PYTHONPATH": str(REPOSITORY / "client"),
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=self._folder,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def rank(self, script: Path, rank: int, size: int, **more: str) -> subprocess.Popen[str]:
        return self.start(script, RANK=str(rank), WORLD_SIZE=str(size), MASTER_PORT="29501", **more)

    def state(self) -> str:
        """Empty as long as the server doesn't know the run."""
        try:
            return str(self.stored.run()["state"])
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 404:
                raise
            return ""

    def launches(self) -> list[str]:
        return [launch["state"] for launch in self.stored.run()["launches"]]


@pytest.fixture
def trainings(
    tmp_path: Path, server_factory: Any, run_id: str, stored_in: Any
) -> Iterator[Trainings]:
    server = server_factory(crashed_after_secs=4, maintenance_secs=0.1)
    made = Trainings(tmp_path, server, run_id, stored_in(server.base_url, run_id))
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    printed, _ = process.communicate(timeout=100)
    assert process.returncode == code, printed
    return printed


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    while process.stdout.readline() != f"{line}\n":
        assert process.poll() is None


def test_the_first_rank_that_ends_does_not_end_the_run(trainings: Trainings) -> None:
    script = trainings.script("""
        run = wandb.init()
        log(run)
        if rank != 2:
            print("logging", flush=True)
            while not os.path.exists("go"):
                log(run, 1)
        run.finish()
    """)
    ranks = [trainings.rank(script, rank, 3) for rank in range(3)]
    ended(ranks[2])
    for rank in ranks[:2]:
        wait_for_line(rank, "logging")
    assert trainings.state() == "running"
    (script.parent / "go").touch()
    for rank in ranks[:2]:
        ended(rank)
    assert trainings.state() == "finished"


def test_torchrun_that_restarts_its_ranks_ends_as_the_last_of_them(trainings: Trainings) -> None:
    script = trainings.script("""
        run = wandb.init(mode="shared", config={"rank": rank}, name=f"name of {rank}")
        log(run)
        if rank == 1 and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            run.finish(exit_code=3)
            sys.exit(3)
        if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
            time.sleep(60)  # as in a collective call: the launcher ends it
        run.finish()
    """)
    command = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--max-restarts=1"]
    ended(trainings.start(*command, "--master-port=0", script))
    run = trainings.stored.run()
    assert (run["state"], run["exit_code"]) == ("finished", 0)
    assert [launch["state"] for launch in run["launches"]][-1] == "finished"
    assert len(run["launches"]) == 2 and [w["rank"] for w in run["writers"]].count(1) == 2
    assert (run["name"], run["config"]) == ("name of 0", {"rank": 0})
    assert trainings.stored.counts("rank1") == [2] * 10  # each launch logs all steps
    of_first = trainings.stored.counts("rank0")  # which the launcher ended while it logged
    assert len(of_first) == 10 and set(of_first) <= {1, 2}


def test_a_shared_run_of_torchrun_has_the_rows_of_all_its_ranks(trainings: Trainings) -> None:
    script = trainings.script("""
        run = wandb.init(mode="shared")
        log(run)
        if rank == 1:
            run.finish()  # and ends long before the other
        else:
            time.sleep(1)
    """)
    command = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0", script]
    ended(trainings.start(*command))
    run = trainings.stored.run()
    assert (run["state"], run["exit_code"]) == ("finished", 0)
    (launch,) = run["launches"]
    assert (launch["state"], len(run["writers"]), len(run["attempts"])) == ("finished", 2, 1)
    for rank in range(2):
        assert [value for _, value in trainings.stored.points(f"rank{rank}")] == [*range(10)]


@pytest.mark.parametrize("opens", ["", "allow"], ids=["shared", "resumed"])
def test_a_job_that_was_killed_and_requeued_is_one_run_that_finishes(
    trainings: Trainings, eventually: Any, opens: str
) -> None:
    mode = 'resume="allow"' if opens else 'mode="shared"'
    first = trainings.start(trainings.script(f"go_on(wandb.init({mode}))"))
    wait_for_line(first, "logging")
    eventually(lambda: trainings.state() == "running")
    first.kill()
    again = trainings.start(trainings.script(f"log(wandb.init({mode}))"))
    ended(again)
    eventually(lambda: trainings.launches() == ["crashed", "finished"])
    assert trainings.state() == "finished"


def test_a_rank_that_is_killed_is_told_while_the_others_go_on(
    trainings: Trainings, eventually: Any
) -> None:
    script = trainings.script("go_on(wandb.init())")
    ranks = [trainings.rank(script, rank, 2) for rank in range(2)]
    for rank in ranks:
        wait_for_line(rank, "logging")
    eventually(lambda: len(trainings.stored.run()["writers"]) == 2)
    ranks[1].kill()
    eventually(lambda: "vanished" in trainings.stored.notices())
    run = trainings.stored.run()
    (notice,) = [notice for notice in run["notices"] if notice["kind"] == "vanished"]
    assert notice["text"].startswith("rank 1 on ") and run["state"] == "running"
    ranks[0].kill()
    eventually(lambda: trainings.state() == "crashed")


def test_the_old_process_of_a_requeued_job_says_that_two_write_the_run(
    trainings: Trainings, eventually: Any
) -> None:
    script = trainings.script('go_on(wandb.init(resume="allow"))')
    old, new = trainings.start(script), trainings.start(script)
    for process in (old, new):
        wait_for_line(process, "logging")
    eventually(lambda: trainings.state() != "")
    eventually(lambda: "two_writers" in trainings.stored.notices())
    for process in (old, new):
        process.kill()


@pytest.mark.parametrize("end", ["sys.exit(143)", "run.finish(143); sys.exit(143)"])
def test_a_preempted_training_is_preempting_before_and_after_its_end(
    trainings: Trainings, eventually: Any, end: str
) -> None:
    script = trainings.script(f"""
        def leave(*_):
            run.mark_preempting()
            print("marked", flush=True)
            while not os.path.exists("go"):
                log(run, 1)
            {end}

        run = wandb.init()
        signal.signal(signal.SIGTERM, leave)
        go_on(run)
    """)
    process = trainings.start(script)
    wait_for_line(process, "logging")
    process.send_signal(signal.SIGTERM)
    wait_for_line(process, "marked")
    eventually(lambda: trainings.state() == "preempting")
    assert trainings.stored.run()["ended_us"] is None
    (script.parent / "go").touch()
    ended(process, 143)
    run = trainings.stored.run()
    assert (run["state"], run["exit_code"]) == ("preempting", 143)
