"""A run that several processes write: whose line and whose machine metric it is."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import REPOSITORY, Server, open_panel

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


@pytest.fixture(scope="module")
def ranks(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project with a run of two ranks."""
    project, folder = f"shared-{uuid.uuid4().hex[:8]}", tmp_path_factory.mktemp("ranks")
    script = folder / "train.py"
    script.write_text(RANK)
    for rank in ("0", "1"):
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY / "client"),
            "LOSSBOARD_BASE_URL": server.base_url,
            "LOSSBOARD_PROJECT": project,
            "SLURM_PROCID": rank,
            "SLURM_NTASKS": "2",
            "SLURM_JOB_ID": "7",
        }
        subprocess.run([sys.executable, str(script)], env=environment, cwd=folder, check=True)
    return project


def test_lines_of_a_shared_run_are_chosen_by_process(
    page: Page, server: Server, ranks: str
) -> None:
    page.goto(f"{server.base_url}/local/{ranks}/runs/shared/logs")
    expect(page.locator(".log .line")).to_have_count(2)
    parts = page.locator(".log .line").first.locator("> span").all()
    boxes: list[Any] = [part.bounding_box() for part in parts]
    assert len({box["y"] for box in boxes}) == 1  # number, process and text side by side
    assert boxes == sorted(boxes, key=lambda box: box["x"]) and len(boxes) == 3
    page.get_by_label("Process").select_option("rank 1")
    expect(page.locator(".log .line")).to_have_count(1)
    expect(page.locator(".log .line")).to_contain_text("words of 1")


@pytest.mark.parametrize("where", ["system", "charts?q=%5Esystem.memory_percent%24"])
def test_a_machine_metric_of_all_processes_is_one_panel_with_a_line_for_each(
    page: Page, server: Server, ranks: str, where: str
) -> None:
    page.set_viewport_size({"width": 1400, "height": 3000})  # panels are drawn once in sight
    address = f"{server.base_url}/local/{ranks}/runs/shared/{where}"
    lines = "panel.data.lines?.map(line => line.label).join() === 'rank 0,rank 1'"
    open_panel(page, address, "system system.memory_percent", lines)
    panel = page.get_by_role("region", name="system.memory_percent", exact=True)
    expect(panel.get_by_label("Legend").locator("li")).to_have_text(["rank 0", "rank 1"])
