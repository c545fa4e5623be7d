"""What a run records by itself: system metrics, metadata, packages and the state of git."""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import lossboard as wandb
from lossboard.machine import repository
from lossboard.machine.gpu_metrics import GpuSampler
from lossboard.machine.repository import Repository
from lossboard.machine.system_metrics import SystemSampler
from lossboard.settings import Settings

from .conftest import Script

OFFICIAL_KEYS = {  # of wandb 0.31, seen on the wire
    "system.cpu",
    "system.disk./.usageGB",
    "system.disk./.usagePercent",
    "system.memory_percent",
    "system.network.recv",
    "system.network.sent",
    "system.proc.cpu.threads",
    "system.proc.memory.availableMB",
    "system.proc.memory.percent",
    "system.proc.memory.rssMB",
}


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit, a remote, and a change that is not committed."""
    git(tmp_path, "init", "--initial-branch", "trunk")
    (tmp_path / "model.txt").write_text("before\n")
    git(tmp_path, "add", "model.txt")
    git(tmp_path, "commit", "--message", "first")
    git(tmp_path, "remote", "add", "origin", "https://me:secret@example.org/team/model.git")
    (tmp_path / "model.txt").write_text("after\n")
    return tmp_path


def rows_of(run: wandb.Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = wandb.Api().run(run.path).history(stream="system", pandas=False)
    return rows


def downloaded(run: Any, name: str) -> str:
    with run.file(name).download(root="download") as file:
        text: str = file.read()
    return text


def names_of(run: wandb.Run) -> set[str]:
    return {file.name for file in wandb.Api().run(run.path).files()}


@pytest.mark.covers("Run.history", "Run.metadata", "system metrics")
def test_system_metrics_come_at_once_and_in_their_interval(project: str) -> None:
    with wandb.init(settings={"x_stats_sampling_interval": 0.1}) as run:
        while run._recorders._samples < 3:
            time.sleep(0.02)
    rows = rows_of(run)
    assert len(rows) >= 3
    assert OFFICIAL_KEYS - set(rows[0]) == {"system.cpu"}  # it needs a time to look back at
    assert set(rows[1]) >= OFFICIAL_KEYS
    assert wandb.Api().run(run.path).system_metrics["system.proc.memory.rssMB"] > 1
    assert len(list(wandb.Api().run(run.path).scan_history())) == 0


def test_samples_are_within_their_ranges() -> None:
    sampler = SystemSampler(["/", "/no/such/folder"], None)
    sampler.sample()
    values = sampler.sample()
    percents = [value for key, value in values.items() if key.lower().endswith(("cpu", "percent"))]
    assert all(0 <= value <= 100 for value in percents)
    assert all(isinstance(value, float) and value >= 0 for value in values.values())
    assert not [key for key in values if "no/such" in key]


@pytest.mark.covers("Run.metadata", "metadata")
def test_metadata_say_where_the_run_ran(project: str) -> None:
    with wandb.init() as run:
        pass
    metadata = wandb.Api().run(run.path).metadata
    assert metadata["memory"]["total"] > 0 and metadata["cpu_count_logical"] > 0
    assert {"host", "os", "python", "executable", "args", "pid", "cpu", "disk"} <= set(metadata)
    assert '"startedAt"' in downloaded(wandb.Api().run(run.path), "wandb-metadata.json")


@pytest.mark.covers("metadata")
def test_installed_packages_are_kept_as_pip_reads_them(project: str) -> None:
    with wandb.init() as run:
        pass
    lines = downloaded(wandb.Api().run(run.path), "requirements.txt").splitlines()
    assert [line for line in lines if line.startswith("msgspec==")]
    assert lines == sorted(lines, key=str.lower)


PLAIN = "import lossboard as wandb\nwith wandb.init() as run:\n    pass\n"


@pytest.mark.covers("metadata")
def test_the_state_of_git_is_in_the_run(project: str, checkout: Path, script: Script) -> None:
    done = script(PLAIN)
    assert done.returncode == 0, done.stderr
    (run,) = wandb.Api().runs()
    assert run.metadata["git"] == {
        "commit": git(checkout, "rev-parse", "HEAD"),
        "branch": "trunk",
        "remote": "https://example.org/team/model.git",
    }
    git(checkout, "checkout", "model.txt")
    (checkout / "kept.patch").write_text(downloaded(run, "diff.patch"))
    git(checkout, "apply", "kept.patch")
    assert (checkout / "model.txt").read_text() == "after\n"


@pytest.mark.covers("metadata")
@pytest.mark.parametrize(
    ("setting", "missing"),
    [
        ("disable_code", {"diff.patch"}),
        ("disable_git", {"diff.patch"}),
        ("x_save_requirements", {"requirements.txt"}),
        ("x_disable_meta", {"diff.patch", "requirements.txt", "wandb-metadata.json"}),
    ],
)
def test_what_a_setting_forbids_is_not_kept(
    project: str, checkout: Path, script: Script, setting: str, missing: set[str]
) -> None:
    value = setting == "x_save_requirements"
    script(PLAIN.replace("init()", f"init(settings={{{setting!r}: {not value}}})"))
    (run,) = wandb.Api().runs()
    names = {file.name for file in run.files()}
    assert {"diff.patch", "requirements.txt", "wandb-metadata.json"} - names == missing
    assert ("git" in run.metadata) == (setting not in ("disable_git", "x_disable_meta"))


@pytest.mark.covers("init.save_code")
def test_the_script_is_kept_where_that_is_asked_for(project: str, script: Script) -> None:
    text = PLAIN.replace("init()", "init(save_code=True)")
    script(text)
    (run,) = wandb.Api().runs()
    assert downloaded(run, "code/train.py") == text
    with wandb.init(save_code=True, settings={"program": "no_script"}) as other:
        pass
    assert "log_code()" in wandb.Api().run(other.path).notices["metadata"]


def test_without_stats_there_are_none(project: str) -> None:
    with wandb.init(settings={"x_disable_stats": True}) as run:
        pass
    assert rows_of(run) == []
    with wandb.init(settings={"x_disable_machine_info": True}) as run:
        pass
    assert "memory" not in wandb.Api().run(run.path).metadata


def test_a_diff_that_is_too_large_is_named_in_the_run(
    project: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "DIFF_LIMIT_BYTES", 10)
    with wandb.init(settings={"program": str(checkout / "train.py")}) as run:
        pass
    assert "diff.patch" not in names_of(run)
    assert "larger than" in wandb.Api().run(run.path).notices["metadata"]


def test_a_folder_without_repository_has_no_git(tmp_path: Path) -> None:
    assert Repository.around(tmp_path) is None
    (tmp_path / ".git").mkdir()
    broken = Repository.around(tmp_path)
    assert broken is not None and (broken.facts(), broken.diff()) == ({}, None)


def print_in_child() -> None:
    print("in the child")


def test_a_forked_child_records_nothing_of_its_own(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with wandb.init(settings={"x_stats_sampling_interval": 0.1}) as run:
        child = multiprocessing.get_context("fork").Process(target=print_in_child)
        child.start()
        child.join()
        print("in the parent")
    stored = wandb.Api().run(run.path)
    lines = stored._connection.get("runs", stored._uid, "console")["lines"]
    assert [line["text"] for line in lines] == ["in the parent"]


def test_an_interval_too_short_is_refused() -> None:
    with pytest.raises(wandb.Error, match="x_stats_sampling_interval=0"):
        Settings(x_stats_sampling_interval=0)


class Driver:
    """Answers like NVIDIA's library for one card whose power can't be read."""

    class NVMLError(Exception):
        pass

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> bytes:
        return b"Card"

    def nvmlSystemGetCudaDriverVersion(self) -> int:
        return 12080

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return SimpleNamespace(gpu=50, memory=25)

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(total=1000, used=250)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:
        return 40

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        raise self.NVMLError("not supported")

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
        return []


@pytest.mark.covers("system metrics")
def test_a_card_that_can_not_tell_everything_tells_the_rest() -> None:
    gpus = GpuSampler(Driver())
    assert gpus.facts()["gpu_nvidia"] == [{"name": "Card", "memoryTotal": 1000}]
    assert gpus.facts()["cudaVersion"] == "12.8"
    assert gpus.sample() == {
        "system.gpu.0.gpu": 50.0,
        "system.gpu.0.memory": 25.0,
        "system.gpu.0.memoryAllocated": 25.0,
        "system.gpu.0.memoryAllocatedBytes": 250.0,
        "system.gpu.0.temp": 40.0,
    }


def test_the_real_driver_answers_where_there_is_one() -> None:
    gpus = GpuSampler.open()
    if gpus is None:
        pytest.skip("no NVIDIA driver on this machine")
    assert gpus.facts()["gpu_count"] >= 1
    assert 0 <= gpus.sample()["system.gpu.0.memoryAllocated"] <= 100
