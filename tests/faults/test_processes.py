"""Forks, spawned processes, ranks, signals: the database holds what was logged, exactly once."""

from __future__ import annotations

import io
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

from lossboard.sending.sync import sync

REPOSITORY = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]

BEGIN = """
    import os, sys, time
    import lossboard as wandb

    def log(key, count):
        for step in range(count):
            wandb.log({key: step / 2})
"""


@pytest.fixture
def start(tmp_path: Path, run_id: str, server: Any) -> Iterator[Start]:
    """Starts a script in a process of its own that logs to this test's run."""
    started: list[subprocess.Popen[str]] = []

    def run(body: str, base_url: str = server.base_url, **more: str) -> subprocess.Popen[str]:
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(BEGIN) + textwrap.dedent(body))
        settings = {
            "LOSSBOARD_BASE_URL": base_url,
            "LOSSBOARD_ENTITY": "me",
            "LOSSBOARD_PROJECT": "faults",
            "LOSSBOARD_RUN_ID": run_id,
            "PYTHONPATH": str(REPOSITORY / "client"),
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, script],
            cwd=tmp_path,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    while process.stdout.readline() != f"{line}\n":
        assert process.poll() is None


def ended(process: subprocess.Popen[str], expected_code: int = 0) -> str:
    """What the process printed; fails if it did not end as it should."""
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == expected_code, printed
    return printed


def logged(count: int, first: int = 0) -> list[tuple[int, float]]:
    return [(first + step, step / 2) for step in range(count)]


def test_a_killed_process_loses_at_most_the_last_half_second(
    start: Start, server: Any, stored: Any, tmp_path: Path
) -> None:
    away = "http://127.0.0.1:9"
    killed = start(
        """
        wandb.init()
        log("loss", 300)
        time.sleep(0.5)
        log("loss", 50)
        os.kill(os.getpid(), 9)
        """,
        base_url=away,
    )
    ended(killed, -signal.SIGKILL)
    report = sync([tmp_path], server.base_url, stream=io.StringIO())
    assert len(report.delivered) == 1
    points = stored.points()
    assert 300 <= len(points) <= 350
    assert points == (logged(300) + logged(50, first=300))[: len(points)]


def test_sync_leaves_the_spool_of_a_living_process_alone(
    start: Start, server: Any, tmp_path: Path, stored: Any
) -> None:
    living = start(
        """
        wandb.init()
        log("loss", 100)
        time.sleep(0.5)
        print("logged", flush=True)
        time.sleep(60)
        """,
        base_url="http://127.0.0.1:9",
    )
    wait_for_line(living, "logged")
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).skipped) == 1
    living.kill()
    living.wait()
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).delivered) == 1
    assert stored.points() == logged(100)


def test_a_raw_fork_that_logs_has_a_writer_of_its_own(start: Start, stored: Any) -> None:
    forked = start("""
        wandb.init()
        log("parent", 100)
        child = os.fork()
        if child == 0:
            log("child", 50)
            sys.exit(0)
        log("parent2", 100)
        assert os.waitpid(child, 0)[1] == 0
    """)
    ended(forked)
    assert stored.points("parent") == logged(100)
    assert stored.points("child") == logged(50, first=100)
    assert stored.points("parent2") == logged(100, first=100)
    assert len(stored.run()["writers"]) == 2 and len(stored.run()["attempts"]) == 1
    assert stored.run()["exit_code"] == 0


def test_a_raw_fork_that_leaves_by_os_exit_does_not_end_the_run(start: Start, stored: Any) -> None:
    forked = start("""
        wandb.init()
        log("loss", 100)
        for _ in range(3):
            child = os.fork()
            if child == 0:
                os._exit(7)
            os.waitpid(child, 0)
            log("loss", 100)
    """)
    ended(forked)
    assert [step for step, _ in stored.points()] == list(range(400))
    assert stored.run()["exit_code"] == 0


@pytest.mark.covers("processes")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_log_to_the_run_of_their_parent(
    start: Start, stored: Any, method: str
) -> None:
    family = start(
        """
        import multiprocessing

        def work(run, number):
            for step in range(50):
                (run or wandb).log({f"child{number}": step / 2})

        if __name__ == "__main__":
            run = wandb.init()
            log("parent", 100)
            context = multiprocessing.get_context(os.environ["METHOD"])
            given = None if os.environ["METHOD"] == "fork" else run
            children = [context.Process(target=work, args=(given, n)) for n in range(2)]
            for child in children:
                child.start()
            for child in children:
                child.join()
                assert child.exitcode == 0
    """,
        METHOD=method,
    )
    ended(family)
    assert stored.points("parent") == logged(100)
    for number in range(2):
        assert [value for _, value in stored.points(f"child{number}")] == [
            step / 2 for step in range(50)
        ]
    assert len(stored.run()["writers"]) == 3 and stored.run()["exit_code"] == 0


RANKS = """
    import torch
    import torch.distributed as dist
    import torch.multiprocessing as mp

    def train(rank, run_id):
        run = wandb.init(id=run_id)
        for step in range(20):
            value = torch.tensor(float(rank + step))
            dist.all_reduce(value)
            run.log({f"rank{rank}": value})
        run.finish()

    def work(rank, world_size, rendezvous, run_id):
        os.environ |= {"RANK": str(rank), "WORLD_SIZE": str(world_size), "LOCAL_RANK": str(rank)}
        dist.init_process_group("gloo", init_method=rendezvous, rank=rank, world_size=world_size)
        train(rank, run_id)
        train(rank, None)
        dist.destroy_process_group()

    if __name__ == "__main__":
        shared = os.environ.pop("LOSSBOARD_RUN_ID")
        os.environ["TORCHELASTIC_RUN_ID"] = shared + "-group"
        mp.spawn(work, (2, f"file://{os.getcwd()}/rendezvous", shared), nprocs=2)
"""


def test_ranks_with_one_run_id_are_writers_of_one_run_and_without_it_runs_of_one_group(
    start: Start, stored: Any, server: Any, run_id: str
) -> None:
    ended(start(RANKS))
    for rank in range(2):
        assert [value for _, value in stored.points(f"rank{rank}")] == [
            2.0 * step + 1 for step in range(20)
        ]
    assert len(stored.run()["writers"]) == 2
    answer = httpx.get(f"{server.base_url}/api/projects/me/faults/runs", params={"limit": 100})
    group = [run for run in answer.json()["runs"] if run["group"] == f"{run_id}-group"]
    runs = [run for run in group if run["run_id"] != run_id]
    assert len(runs) == 2
    keys = httpx.get(
        f"{server.base_url}/api/projects/me/faults/keys",
        params={"runs": ",".join(str(run["uid"]) for run in runs)},
    ).json()["keys"]
    found = {key["key"]: len(key["runs"]) for key in keys if key["kind"] == "scalar"}
    assert found == {"rank0": 1, "rank1": 1}


def test_control_c_ends_the_run_as_killed_with_all_that_was_logged(
    start: Start, stored: Any
) -> None:
    interrupted = start("""
        wandb.init()
        log("loss", 200)
        print("logged", flush=True)
        time.sleep(60)
    """)
    wait_for_line(interrupted, "logged")
    interrupted.send_signal(signal.SIGINT)
    printed, _ = interrupted.communicate(timeout=30)
    assert "KeyboardInterrupt" in printed and interrupted.returncode == -signal.SIGINT
    assert stored.points() == logged(200)
    assert stored.run()["exit_code"] == 255


def test_control_c_while_finish_waits_leaves_the_spool(
    start: Start, server: Any, stored: Any, tmp_path: Path, eventually: Any
) -> None:
    waiting = start(
        """
        run = wandb.init()
        log("loss", 100)
        print("finishing", flush=True)
        run.finish()
        """,
        base_url="http://127.0.0.1:9",
    )
    wait_for_line(waiting, "finishing")
    eventually(lambda: any(p.stat().st_size > 500 for p in tmp_path.rglob("*.spool")))
    waiting.send_signal(signal.SIGINT)
    waiting.communicate(timeout=30)
    assert len(sync([tmp_path], server.base_url, stream=io.StringIO()).delivered) == 1
    assert stored.points() == logged(100)
