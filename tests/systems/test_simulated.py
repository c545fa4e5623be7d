"""The client and the server where fcntl, forks, pread and the like are missing.

Nothing here runs on macOS or Windows: `simulated/` hides from our modules what these systems have
not, and has files behave as they do there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import lossboard

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
SYSTEMS = ("macos", "windows")
SIMULATED = str(Path(__file__).parent / "simulated")
PATH = os.pathsep.join([SIMULATED, str(ROOT / "client"), str(ROOT / "server")])

Train = Callable[..., subprocess.CompletedProcess[str]]

# Tests of the client that run there as a whole: what is closest to files, locks and streams.
SUBSET = ("test_spool.py", "test_cuts.py", "test_undelivered.py", "test_console.py")


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    """The system that is simulated."""
    return str(request.param)


@pytest.fixture
def train(
    system: str, server: Any, own_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Train]:
    """Runs a script on the simulated system, against the shared server."""
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    monkeypatch.setenv("LOSSBOARD_PROJECT", own_name)
    variables = {"PYTHONPATH": PATH, "SIMULATED_SYSTEM": system, "LOSSBOARD_SILENT": "false"}

    def run(text: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "train.py").write_text(text)
        command = [sys.executable, *(arguments or ("train.py",))]
        environment = {**os.environ, **variables, **more}
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )

    yield run
    lossboard.teardown()


def the_rows() -> list[float]:
    """The values of x of the only run, in order."""
    (run,) = lossboard.Api().runs()
    return [row["x"] for row in run.scan_history() if "x" in row]


JOURNEY = """
import os, sys
import lossboard as wandb

run = wandb.init(config={"lr": 0.1}, save_code=True)
for x in range(100):
    run.log({"x": x, "h": wandb.Histogram([x, x + 1])})
run.log({"table: all": wandb.Table(columns=["a"], data=[[1]])})
with open("weights.bin", "wb") as file:
    file.write(bytes(range(256)) * 1000)
run.save("weights.bin", policy="now")
run.save("weights.bin")
artifact = wandb.Artifact("model", "model")
artifact.add_file("weights.bin")
run.log_artifact(artifact)
print("a line of output")
run.finish()
"""


def test_a_run_with_files_and_artifacts_is_delivered_and_leaves_nothing_to_deliver(
    train: Train, tmp_path: Path
) -> None:
    done = train(JOURNEY)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert the_rows() == list(range(100))
    (run,) = lossboard.Api().runs()
    assert run.state == "finished"
    names = {file.name for file in run.files()}
    assert {"weights.bin", "code/train.py", "requirements.txt"} <= names
    assert not list(tmp_path.rglob("*.spool"))
    run.file("weights.bin").download(tmp_path / "back").close()
    assert (tmp_path / "back" / "weights.bin").read_bytes() == bytes(range(256)) * 1000


def test_an_artifact_is_downloaded_into_a_folder_that_the_system_can_name(
    train: Train, tmp_path: Path
) -> None:
    assert train(JOURNEY).returncode == 0
    fetch = (
        "import lossboard; r = lossboard.init(); print(r.use_artifact('model:latest').download())"
    )
    done = train(fetch)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / done.stdout.strip()
    assert (folder / "weights.bin").stat().st_size == 256_000


@pytest.mark.parametrize("away", [False, True], ids=["offline", "the server is away"])
def test_what_could_not_be_sent_is_kept_and_synced_later(
    train: Train, tmp_path: Path, away: bool
) -> None:
    url = os.environ["LOSSBOARD_BASE_URL"]
    absent = {"LOSSBOARD_BASE_URL": "http://127.0.0.1:9", "LOSSBOARD_FINISH_TIMEOUT": "1"}
    done = train(JOURNEY, **(absent if away else {"LOSSBOARD_MODE": "offline"}))
    assert done.returncode == 0, done.stderr
    assert "lossboard sync" in done.stderr
    synced = train("", "-m", "lossboard", "sync", "--server", url)
    assert synced.returncode == 0, synced.stderr
    assert the_rows() == list(range(100))
    assert not list(tmp_path.rglob("*.spool"))
    assert not list(tmp_path.rglob("spool.lock"))


def test_a_model_is_watched(train: Train) -> None:
    text = """
import torch, lossboard as wandb
run = wandb.init()
model = torch.nn.Linear(2, 1)
run.watch(model, log="all", log_freq=1)
for x in range(3):
    model(torch.ones(4, 2)).sum().backward()
    run.log({"x": x})
run.finish()
"""
    done = train(text)
    assert done.returncode == 0, done.stderr
    (run,) = lossboard.Api().runs()
    assert len(list(run.histograms("gradients/weight"))) == 3


def test_children_that_are_spawned_log_to_the_run(train: Train) -> None:
    text = """
import multiprocessing
import lossboard as wandb

def work(run, x):
    run.log({f"of {x}": x})

if __name__ == "__main__":
    run = wandb.init()
    children = multiprocessing.get_context("spawn").Pool(2)
    children.starmap(work, [(run, 1), (run, 2)])
    children.close()
    children.join()
    run.finish()
"""
    done = train(text)
    assert done.returncode == 0, done.stderr
    (run,) = lossboard.Api().runs()
    rows = list(run.scan_history())
    assert {row[f"of {x}"] for row in rows for x in (1, 2) if f"of {x}" in row} == {1, 2}


def test_a_living_run_keeps_sync_away_and_a_killed_one_does_not(train: Train) -> None:
    text = """
import os, subprocess, sys, time
import lossboard as wandb
run = wandb.init(mode="offline")
run.log({"x": 1})
time.sleep(0.6)
sync = [sys.executable, "-m", "lossboard", "sync", "--server", os.environ["LOSSBOARD_BASE_URL"]]
print(subprocess.run(sync, capture_output=True, text=True).stderr)
os.kill(os.getpid(), 9)
"""
    done = train(text)
    assert done.returncode == -9
    assert "its process is still running" in done.stdout
    url = os.environ["LOSSBOARD_BASE_URL"]
    assert train("", "-m", "lossboard", "sync", "--server", url).returncode == 0
    assert the_rows() == [1]


def test_an_unchanged_script_is_run_and_its_exit_code_is_ours(train: Train) -> None:
    text = "import sys, wandb\nrun = wandb.init()\nrun.log({'x': 1})\nrun.finish()\nsys.exit(3)"
    done = train(text, "-m", "lossboard", "run", "train.py")
    assert done.returncode == 3, done.stderr
    assert the_rows() == [1]


def test_a_server_there_takes_runs_and_lets_no_second_one_at_its_data(
    system: str, server_factory: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIMULATED_SYSTEM", system)
    monkeypatch.setenv("PYTHONPATH", PATH)
    server = server_factory()
    command = [sys.executable, "-m", "lossboard", "serve", "--data-dir", str(server.data_dir)]
    second = subprocess.run(
        [*command, "--port", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert f"another lossboard server (process {server.process.pid})" in second.stderr
    monkeypatch.setenv("LOSSBOARD_BASE_URL", server.base_url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(JOURNEY)
    assert subprocess.run([sys.executable, "train.py"], timeout=60, check=False).returncode == 0
    (project,) = lossboard.Api().projects()
    (run,) = lossboard.Api().runs(project.name)
    assert run.state == "finished"


def test_tests_of_the_client_pass_there(system: str) -> None:
    tests = [str(ROOT / "tests" / "client" / name) for name in SUBSET]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", *tests],
        env={**os.environ, "PYTHONPATH": PATH, "SIMULATED_SYSTEM": system},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
