"""Offline segments of one run, as requeued jobs leave them, and who may deliver them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.client.conftest import ROOTS, Script, rows_of, the_run

from lossboard.sending.sync import sync

SEGMENT = """
import sys
import lossboard as wandb
with wandb.init(id="r", resume="allow", mode=sys.argv[1]) as run:
    for _ in range(3):
        run.log({"x": run.step})
"""


def url() -> str:
    return os.environ["LOSSBOARD_BASE_URL"]


def steps() -> list[int]:
    return [row["_step"] for row in rows_of(the_run())]


@pytest.mark.covers("init.offline")
@pytest.mark.parametrize(
    "modes", [("offline", "offline", "offline"), ("online", "offline"), ("offline", "online")]
)
def test_all_segments_of_a_run_are_shown_in_order(
    project: str, script: Script, tmp_path: Path, modes: tuple[str, ...]
) -> None:
    for mode in modes:
        assert script(SEGMENT, mode).returncode == 0
    report = sync([tmp_path], url(), stream=io.StringIO())
    assert not report.failed and len(report.delivered) == modes.count("offline")
    offline_alone = "online" not in modes
    assert steps() == list(range(9 if offline_alone else 3))
    assert points("x") == 3 * len(modes)


def points(key: str) -> int:
    """Of how many points a chart of the key is made, also those of steps that came again."""
    asked = {"runs": [the_run()._uid], "keys": [key], "x": "step", "buckets": 1000}
    answer = httpx.post(f"{url()}/api/query/series", json={"kind": "scalar", **asked})
    (series,) = answer.raise_for_status().json()["series"]
    again = series["older"]["n"] if series["older"] else 0
    return int(sum(series["columns"]["count"]) + again)


@pytest.fixture
def readable(project: str, script: Script, tmp_path: Path) -> Iterator[Path]:
    """The folder of an offline run, which may be read and not written, also not by root."""
    script(SEGMENT, "offline")
    folder = tmp_path / "wandb"
    for options in (["--bind"], ["-o", "remount,bind,ro"]):
        mounted = subprocess.run(
            ["mount", *options, str(folder), str(folder)], capture_output=True, text=True
        )
        if mounted.returncode:
            pytest.skip(f"a folder can't be made read-only here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


SYNC = "import sys; from lossboard.cli import main; sys.exit(main())"


def syncing(folder: Path) -> subprocess.Popen[str]:
    """`lossboard sync` of a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", SYNC, "sync", str(folder)],
        env={**os.environ, "PYTHONPATH": ROOTS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_sync_delivers_a_folder_that_it_may_only_read_and_once_more(readable: Path) -> None:
    for _ in range(2):
        process = syncing(readable)
        said = process.communicate(timeout=100)[0]
        assert process.returncode == 0, said
        assert "delivered" in said
        assert steps() == [0, 1, 2]


def test_many_syncs_of_one_folder_at_once_deliver_it_once(
    project: str, script: Script, tmp_path: Path
) -> None:
    for _ in range(3):
        script(SEGMENT, "offline")
    processes = [syncing(tmp_path / "wandb") for _ in range(4)]
    said = [process.communicate(timeout=100)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert steps() == list(range(9))


def test_a_run_begins_in_a_folder_that_it_may_only_read(readable: Path, script: Script) -> None:
    text = (
        "import lossboard as wandb\nwith wandb.init(resume='auto') as run:\n    run.log({'a': 1})\n"
    )
    ended = script(text, LOSSBOARD_SILENT="false", LOSSBOARD_DIR=str(readable.parent))
    assert ended.returncode == 0 and "resume='auto' will not find this run" in ended.stderr
    assert "a" in the_run().summary
