"""Runs that several processes of the official client write, one after another or together."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import detail, start

SCRIPT = Path(__file__).parent / "scripts" / "processes.py"


class Processes:
    """Starts processes of one run of a server that soon takes silence for the end."""

    def __init__(self, server: Any, folder: Path, project: str) -> None:
        self._server, self._folder, self._project = server, folder, project
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [SCRIPT, self._project, "run", *arguments]
        self.started.append(start(self._server.base_url, self._folder, None, *command))
        return self.started[-1]

    def run(self) -> dict[str, Any]:
        return detail(self._server, self._project, "run")

    def rows(self, key: str) -> list[tuple[int, str, float]]:
        """Step, process and value of all rows with a key."""
        url = f"{self._server.base_url}/api/runs/{self.run()['uid']}/history"
        answer = httpx.get(url, params={"keys": key}).raise_for_status().json()
        return [(row["_step"], row.get("_writer", ""), row[key]) for row in answer["rows"]]

    def go(self) -> None:
        (self._folder / "go").touch()


@pytest.fixture
def processes(server_factory: Any, tmp_path: Path, own_name: str) -> Iterator[Processes]:
    server = server_factory(crashed_after_secs=5, maintenance_secs=0.1)
    made = Processes(server, tmp_path, own_name)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Waits until something is true, 30 s at most."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in 30 s"
            time.sleep(0.05)

    return wait


def ended(process: subprocess.Popen[str], code: int = 0) -> None:
    _, errors = process.communicate(timeout=100)
    assert process.returncode == code, errors[-3000:]


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    while process.stdout.readline() != f"{line}\n":
        assert process.poll() is None


def test_a_shared_run_goes_on_until_its_last_process_has_ended(processes: Processes) -> None:
    waiting = processes.start("shared", "a", "waits")
    wait_for_line(waiting, "logging")
    ended(processes.start("shared", "b", "0", "secondary"))
    assert processes.run()["state"] == "running"
    processes.go()
    ended(waiting)
    run = processes.run()
    assert (run["state"], run["exit_code"]) == ("finished", 0)
    assert sorted(writer["label"] for writer in run["writers"]) == ["a", "b"]
    config = {key: value for key, value in run["config"].items() if key != "_wandb"}
    assert config == {"name": "a", "of a": 1, "of b": 1}


def test_each_process_has_a_row_of_its_own_where_several_log_one_key(processes: Processes) -> None:
    waiting = processes.start("shared", "a", "waits")
    wait_for_line(waiting, "logging")
    ended(processes.start("shared", "b", "0", "secondary"))
    processes.go()
    ended(waiting)
    expected = [(step, name, step) for step in range(5) for name in "ab"]
    assert sorted(processes.rows("both")) == expected


def test_the_primary_alone_sets_the_state_where_the_others_are_not_to(
    processes: Processes, eventually: Any
) -> None:
    silent = processes.start("shared", "b", "waits", "secondary", "silent")
    wait_for_line(silent, "logging")
    primary = processes.start("shared", "a", "0")
    ended(primary)
    processes.go()
    ended(silent)
    eventually(lambda: processes.run()["state"] == "finished")
    assert processes.run()["exit_code"] == 0


def test_one_process_of_a_shared_run_that_fails_is_the_end_of_it(processes: Processes) -> None:
    waiting = processes.start("shared", "a", "waits")
    wait_for_line(waiting, "logging")
    ended(processes.start("shared", "b", "3", "secondary"))
    assert "ended with exit code 3; 1 of 2 processes go on" in processes.run()["ending"]["text"]
    processes.go()
    ended(waiting)
    run = processes.run()
    assert (run["state"], run["exit_code"]) == ("failed", 3)
    assert run["ending"]["text"].startswith("b on ")


@pytest.mark.parametrize("mode", ["shared", "resumed"])
def test_a_job_that_was_killed_and_requeued_finishes(
    processes: Processes, eventually: Any, mode: str
) -> None:
    killed = processes.start(mode, "a", "waits")
    wait_for_line(killed, "logging")
    killed.kill()
    ended(processes.start(mode, "a", "0"))
    assert processes.run()["state"] == "finished"
    eventually(lambda: processes.run()["launches"][0]["state"] == "crashed")
    run = processes.run()
    assert [launch["state"] for launch in run["launches"]] == ["crashed", "finished"]
    assert run["state"] == "finished"


@pytest.mark.parametrize("mode", ["shared", "alone"])
def test_a_preempted_process_is_preempting_before_and_after_its_end(
    processes: Processes, eventually: Any, mode: str
) -> None:
    process = processes.start(mode, "a", "waits")
    wait_for_line(process, "logging")
    process.send_signal(signal.SIGTERM)
    wait_for_line(process, "marked")
    eventually(lambda: processes.run()["state"] == "preempting")
    assert processes.run()["ended_us"] is None
    processes.go()
    ended(process, 143)
    run = processes.run()
    assert (run["state"], run["exit_code"]) == ("preempting", 143)


def test_a_rank_that_slurm_started_is_known_by_what_the_client_tells(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm = {"SLURM_JOB_ID": "77", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"}
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    ended(processes.start("alone", "a", "0"))
    run = processes.run()
    assert (run["rank"], run["job"], run["launch"]) == (1, "77", "slurm-77.0")
    assert run["host"] == socket.gethostname()
