"""The page of a run that several processes write."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from .conftest import REPOSITORY, Server, wait_for_panel

RANK = """
import os
import lossboard as wandb
rank = int(os.environ["SLURM_PROCID"])
with wandb.init(id="shared", mode="shared") as run:
    print(f"words of {rank}")
    run.log({"loss": 1, "weights": wandb.Histogram([10 * rank, 10 * rank + 4])})
"""


@pytest.fixture(scope="module")
def ranks(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A project with a run of two ranks."""
    own_name, tmp_path = f"ranks-{uuid4().hex[:8]}", tmp_path_factory.mktemp("ranks")
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


def test_histograms_of_two_processes_at_one_step_are_one_with_a_word_of_it(
    page: Page, server: Server, ranks: str
) -> None:
    page.goto(f"{server.base_url}/local/{ranks}/runs/shared")
    drawn = wait_for_panel(page, "histogram weights", "panel.data.events === 1")["data"]
    assert drawn["steps"] == [0]
    assert "2 histograms of this step joined" in drawn["notes"]
    panel = page.get_by_role("region", name="weights", exact=True)
    expect(panel.get_by_text("2 histograms of this step joined")).to_be_visible()
