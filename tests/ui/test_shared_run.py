"""A run that several processes write: whose line and machine metric it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import REPOSITORY, Server, wait_for_panel

RANK = """
import os, time
import lossboard as wandb
often = {"x_stats_sampling_interval": 0.1}
with wandb.init(id="shared", mode="shared", settings=often) as run:
    while run._recorders._samples < 3:  # else the panel is one of bars
        time.sleep(0.05)
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


def test_lines_are_chosen_by_process_and_a_machine_metric_is_one_panel(
    page: Page, server: Server, ranks: str
) -> None:
    page.goto(f"{server.base_url}/local/{ranks}/runs/shared/logs")
    expect(page.locator(".log .line")).to_have_count(2)
    page.get_by_label("Process").select_option("rank 1")
    expect(page.locator(".log .line")).to_have_count(1)
    expect(page.locator(".log .line")).to_contain_text("words of 1")
    page.set_viewport_size({"width": 1400, "height": 3000})  # panels are drawn once in sight
    page.goto(f"{server.base_url}/local/{ranks}/runs/shared/system")
    panel = wait_for_panel(
        page, "system system.memory_percent/l:rank 0", "panel.data.lines?.length === 2"
    )
    labels = [line["label"].rpartition(" · ")[2] for line in panel["data"]["lines"]]
    assert labels == ["rank 0", "rank 1"]
    expect(page.get_by_role("region", name="system.memory_percent", exact=True)).to_be_visible()
