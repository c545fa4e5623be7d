"""A run that several processes write: whose line and whose machine metric it is."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import REPOSITORY, Server, open_panel, wait_for_panel

RANK = """
import os, time
import lossboard as wandb
rank = int(os.environ["SLURM_PROCID"])
often = {"x_stats_sampling_interval": 0.1}
with wandb.init(id="shared", mode="shared", settings=often) as run:
    while run._recorders._samples < 3:  # else the panel is one of bars
        time.sleep(0.05)
    print(f"words of {rank}")
    run.log({"loss": 1, "weights": wandb.Histogram([10 * rank, 10 * rank + 4])}, step=0)
    for step in range(1, 10):
        run.log({"spread": step + 10 * rank}, step=step)
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


def test_histograms_of_two_processes_at_one_step_are_one_with_a_word_of_it(
    page: Page, server: Server, ranks: str
) -> None:
    page.goto(f"{server.base_url}/local/{ranks}/runs/shared")
    drawn = wait_for_panel(page, "histogram weights", "panel.data.events === 1")["data"]
    assert drawn["steps"] == [0]
    assert "2 histograms of this step joined" in drawn["notes"]
    panel = page.get_by_role("region", name="weights", exact=True)
    expect(panel.get_by_text("2 histograms of this step joined")).to_be_visible()


@pytest.mark.parametrize("where", ["system", "charts?q=%5Esystem.memory_percent%24"])
def test_a_machine_metric_of_all_processes_is_one_panel_with_a_line_for_each(
    page: Page, server: Server, ranks: str, where: str
) -> None:
    page.set_viewport_size({"width": 1400, "height": 3000})  # panels are drawn once in sight
    address = f"{server.base_url}/local/{ranks}/runs/shared/{where}"
    lines = "panel.data.lines?.map(line => line.label).join() === 'rank 0,rank 1'"
    open_panel(page, address, "system system.memory_percent", lines)
    panel = page.get_by_role("region", name="Memory (%)", exact=True)
    expect(panel.get_by_label("Legend").locator("li")).to_have_text(["rank 0", "rank 1"])


# Whether something is painted at these places of the plot, given as step and value.
PAINTED = """([places, x, y, plot]) => {
  const canvas = document.querySelector('section[aria-label=spread] .plot canvas');
  const context = canvas.getContext('2d');
  const at = ([step, value]) => [
    plot.left + (step - x[0]) / (x[1] - x[0]) * plot.width,
    plot.top + (y[1] - value) / (y[1] - y[0]) * plot.height,
  ];
  return places.map(at).map(([left, top]) =>
    context.getImageData(Math.round(left), Math.round(top), 1, 1).data[3] > 0);
}"""


def test_values_of_several_processes_at_one_step_are_their_mean_with_a_band_and_it_is_said(
    page: Page, server: Server, ranks: str
) -> None:
    address = f"{server.base_url}/local/{ranks}?smooth=none%3A0"
    data = open_panel(page, address, "scalar spread", "panel.data.lines?.length === 1")["data"]
    (line,) = data["lines"]
    steps = list(range(1, 10))
    assert (line["x"], line["banded"]) == (steps, True)
    assert line["original"] == [step + 5 for step in steps]
    assert (line["min"], line["max"]) == (steps, [step + 10 for step in steps])
    assert "several values at 9 steps: their mean and band" in data["notes"]
    inside, outside = [[4.5, 6.6], [4.5, 12.4]], [[1.5, 15.4], [8.5, 4.4]]
    places = [[*inside, *outside], data["x"], data["y"], data["plot"]]
    assert page.evaluate(PAINTED, places) == [True, True, False, False]
    run = httpx.get(f"{server.base_url}/api/runs/local/{ranks}/shared").json()
    rows = httpx.get(f"{server.base_url}/api/runs/{run['uid']}/history").json()["rows"]
    spread = [(row["_step"], row["spread"]) for row in rows if "spread" in row]
    assert sorted(spread) == [(step, step + 10 * rank) for step in steps for rank in (0, 1)]
