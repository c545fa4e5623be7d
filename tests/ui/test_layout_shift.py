"""Nothing jumps while a page comes: the layout shift of each page, as browsers count it."""

from __future__ import annotations

import uuid

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import lossboard

from .conftest import Server, start_run

MOST = 0.05
OBSERVE = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (!entry.hadRecentInput) window.shifts.push(entry);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""
# For half a second nothing was loaded and nothing has moved; the stream of events stays open.
STEADY = """() => {
  const seen = performance.getEntriesByType('resource').length + shifts.length;
  window.steady = window.seen === seen ? window.steady + 1 : 0;
  window.seen = seen;
  return window.steady >= 5;
}"""
TABS = ["", "/overview", "/system", "/logs", "/files", "/artifacts"]
PAGES = ["", "/runs", "/artifacts", "/sweeps", *(f"/runs/run-0{tab}" for tab in TABS)]


@pytest.fixture(scope="module")
def media(server: Server) -> str:
    """Project of one run with media of each common kind, two sections of lines, and histograms."""
    name = f"shift-{uuid.uuid4().hex[:8]}"
    rng = np.random.default_rng(0)
    with start_run(server.base_url, name, name="run-0", id="run-0") as run:
        for step in range(3):
            pixels = rng.integers(0, 255, (32, 48, 3), dtype=np.uint8)
            row = {
                "image": lossboard.Image(pixels, caption="a caption"),
                "table": lossboard.Table(columns=["n", "word"], data=[[step, "x"]] * 5),
                "sound": lossboard.Audio(rng.normal(size=800), sample_rate=8000),
                "weights": lossboard.Histogram(rng.normal(size=100)),
            }
            run.log(row | {"train/loss": 1 / (step + 1), "val/loss": 1.0 + step})
    return name


def settle(page: Page) -> float:
    """The sum of all shifts once nothing is loading any more."""
    expect(page.locator("[aria-busy=true], .prog")).to_have_count(0)
    page.wait_for_function(STEADY, polling=100)
    return float(page.evaluate("shifts.reduce((sum, { value }) => sum + value, 0)"))


@pytest.mark.parametrize("place", PAGES)
def test_no_page_of_a_watched_model_jumps(
    page: Page, server: Server, logged: str, place: str
) -> None:
    page.add_init_script(OBSERVE)
    page.goto(f"{server.base_url}/local/{logged}{place}")
    assert settle(page) < MOST


@pytest.mark.parametrize("place", ["", "/runs/run-0"])
def test_no_page_of_media_jumps(page: Page, server: Server, media: str, place: str) -> None:
    page.add_init_script(OBSERVE)
    page.goto(f"{server.base_url}/local/{media}{place}")
    assert settle(page) < MOST
