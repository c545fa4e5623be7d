"""Ranks, launchers and servers killed at random, in the three ways to log a training of several.

`FAULT_ROUNDS=200 FAULT_SEED=1 pytest tests/faults/test_random_kills.py` is the long form.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from lossboard.sending.sync import sync

REPOSITORY = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
SEED = int(os.environ.get("FAULT_SEED", "0"))
AT_ONCE = 3
WAYS = ("a run each", "rank 0 only", "one shared run")
_END_SECS = 90

RANK = """
    import json, os, sys, time
    import lossboard

    rank, launch, way, code = (os.environ[name] for name in ("RANK", "LAUNCH", "WAY", "CODE"))
    key = f"launch {launch} rank {rank}"
    if way == "rank 0 only" and rank != "0":
        time.sleep(1)
        sys.exit(int(code))
    own = os.environ["ROUND"] + (f"-{rank}" if way == "a run each" else "")
    run = lossboard.init(id=own, resume="allow", **(
        {"mode": "shared"} if way == "one shared run" else {}))
    for row in range(40):
        run.log({key: row})
        time.sleep(0.01)
        if row % 10 == 9 and run._sender.flush(0.5):
            with open(f"{key}.acknowledged", "w") as file:
                file.write(str(row + 1))
    run.finish(int(code))
    with open(f"{key}.ended", "w") as file:
        file.write(code)
    sys.exit(int(code))
"""

# Starts ranks with the variables of torchrun or Slurm, and waits for them.
LAUNCHER = """
    import os, subprocess, sys

    size, codes = int(sys.argv[2]), sys.argv[3].split(",")
    own = {"WORLD_SIZE": str(size), "MASTER_ADDR": "localhost", "MASTER_PORT": "29555"}
    if os.environ["KIND"] == "torchrun":
        own["TORCHELASTIC_RUN_ID"] = os.environ["ROUND"]
        own["TORCHELASTIC_RESTART_COUNT"] = os.environ["LAUNCH"]
    else:
        own["SLURM_JOB_ID"], own["SLURM_RESTART_COUNT"] = os.environ["ROUND"], os.environ["LAUNCH"]
    ranks = [
        subprocess.Popen([sys.executable, sys.argv[1]],
            env={**os.environ, **own, "RANK": str(rank), "CODE": codes[rank]})
        for rank in range(size)
    ]
    print(*(rank.pid for rank in ranks), flush=True)
    for rank in ranks:
        rank.wait()
"""


class Cluster:
    """The server of all rounds; killed and started again, one at a time."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._lock = threading.Lock()

    def strike(self) -> None:
        with self._lock:
            self.server.kill()
            self.server.start()

    def get(self, path: str, **query: Any) -> Any:
        deadline = time.monotonic() + _END_SECS
        while True:
            try:
                url = f"{self.server.base_url}{path}"
                answer = httpx.request("POST" if query else "GET", url, json=query or None)
                return answer.raise_for_status().json()
            except httpx.HTTPError:
                assert time.monotonic() < deadline, f"no answer to {path}"
                time.sleep(0.2)


class Launch:
    """One start of the training, and what became of each of its ranks."""

    def __init__(self, training: Training, number: int, codes: list[int]) -> None:
        self.number, self.codes = number, codes
        self.killed: set[int] = set()
        environment = {
            "LOSSBOARD_BASE_URL": training.cluster.server.base_url,
            "LOSSBOARD_ENTITY": "me",
            "LOSSBOARD_PROJECT": "kills",
            "LOSSBOARD_SILENT": "true",
            "LOSSBOARD_X_DISABLE_STATS": "true",
            "PYTHONPATH": str(REPOSITORY / "client"),
            "LAUNCH": str(number),
            "KIND": training.kind,
            "WAY": training.way,
            "ROUND": training.name,
        }
        command = [sys.executable, training.launcher, training.rank, str(len(codes))]
        self.process = subprocess.Popen(
            [*map(str, command), ",".join(map(str, codes))],
            cwd=training.folder,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as told:
            self.pids = [int(pid) for pid in told.readline().split()]

    def kill_rank(self, rank: int, how: signal.Signals) -> None:
        self.killed.add(rank)
        _kill(self.pids[rank], how)

    def kill_all(self) -> None:
        """As a scheduler does at the end of a job's time."""
        self.killed |= set(range(len(self.codes)))
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self) -> None:
        self.process.wait(_END_SECS)


def _lives(run: Any) -> list[list[Any]]:
    """Of each process of a run: its launch, state, rank, first and last word and end."""
    facts = ("launch", "state", "rank", "created_us", "heard_us", "ended_us", "exit_code")
    return [[writer[fact] for fact in facts] for writer in run["writers"]]


def _kill(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:  # it had ended
        return


class Training:
    """One round: a training that is launched, hit, and launched again until a launch was left
    alone, or hit in a way that is to be seen at the end."""

    def __init__(self, cluster: Cluster, folder: Path, name: str, way: str, seed: int) -> None:
        self.cluster, self.folder, self.name, self.way = cluster, folder, name, way
        self.chance = random.Random(seed)
        self.kind = self.chance.choice(["torchrun", "slurm"])
        folder.mkdir()
        self.rank, self.launcher = folder / "rank.py", folder / "launcher.py"
        self.rank.write_text(textwrap.dedent(RANK))
        self.launcher.write_text(textwrap.dedent(LAUNCHER))
        self.launches: list[Launch] = []

    def go(self) -> None:
        for _ in range(self.chance.randint(1, 2)):
            self._launch([0] * self.chance.randint(2, 3))
            self._hit(self.launches[-1])
        codes = [0] * len(self.launches[-1].codes)
        if self.chance.random() < 0.4:
            codes[self.chance.randrange(len(codes))] = 3
        self._launch(codes)
        if self.chance.random() < 0.3:
            self._strike_server()
        self.launches[-1].wait()

    def _launch(self, codes: list[int]) -> None:
        self.launches.append(Launch(self, len(self.launches), codes))

    def _hit(self, launch: Launch) -> None:
        time.sleep(self.chance.uniform(0.2, 2.0))
        what = self.chance.choice(["rank", "rank", "launcher", "server", "all"])
        if what == "server":
            self._strike_server()
            launch.wait()
            return
        if what == "rank":
            how = self.chance.choice([signal.SIGKILL, signal.SIGTERM])
            launch.kill_rank(self.chance.randrange(len(launch.codes)), how)
            time.sleep(self.chance.uniform(0, 0.3))
        if what == "launcher":
            _kill(launch.process.pid, signal.SIGKILL)  # its ranks go on for a while
            time.sleep(self.chance.uniform(0, 0.5))
        launch.kill_all()

    def _strike_server(self) -> None:
        self.cluster.strike()

    def story(self) -> str:
        """What was done to it, and what its processes ended with."""
        launches = [(launch.codes, sorted(launch.killed)) for launch in self.launches]
        ended = {path.stem: path.read_text() for path in self.folder.glob("*.ended")}
        return f"{self.way}, {self.kind}: launches {launches}, ended {ended}"

    def expected(self) -> dict[str, set[str]]:
        """States that each run may be in at the end."""
        last = self.launches[-1]
        if self.way == "a run each":
            codes = {f"{self.name}-{rank}": [code] for rank, code in enumerate(last.codes)}
        elif self.way == "rank 0 only":
            codes = {self.name: last.codes[:1]}
        else:
            codes = {self.name: last.codes}
        return {run: {"failed" if any(of) else "finished"} for run, of in codes.items()}

    def deliver(self) -> None:
        """What ranks left when they were killed, or when the server was away at their end."""
        deadline = time.monotonic() + _END_SECS
        while left := self._left():
            assert time.monotonic() < deadline, (self.name, left)

    def _left(self) -> dict[Path, str]:
        report = sync([self.folder], self.cluster.server.base_url, stream=io.StringIO())
        assert not report.skipped, (self.name, report.skipped)
        return report.failed

    def check(self) -> None:
        for run, states in self.expected().items():
            found = self._settled(run)
            assert found["state"] in states, f"{run} is {found['state']}: {_lives(found)}"
        for path in self.folder.glob("*.acknowledged"):
            self._check_rows(path.stem, int(path.read_text()))

    def _settled(self, run: str) -> Any:
        deadline = time.monotonic() + _END_SECS
        while True:
            found = self.cluster.get(f"/api/runs/me/kills/{run}")
            if found["state"] != "running":
                return found
            assert time.monotonic() < deadline, (self.name, run, found)
            time.sleep(0.2)

    def _check_rows(self, key: str, acknowledged: int) -> None:
        """Each row that was acknowledged is there, and none twice."""
        rank = key.rpartition(" ")[2]
        run = self.name + (f"-{rank}" if self.way == "a run each" else "")
        uid = self.cluster.get(f"/api/runs/me/kills/{run}")["uid"]
        asked = {"runs": [uid], "keys": [key], "x": "step", "buckets": 20_000, "kind": "scalar"}
        (series,) = self.cluster.get("/api/query/series", **asked)["series"]
        values = sorted(series["columns"]["first"])
        assert sum(series["columns"]["count"]) == len(values) >= acknowledged, (self.name, key)
        assert values == list(range(len(values))), (self.name, key, values)


@pytest.fixture
def cluster(server_factory: Any) -> Iterator[Cluster]:
    yield Cluster(server_factory(crashed_after_secs=5, maintenance_secs=0.2))


def test_nothing_acknowledged_is_lost_and_states_are_right_at_the_end(
    cluster: Cluster, tmp_path: Path, own_name: str
) -> None:
    def play(number: int) -> str:
        """What is wrong, or nothing: the other rounds are played all the same."""
        way = WAYS[number % len(WAYS)]
        training = Training(
            cluster, tmp_path / str(number), f"{own_name}-{number}", way, SEED * 1000 + number
        )
        try:
            training.go()
            training.deliver()
            training.check()
        except AssertionError as error:
            return f"round {number} of seed {SEED}: {error}\n{training.story()}"
        return ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = list(filter(None, pool.map(play, range(ROUNDS))))
    assert not wrong, "\n\n".join(wrong)
