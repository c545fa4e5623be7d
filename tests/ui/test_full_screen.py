"""One panel over the whole screen, with its settings beside it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .conftest import Server, open_panel
from .test_line_panels import region
from .test_workspace import LOSS, THREE_LINES


def test_a_panel_fills_the_screen_and_arrow_keys_step_through_the_others(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS, THREE_LINES)
    region(page, "train/loss").hover()
    page.get_by_role("button", name="Full screen of train/loss").click()
    place = page.locator(".place.full")
    box = place.bounding_box()
    assert box is not None and (box["width"], box["height"]) == (1440, 900)
    settings = page.get_by_role("group", name="Settings of train/loss", exact=True)
    expect(settings.get_by_label("Line through")).to_be_visible()
    edge, plot = settings.bounding_box(), place.locator(".plot").bounding_box()
    assert edge is not None and plot is not None
    assert plot["x"] + plot["width"] <= edge["x"] and plot["width"] > 1000
    settings.get_by_label("Log scale (y)").check()
    expect(settings).to_be_visible()
    places = page.locator(".place[data-panel]").evaluate_all("all => all.map(p => p.dataset.panel)")
    page.get_by_role("button", name="Close full screen").focus()
    at = places.index(LOSS)
    for key, step in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(place).to_have_attribute("data-panel", places[at + step])
        expect(place.locator(".panel .plot, .panel .message").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(place).to_have_count(0)
    focused = "document.activeElement.closest('.place')?.dataset.panel"
    page.wait_for_function(f"want => {focused} === want", arg=places[at + 1])
