"""axe finds nothing on any page, nor in what opens over it, in both themes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import numpy as np
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page

import lossboard

from .axe import NOTHING, in_both_themes
from .conftest import Server, start_run

PROJECT = "/local/ui"
RUN = f"{PROJECT}/runs/run-1"
MEDIA = "/local/ui-media"
# A table of two runs as one, and lines of two metrics with their legend.
OWN = [
    {"id": "own a", "kind": "table", "title": "", "keys": ["table"]},
    {"id": "own b", "kind": "lines", "title": "", "keys": ["loss", "rate"]},
]
PAGES = ["/", PROJECT, f"{PROJECT}/runs", "/local/nowhere", RUN, MEDIA]
PAGES += [f"{RUN}/{tab}" for tab in ("overview", "system", "logs", "files", "artifacts")]
PAGES += [f"{page}?focus=gradients/0.weight" for page in (PROJECT, RUN)]
PAGES += [f"{MEDIA}?own={quote(json.dumps(OWN))}"]
PAGES += [f"{PROJECT}?hist={view}" for view in ("ridgeline", "percentiles", "step")]

Open = Callable[[Page], Any]


def press(key: str) -> Open:
    return lambda page: page.keyboard.press(key)


def click(name: str) -> Open:
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def menu_of(panel: str, name: str) -> Open:
    def open_menu(page: Page) -> None:
        page.get_by_role("region", name=panel, exact=True).hover()
        click(name)(page)

    return open_menu


def search(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_label("Find").fill("run")


def edit_scatter(page: Page) -> None:
    click("Add a panel")(page)
    page.get_by_label("Kind of panel").select_option("scatter")


def name_lines(page: Page) -> None:
    menu_of("train/loss", "Settings of train/loss")(page)
    click("Expressions, legend and titles…")(page)


# Path of the page, what opens over it, and how.
OVERLAYS: list[tuple[str, str, Open]] = [
    (PROJECT, "help", press("?")),
    (PROJECT, "palette", search),
    (PROJECT, "panel editor", click("Add a panel")),
    (PROJECT, "panel editor with values", edit_scatter),
    (PROJECT, "saved views", click("Saved views")),
    (PROJECT, "more settings", click("More settings")),
    (PROJECT, "menu of a line panel", menu_of("train/loss", "Settings of train/loss")),
    (PROJECT, "computed lines and titles", name_lines),
    (
        f"{PROJECT}?q=gradients",
        "menu of a histogram panel",
        menu_of("gradients/0.weight", "Views of gradients/0.weight"),
    ),
    (f"{PROJECT}/runs", "filter", click("Filter runs")),
    (f"{PROJECT}/runs", "columns", click("Columns")),
    (f"{PROJECT}/runs", "actions of a run", click("Actions of run-1")),
    (RUN, "actions of the run", click("Actions of this run")),
    (MEDIA, "large media", menu_of("image", "Explore image")),
]


@pytest.fixture(scope="module")
def media(server: Server) -> str:
    with start_run(server.base_url, "ui-media", name="other") as other:
        other.log({"table": lossboard.Table(["word"], [["c"]]), "loss": 1, "rate": 2}, step=0)
        other.log({"loss": 0.5, "rate": 1}, step=1)
    run = start_run(server.base_url, "ui-media", name="media")
    pixels = np.zeros((16, 16, 3), np.uint8)
    table = lossboard.Table(columns=["word", "score"], data=[["a", 1], ["b", 2.5]])
    for step in (0, 10):
        run.log(
            {
                "image": lossboard.Image(pixels, caption=f"at {step}"),
                "sound": lossboard.Audio(np.zeros(400), sample_rate=4000),
                "page": lossboard.Html("<p>said</p>"),
                "table": table,
                "figure": lossboard.Plotly(go.Figure(go.Scatter(y=[1, 4, 9]))),
            },
            step=step,
        )
    run.finish()
    return MEDIA


@pytest.fixture
def themed(browser: Browser) -> Iterator[Page]:
    """A light page in which axe may run: the pages' policy allows no script but their own."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", bypass_csp=True
    )
    yield context.new_page()
    context.close()


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("main:not([aria-busy]), h1").first.wait_for(state="attached")
    page.wait_for_timeout(700)  # panels and lists fill in; there is no one sign of all of them


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(
    themed: Page, server: Server, logged: str, media: str, path: str
) -> None:
    visit(themed, server.base_url + path)
    assert in_both_themes(themed) == NOTHING


@pytest.mark.parametrize(
    ("path", "opens"),
    [pytest.param(path, opens, id=name.replace(" ", "-")) for path, name, opens in OVERLAYS],
)
def test_axe_finds_nothing_in_what_opens(
    themed: Page, server: Server, logged: str, media: str, path: str, opens: Open
) -> None:
    visit(themed, server.base_url + path)
    opens(themed)
    themed.wait_for_timeout(300)  # its code arrives
    themed.locator("dialog[open], .menu").first.wait_for()
    assert in_both_themes(themed) == NOTHING


def test_axe_finds_nothing_in_explore(themed: Page, server: Server, logged: str) -> None:
    visit(themed, server.base_url + PROJECT)
    menu_of("train/loss", "Explore train/loss")(themed)
    frame = themed.locator("iframe[title=Plotly]").element_handle().content_frame()
    assert frame is not None
    frame.locator(".main-svg").first.wait_for()
    assert in_both_themes(themed, frame) == NOTHING
