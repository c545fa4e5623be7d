"""axe finds nothing serious on any page, in both themes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from .conftest import Server

GRAVE = {"serious", "critical"}
RUN = "/local/ui/runs/run-1"
PAGES = ["/", "/local/ui", "/local/ui/runs", "/local/nowhere", RUN]
PAGES += [f"{RUN}/{tab}" for tab in ("overview", "system", "logs", "files", "artifacts")]


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in which axe may run: the pages' policy allows no script but their own."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=request.param, bypass_csp=True
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(themed: Page, server: Server, logged: str, path: str) -> None:
    themed.goto(server.base_url + path)
    themed.locator("main:not([aria-busy]), h1").first.wait_for(state="attached")
    themed.wait_for_timeout(700)  # panels and lists fill in; there is no one sign of all of them
    found = Axe().run(themed, options={"iframes": False}).response["violations"]
    grave = [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in GRAVE
    ]
    assert grave == []
