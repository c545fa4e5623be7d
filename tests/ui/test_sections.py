"""Settings of a section: before the workspace's, behind a panel's own."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import STEPS, Server, loss_at, open_panel, wait_for_panel
from .test_line_panels import open_menu, type_into
from .test_workspace import LOSS, THREE_LINES, line_of, twema

RATE = "scalar lr"
OVER_RATE = "Math.max(...(panel.data.lines?.[0]?.x ?? [1])) < 0.05"
DEFAULT = 0.95
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
    wanted = twema(range(STEPS), rates, DEFAULT)
    assert smoothed(wait_for_panel(page, RATE)) == pytest.approx(wanted)
    expect(train.get_by_text("own settings")).to_be_visible()
    page.keyboard.press("Escape")
    train.get_by_role("region", name="train/loss", exact=True).hover()
    page.get_by_role("button", name="Settings of train/loss").click()
    mine = page.get_by_label("Smoothing of this panel")
    expect(mine.locator("option").first).to_have_text("As section")
    mine.select_option("twema")
    own = wait_for_panel(page, LOSS, f"!({RAW})")
    assert smoothed(own) == pytest.approx(twema(range(STEPS), raw, DEFAULT))


def test_axes_of_a_section_are_kept_in_the_link_undone_and_given_back(
    page: Page, train: Locator
) -> None:
    open_settings(train)
    page.get_by_label("X axis of this section").select_option("metric:lr")
    shown = wait_for_panel(page, LOSS, OVER_RATE)
    line = line_of(shown, "run-1")
    assert (max(line["x"]), sum(line["count"])) == (pytest.approx(0.02), STEPS)
    assert line_of(wait_for_panel(page, RATE), "run-1")["x"] == list(range(STEPS))
    page.get_by_label("Log scale (y)").check()
    log = "panel.data.y[0] > 0"
    wait_for_panel(page, LOSS, log)
    page.reload()
    wait_for_panel(page, LOSS, f"{OVER_RATE} && {log}")
    open_settings(train)
    expect(page.get_by_label("Log scale (y)")).to_be_checked()
    page.get_by_role("button", name="Reset to workspace settings").click()
    wait_for_panel(page, LOSS, "panel.data.lines?.[0]?.x[250] === 250")
    expect(train.get_by_text("own settings")).to_be_hidden()
    page.keyboard.press("Control+z")
    wait_for_panel(page, LOSS, f"{OVER_RATE} && {log}")


def test_a_panel_can_take_back_the_log_axis_of_its_section(page: Page, train: Locator) -> None:
    linear = wait_for_panel(page, LOSS)["data"]["y"]
    open_settings(train)
    page.get_by_label("Log scale (y)").check()
    wait_for_panel(page, LOSS, "panel.data.y[0] > 0")
    page.keyboard.press("Escape")
    train.get_by_role("region", name="train/loss", exact=True).hover()
    page.get_by_role("button", name="Settings of train/loss").click()
    page.get_by_label("Log scale (y)").uncheck()
    wait_for_panel(page, LOSS, f"panel.data.y[0] === {linear[0]}")
    page.reload()
    wait_for_panel(page, LOSS, f"panel.data.y?.[0] === {linear[0]}")


def drag_over(page: Page, region: str) -> None:
    """From a half to eight tenths of a panel's width: zooms into it."""
    plot = page.get_by_role("region", name=region, exact=True).locator(".plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()


def range_of(page: Page, panel: str, condition: str) -> list[float]:
    return list(wait_for_panel(page, panel, condition)["data"]["x"])


def test_another_x_of_a_section_ends_the_zooms_of_its_panels_alone(
    page: Page, train: Locator
) -> None:
    drag_over(page, "lr")
    kept = range_of(page, RATE, "panel.data.x[0] > 100")
    drag_over(page, "train/loss")
    range_of(page, LOSS, "panel.data.x[0] > 100")
    open_settings(train)
    page.get_by_label("X axis of this section").select_option("metric:lr")
    range_of(page, LOSS, f"{OVER_RATE} && panel.data.x[1] > 0.01")
    assert range_of(page, RATE, "true") == kept
    page.keyboard.press("Escape")
    drag_over(page, "train/loss")
    range_of(page, LOSS, "panel.data.x[0] > 0.01")
    open_settings(train)
    page.get_by_role("button", name="Reset to workspace settings").click()
    assert range_of(page, LOSS, "panel.data.x[1] > 1") == [0, STEPS - 1]
    assert range_of(page, RATE, "true") == kept


def test_a_common_zoom_holds_where_x_is_that_of_the_workspace(page: Page, train: Locator) -> None:
    page.get_by_role("button", name="More settings").click()
    page.get_by_label("Zoom all panels together").check()
    page.keyboard.press("Escape")
    open_settings(train)
    page.get_by_label("X axis of this section").select_option("metric:lr")
    whole = range_of(page, LOSS, OVER_RATE)
    page.keyboard.press("Escape")
    drag_over(page, "lr")
    range_of(page, RATE, "panel.data.x[0] > 100")
    assert range_of(page, LOSS, "true") == whole


def test_a_common_zoom_over_time_leaves_the_steps_of_rms_panels(
    page: Page, server: Server, logged: str
) -> None:
    address = f"{server.base_url}/local/{logged}?sync=1&x=runtime&q=^(lr|gradients)"
    open_panel(page, address, RATE, "panel.data.lines?.length === 3")
    rms = "rms gradients"
    whole = range_of(page, rms, "panel.data.lines?.length > 0")
    drag_over(page, "lr")
    range_of(page, RATE, "panel.data.x[0] > 0")
    page.wait_for_url(lambda url: "zoom=" in url)
    assert range_of(page, rms, "panel.data.lines?.length > 0") == whole


def test_a_panel_has_an_x_of_its_own_named_on_its_axis_which_ends_its_zoom(
    page: Page, train: Locator
) -> None:
    drag_over(page, "train/loss")
    range_of(page, LOSS, "panel.data.x[0] > 100")
    menu = open_menu(page, "train/loss")
    mine = menu.get_by_label("X axis of this panel")
    expect(mine.locator("option").first).to_have_text("Same as workspace")
    mine.select_option("metric:lr")
    shown = wait_for_panel(page, LOSS, f"{OVER_RATE} && panel.data.titles.x === 'lr'")
    line = line_of(shown, "run-1")
    assert (max(line["x"]), sum(line["count"])) == (pytest.approx(0.02), STEPS)
    other = wait_for_panel(page, RATE)
    assert line_of(other, "run-1")["x"] == list(range(STEPS))
    assert other["data"]["titles"] == {"x": "", "y": ""}
    page.reload()
    wait_for_panel(page, LOSS, OVER_RATE)
    page.get_by_label("X axis", exact=True).select_option("metric:lr")
    wait_for_panel(page, LOSS, f"{OVER_RATE} && panel.data.titles.x === ''")
    wait_for_panel(page, RATE, OVER_RATE)
    page.keyboard.press("Control+z")
    wait_for_panel(page, LOSS, f"{OVER_RATE} && panel.data.titles.x === 'lr'")


def test_a_panel_is_smoothed_by_a_typed_amount_without_its_original(
    page: Page, train: Locator
) -> None:
    menu = open_menu(page, "train/loss")
    menu.get_by_label("Smoothing of this panel").select_option("twema")
    type_into(menu, "Amount for this panel as a number", "0.85")
    menu.get_by_label("Show the original").uncheck()
    page.wait_for_url("**twema%253A0.85%253Aonly**")
    raw = [loss_at(step, 0.02) for step in range(STEPS)]
    wanted = twema(range(STEPS), raw, 0.85)
    drawn = f"Math.abs(panel.data.lines[1].smoothed[99] - {wanted[99]}) < 1e-9"
    assert smoothed(wait_for_panel(page, LOSS, drawn)) == pytest.approx(wanted)
