"""Keys whose names are hard to show."""

from __future__ import annotations

import time

import httpx
import pytest
from playwright.sync_api import Page, expect

import lossboard

from .conftest import Server, open_panel, start_run, wait_for_panel

EMPTY = "(empty name)"
PROJECT = "names"


@pytest.fixture(scope="module")
def named(server: Server) -> str:
    """Address of a project with a metric, a histogram and a config value without a name."""
    run = start_run(server.base_url, PROJECT, name="nameless", config={"": 7, "lr": 0.1})
    for step in range(5):
        run.log({"": step / 2, "loss": 1 / (step + 1)}, step=step)
    run.finish()
    other = start_run(server.base_url, f"{PROJECT}-histogram", name="nameless")
    for step in range(5):
        other.log({"": lossboard.Histogram([step, 1.0, 2.0])}, step=step)
    other.finish()
    return f"{server.base_url}/local/{PROJECT}"


def test_what_was_logged_is_found_before_system_metrics_that_came_first(
    page: Page, server: Server, own_name: str
) -> None:
    quiet = {"base_url": server.base_url, "silent": True, "x_stats_sampling_interval": 0.1}
    with lossboard.init(project=own_name, settings=quiet, reinit="create_new") as run:
        keys = f"{server.base_url}/api/projects/local/{own_name}/keys"
        while len(httpx.get(keys).json().get("keys", ())) < 9:
            time.sleep(0.1)
        run.log({"loss": 1.0})
    open_panel(page, f"{server.base_url}/local/{own_name}", "scalar loss")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text("loss")


def test_a_metric_without_a_name_has_a_visible_one(page: Page, named: str) -> None:
    page.goto(named)
    panel = wait_for_panel(page, "scalar ", "panel.data.lines?.length === 1")
    assert panel["data"]["lines"][0]["original"] == [0, 0.5, 1, 1.5, 2]
    region = page.get_by_role("region", name=EMPTY, exact=True)
    expect(region.get_by_text(EMPTY)).to_be_visible()
    expect(region.get_by_role("button", name=f"Settings of {EMPTY}")).to_be_attached()
    expect(page.get_by_label("X axis").locator("option", has_text=EMPTY)).to_be_attached()
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("option", name=EMPTY).click()
    expect(page.get_by_role("region", name="loss", exact=True)).not_to_be_attached()
    expect(region).to_be_visible()


def test_the_table_and_the_run_page_name_it_alike(page: Page, named: str) -> None:
    page.goto(f"{named}/runs")
    expect(page.get_by_role("columnheader", name=EMPTY).first).to_be_visible()
    page.get_by_role("link", name="nameless").click()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_text(EMPTY)).to_have_count(2)  # in config and in summary


def test_a_histogram_without_a_name_opens(page: Page, named: str) -> None:
    page.goto(f"{named}-histogram")
    page.get_by_role("button", name=EMPTY, exact=True).click()
    wait_for_panel(page, "step ", "panel.data.overlays?.length === 1")
    page.reload()
    wait_for_panel(page, "step ", "panel.data.overlays?.length === 1")
