"""A server whose disk is full: what it has can be read and deleted, and nothing is lost."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import ServerProcess

import lossboard

_MEGABYTE = 1 << 20
_STEPS = 2000


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 60 MB."""
    place = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        place.rmdir()
        pytest.skip("no disk can be mounted")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
    place.rmdir()


def begin(server: ServerProcess, name: str, folder: Path) -> Any:
    settings = {"base_url": server.base_url, "silent": True, "root_dir": str(folder)}
    return lossboard.init(
        project="full", name=name, id=name, settings=settings, reinit="create_new"
    )


def log_all(run: Any) -> None:
    for step in range(_STEPS):
        run.log({f"key {i}": step / (i + 1) for i in range(20)}, step=step)


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(_MEGABYTE))
        except OSError:
            return ballast


def test_what_a_full_disk_holds_is_read_and_deleted_and_a_run_delivers_once_there_is_room(
    small_disk: Path, tmp_path: Path, eventually: Any
) -> None:
    server = ServerProcess(small_disk / "data", reserve_bytes=16 * _MEGABYTE).start()

    def health() -> Any:
        return httpx.get(f"{server.base_url}/api/health").json()

    def runs() -> dict[str, Any]:
        answer = httpx.get(f"{server.base_url}/api/projects/local/full/runs").json()
        return {run["run_id"]: run for run in answer["runs"]}

    try:
        old = begin(server, "old", tmp_path)
        log_all(old)
        old.finish()
        ballast = fill(small_disk)
        new = begin(server, "new", tmp_path)
        log_all(new)
        eventually(lambda: not health()["writable"])
        assert health()["status"] == "troubled"
        blob = httpx.put(f"{server.base_url}/api/blobs/{'0' * 64}", content=b"x")
        assert blob.status_code == 503
        assert runs()["old"]["last_step"] == _STEPS - 1
        server.stop()
        server.start()
        old_run = f"{server.base_url}/api/runs/{runs()['old']['uid']}"
        httpx.patch(old_run, json={"notes": "in the way"}).raise_for_status()
        httpx.delete(old_run).raise_for_status()
        assert "old" not in runs()
        ballast.unlink()
        new.finish()
        assert (runs()["new"]["state"], runs()["new"]["last_step"]) == ("finished", _STEPS - 1)
    finally:
        server.close()
