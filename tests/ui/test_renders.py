"""How often a panel is rendered: once for what changes, not again for what its chart says of it."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from .conftest import Server, open_panel, wait_for_panel
from .test_line_panels import compute, open_menu, region
from .test_workspace import LOSS, THREE_LINES


def renders(page: Page, panel: str) -> int:
    # two frames later nothing that the last change has brought about is still to be rendered
    frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    return int(page.evaluate(f"async label => (await {frames}, lossboard.renders[label])", panel))


def test_a_line_panel_is_rendered_once_for_a_setting_that_gives_it_other_notes(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}?smooth=none%3A0", LOSS, THREE_LINES)
    menu = open_menu(page, "train/loss")
    before = renders(page, "train/loss")
    menu.get_by_label("Log scale (x)").check()
    badge = region(page, "train/loss").locator(".panelhead .badge").first
    expect(badge).to_contain_text("hidden by the log axis")
    assert renders(page, "train/loss") == before + 1
    menu.get_by_label("Log scale (x)").uncheck()
    expect(badge).to_contain_text("all 300 points")
    assert renders(page, "train/loss") == before + 2


def test_a_layer_map_is_rendered_once_for_a_statistic_that_gives_it_another_legend(
    page: Page, server: Server, logged: str
) -> None:
    layers = "layers gradients"
    label = "Layer map of gradients"
    open_panel(page, f"{server.base_url}/local/{logged}?q=gradients", layers)
    ramp = region(page, label).locator(".panelhead .scale")
    expect(ramp).to_have_attribute("title", re.compile("RMS"))
    before = renders(page, label)
    region(page, label).get_by_label("Statistic").select_option("zeros")
    expect(ramp).to_have_attribute("title", re.compile("zeros"))
    assert renders(page, label) == before + 1


def test_the_code_of_computed_lines_comes_with_the_first_panel_that_has_some(
    page: Page, server: Server, logged: str
) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.rsplit("/", 1)[-1]))
    open_panel(page, f"{server.base_url}/local/{logged}?smooth=none%3A0", LOSS, THREE_LINES)
    assert not [name for name in fetched if name.startswith("extended")]
    compute(page, "train/loss", "${train/loss} * 2")
    wait_for_panel(page, LOSS, "panel.data.lines?.length === 6")
    assert len([name for name in fetched if name.startswith("extended")]) == 1


def test_what_is_wrong_with_the_formulas_of_a_link_is_said_and_the_metric_is_drawn(
    page: Page, server: Server, logged: str
) -> None:
    wrong = {"expr": "${train/loss} +", "legend": "${run:name} ${"}
    settings = urlencode({f"p.{LOSS}": urlencode(wrong)})
    open_panel(page, f"{server.base_url}/local/{logged}?{settings}", LOSS, THREE_LINES)
    badge = region(page, "train/loss").locator(".panelhead .badge").first
    expect(badge).to_have_attribute("title", re.compile("names of lines: the } of this name"))
    expect(badge).to_have_attribute("title", re.compile(r"train/loss \+: a value is missing"))
