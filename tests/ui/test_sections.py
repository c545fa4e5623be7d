"""Settings of a section: before the workspace's, behind a panel's own."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import STEPS, Server, loss_at, open_panel, wait_for_panel
from .test_workspace import LOSS, THREE_LINES, line_of, twema

RATE = "scalar lr"
OVER_RATE = "Math.max(...(panel.data.lines?.[0]?.x ?? [1])) < 0.05"
RAW = "panel.data.lines[0].smoothed[250] === panel.data.lines[0].original[250]"


@pytest.fixture
def train(page: Page, server: Server, logged: str) -> Locator:
    """The section of train/loss; lr stands in another one."""
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS, THREE_LINES)
    wait_for_panel(page, RATE, THREE_LINES)
    return page.get_by_role("region", name="Section train", exact=True)


def open_settings(section: Locator) -> None:
    section.get_by_role("button", name="Settings of section train").click()


def smoothed(panel: Any) -> Any:
    return line_of(panel, "run-1")["smoothed"]


def test_a_section_is_smoothed_otherwise_than_the_rest_and_a_panel_otherwise_than_its_section(
    page: Page, train: Locator
) -> None:
    open_settings(train)
    page.get_by_label("Smoothing of this section").select_option("none")
    raw = [loss_at(step, 0.02) for step in range(STEPS)]
    assert smoothed(wait_for_panel(page, LOSS, RAW)) == raw
    rates = [0.02 / (step + 1) for step in range(STEPS)]
    wanted = twema(range(STEPS), rates, 0.6)
    assert smoothed(wait_for_panel(page, RATE)) == pytest.approx(wanted)
    expect(train.get_by_text("own settings")).to_be_visible()
    page.keyboard.press("Escape")
    train.get_by_role("region", name="train/loss", exact=True).hover()
    page.get_by_role("button", name="Settings of train/loss").click()
    mine = page.get_by_label("Smoothing of this panel")
    expect(mine.locator("option").first).to_have_text("As section")
    mine.select_option("twema")
    own = wait_for_panel(page, LOSS, f"!({RAW})")
    assert smoothed(own) == pytest.approx(twema(range(STEPS), raw, 0.6))


def test_axes_of_a_section_are_kept_in_the_link_undone_and_given_back(
    page: Page, train: Locator
) -> None:
    open_settings(train)
    page.get_by_label("X axis of this section").select_option("metric:lr")
    shown = wait_for_panel(page, LOSS, OVER_RATE)
    line = line_of(shown, "run-1")
    assert (max(line["x"]), sum(line["count"])) == (pytest.approx(0.02), STEPS)
    assert line_of(wait_for_panel(page, RATE), "run-1")["x"] == list(range(STEPS))
    page.get_by_label("Logarithmic y").check()
    log = "panel.data.y[0] > 0"
    wait_for_panel(page, LOSS, log)
    page.reload()
    wait_for_panel(page, LOSS, f"{OVER_RATE} && {log}")
    open_settings(train)
    expect(page.get_by_label("Logarithmic y")).to_be_checked()
    page.get_by_role("button", name="All as in the workspace").click()
    wait_for_panel(page, LOSS, "panel.data.lines?.[0]?.x[250] === 250")
    expect(train.get_by_text("own settings")).to_be_hidden()
    page.keyboard.press("Control+z")
    wait_for_panel(page, LOSS, f"{OVER_RATE} && {log}")


def test_a_panel_can_take_back_the_log_axis_of_its_section(page: Page, train: Locator) -> None:
    linear = wait_for_panel(page, LOSS)["data"]["y"]
    open_settings(train)
    page.get_by_label("Logarithmic y").check()
    wait_for_panel(page, LOSS, "panel.data.y[0] > 0")
    page.keyboard.press("Escape")
    train.get_by_role("region", name="train/loss", exact=True).hover()
    page.get_by_role("button", name="Settings of train/loss").click()
    page.get_by_label("Logarithmic y").uncheck()
    wait_for_panel(page, LOSS, f"panel.data.y[0] === {linear[0]}")
    page.reload()
    wait_for_panel(page, LOSS, f"panel.data.y?.[0] === {linear[0]}")
