"""The charts in a real browser, on the gallery's generated data: hover, zoom, smoothing, theme."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

WEB = Path(__file__).resolve().parents[2] / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
LINES = "train/loss, 6 runs, log"
HEAT = "gradients/layer1.0.conv2.weight"
START_SECS = 30


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    vite = WEB / "node_modules" / ".bin" / "vite"
    if not vite.exists() or CHROMIUM is None:
        pytest.skip("needs Chromium and the dashboard's packages: run `npm ci` in web/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = subprocess.DEVNULL
    server = subprocess.Popen([vite, "--port", str(port)], cwd=WEB, stdout=log, stderr=log)
    await_answer(f"http://127.0.0.1:{port}/gallery.html")
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def await_answer(url: str) -> None:
    end = time.monotonic() + START_SECS
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(url).close()
            return
        time.sleep(0.2)
    raise TimeoutError(f"no answer at {url} within {START_SECS} s")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto(f"{address}/gallery.html")
    page.wait_for_function("window.galleryReady")
    yield page
    page.close()
    assert errors == []


def shown(page: Page, title: str, expression: str) -> Any:
    """`expression` of the gallery's entry `it` with that title."""
    return page.evaluate(
        f"(title) => {{ const it = window.gallery[title]; return {expression}; }}", title
    )


def box_of(page: Page, title: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of a chart in the viewport, after scrolling to it."""
    bounds = shown(
        page,
        title,
        "(it.host.scrollIntoView({block: 'center'}), it.host.getBoundingClientRect().toJSON())",
    )
    return bounds["left"], bounds["top"], bounds["width"], bounds["height"]


def drag(page: Page, title: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of the chart to another, as shares of its width and height."""
    left, top, width, height = box_of(page, title)
    page.mouse.move(left + start[0] * width, top + start[1] * height)
    page.mouse.down()
    page.mouse.move(left + end[0] * width, top + end[1] * height, steps=5)
    page.mouse.up()


def hover(page: Page, title: str, x: float, y: float) -> None:
    left, top, width, height = box_of(page, title)
    page.mouse.move(left + x * width, top + y * height)


def picture(page: Page, title: str, layer: int = 0) -> str:
    """The pixels of one of a chart's canvases."""
    return str(shown(page, title, f"it.host.querySelectorAll('canvas')[{layer}].toDataURL()"))


def settle(page: Page) -> None:
    page.evaluate("new Promise((done) => setTimeout(done, 400))")


def test_every_chart_tells_what_it_shows_to_people_who_do_not_see_it(page: Page) -> None:
    settle(page)
    labels = page.evaluate(
        "Object.values(window.gallery).map(({host}) => [host.role, host.ariaLabel])"
    )
    assert all(role == "img" and len(label) > 20 for role, label in labels)


def test_hovering_lines_shows_every_run_and_moves_the_crosshair_of_all_panels(page: Page) -> None:
    before = picture(page, HEAT, 1)
    hover(page, LINES, 0.5, 0.5)
    rows = page.locator(".chart-tip tr")
    assert rows.count() == 7  # a title and six runs
    assert page.locator(".chart-tip-title").inner_text().startswith("Steps 1,1")
    assert picture(page, HEAT, 1) != before


def test_a_run_that_has_ended_is_a_dash_in_the_tooltip(page: Page) -> None:
    hover(page, LINES, 0.9, 0.5)
    row = page.locator(".chart-tip tr", has_text="r50-adamw-1e-3")
    assert row.locator("td").last.inner_text() == "–"


def test_the_tooltip_goes_when_the_pointer_leaves(page: Page) -> None:
    hover(page, LINES, 0.5, 0.5)
    page.mouse.move(700, 2)
    assert page.locator(".chart-tip").is_hidden()
    assert shown(page, LINES, "it.moment") is None


def test_dragging_over_lines_asks_for_the_window_and_double_click_for_all(page: Page) -> None:
    drag(page, LINES, (0.25, 0.5), (0.5, 0.5))
    name, x0, x1 = next(call for call in shown(page, LINES, "it.calls") if call[0] == "zoom")
    assert (name, 0 < x0 < x1 < 2_300_000) == ("zoom", True)
    left, top, width, height = box_of(page, LINES)
    page.mouse.dblclick(left + width / 2, top + height / 2)
    assert shown(page, LINES, "it.calls").pop() == ["zoom", None, None]


def test_escape_calls_off_a_drag_over_lines(page: Page) -> None:
    left, top, width, height = box_of(page, LINES)
    selection = "!it.host.querySelector('.chart-select').hidden"
    page.mouse.move(left + width / 4, top + height / 2)
    page.mouse.down()
    page.mouse.move(left + width / 2, top + height / 2, steps=5)
    assert shown(page, LINES, selection) is True
    page.keyboard.press("Escape")
    assert shown(page, LINES, selection) is False
    page.mouse.up()
    assert [name for name, *_ in shown(page, LINES, "it.calls") if name == "zoom"] == []


def test_dragging_a_heatmap_upwards_asks_for_a_window_of_values(page: Page) -> None:
    drag(page, HEAT, (0.5, 0.7), (0.52, 0.2))
    name, low, high = shown(page, HEAT, "it.calls")[-1]
    assert (name, low < high) == ("valueZoom", True)


def test_clicking_a_heatmap_picks_the_event_under_the_pointer(page: Page) -> None:
    left, top, width, height = box_of(page, HEAT)
    page.mouse.click(left + 0.4 * width, top + 0.4 * height)
    name, event = shown(page, HEAT, "it.calls")[-1]
    assert name == "pick" and 0 < event < 460


def test_a_heatmap_without_zoom_shows_all_values_on_double_click(page: Page) -> None:
    left, top, width, height = box_of(page, HEAT)
    page.mouse.dblclick(left + 0.4 * width, top + 0.4 * height)
    assert shown(page, HEAT, "it.calls")[-1] == ["full", True]


def test_clicking_the_layer_map_names_the_layer_and_the_step(page: Page) -> None:
    left, top, width, height = box_of(page, "layer map")
    page.mouse.click(left + 0.5 * width, top + 0.4 * height)
    name, key, x = shown(page, "layer map", "it.calls")[-1]
    assert (name, key.startswith("gradients/layer")) == ("cell", True)
    assert 1e6 < x < 1.3e6


def test_smoothing_redraws_the_lines_and_leaves_the_layer_below(page: Page) -> None:
    settle(page)
    layer, lines = picture(page, LINES, 0), picture(page, LINES, 1)
    shown(page, LINES, "it.chart.smooth({kind: 'twema', amount: 0.2, showOriginal: true})")
    assert picture(page, LINES, 0) == layer
    assert picture(page, LINES, 1) != lines


def test_a_heatmap_loses_no_count(page: Page) -> None:
    mass = shown(page, HEAT, "it.chart.drawn().mass")
    assert len(mass) > 300
    assert all(abs(m["inside"] + m["below"] + m["above"] - 2500) < 1e-6 for m in mass)


def test_a_change_of_theme_repaints_every_chart(page: Page) -> None:
    settle(page)
    titles = page.evaluate("Object.keys(window.gallery)")
    before = {title: picture(page, title) for title in titles}
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(1500)
    assert [title for title in titles if picture(page, title) == before[title]] == []


def test_a_chart_that_is_resized_and_sized_back_looks_as_before(page: Page) -> None:
    settle(page)
    before = picture(page, "one run")
    width, height = shown(page, "one run", "[it.host.clientWidth, it.host.clientHeight]")
    shown(page, "one run", "it.chart.resize(300, 150)")
    assert picture(page, "one run") != before
    shown(page, "one run", f"it.chart.resize({width}, {height})")
    assert picture(page, "one run") == before
