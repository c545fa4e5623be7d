"""What axe finds in a page, in both themes."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page


def violations(page: Page | Frame, *rules: str) -> list[tuple[str, list[str]]]:
    """What axe finds, all of its rules or those that are named."""
    options = {"iframes": False} | ({"runOnly": list(rules)} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def in_both_themes(page: Page, *frames: Frame) -> dict[str, list[Any]]:
    """What axe finds in the page and its frames: in the dark only colours are others."""
    light = [found for part in (page, *frames) for found in violations(part)]
    page.emulate_media(color_scheme="dark")
    page.locator("html[data-theme=dark]").wait_for()
    page.wait_for_timeout(200)  # transitions of colours end, frames repaint
    dark = [found for part in (page, *frames) for found in violations(part, "color-contrast")]
    return {"light": light, "dark": dark}


NOTHING: dict[str, list[Any]] = {"light": [], "dark": []}
