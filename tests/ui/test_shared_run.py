"""The page of a run that several processes write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import REPOSITORY, Server

RANK = """
import os
import lossboard as wandb
with wandb.init(id="shared", mode="shared") as run:
    print("words of " + os.environ["SLURM_PROCID"])
    run.log({"loss": 1})
"""


@pytest.fixture
def ranks(server: Server, own_name: str, tmp_path: Path) -> str:
    """A project with a run of two ranks, and their names."""
    script = tmp_path / "train.py"
    script.write_text(RANK)
    for rank in ("0", "1"):
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "client"),
            "LOSSBOARD_BASE_URL": server.base_url,
            "LOSSBOARD_PROJECT": own_name,
            "SLURM_PROCID": rank,
            "SLURM_NTASKS": "2",
            "SLURM_JOB_ID": "7",
        }
        subprocess.run([sys.executable, str(script)], env=environment, cwd=tmp_path, check=True)
    return own_name


def test_lines_of_a_shared_run_are_chosen_by_process(
    page: Page, server: Server, ranks: str
) -> None:
    page.goto(f"{server.base_url}/local/{ranks}/runs/shared/logs")
    expect(page.locator(".log .line")).to_have_count(2)
    page.get_by_label("Process").select_option("rank 1")
    expect(page.locator(".log .line")).to_have_count(1)
    expect(page.locator(".log .line")).to_contain_text("words of 1")
