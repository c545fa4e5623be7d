"""A person's journey: open a project, compare runs, find the spike, save the view, share it."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import lossboard

from .conftest import STEPS as LOGGED
from .conftest import Server, loss_at, open_panel, start_run, wait_for_panel
from .test_workspace import LOSS, line_of, smooth_by

STEPS = 4000
SPIKE = 2345
SPIKE_VALUE = 90.0
HISTOGRAM_EVERY = 400
WEIGHTS = "weights"


def loss_of(run: int, step: int) -> float:
    if run == 0 and step == SPIKE:
        return SPIKE_VALUE
    return (2 + run) * math.exp(-step / 900) + 0.05 * math.sin(step / 3)


def weights_at(run: int, step: int) -> Any:
    return np.random.default_rng(run * 10_000 + step).normal(0, 1 + run, 500)


@pytest.fixture(scope="module")
def project(server: Server) -> str:
    """Two runs; the first one has a spike of one step among 4,000."""
    name = f"journey-{uuid.uuid4().hex[:8]}"
    for number, optimizer in enumerate(("sgd", "adam")):
        config = {"optimizer": optimizer, "lr": 0.1 / (number + 1)}
        named = {"name": f"run-{number}", "id": f"{name}-{number}"}
        run = start_run(server.base_url, name, config=config, **named)
        for step in range(STEPS):
            row: dict[str, Any] = {"train/loss": loss_of(number, step)}
            if step % HISTOGRAM_EVERY == 0:
                row[WEIGHTS] = lossboard.Histogram(weights_at(number, step))
            run.log(row, step=step)
        run.finish()
    return name


@pytest.fixture
def workspace(page: Page, server: Server, project: str) -> Page:
    page.goto(server.base_url)
    page.get_by_role("link", name=project, exact=True).click()
    wait_for_panel(page, LOSS, "panel.data.lines?.length === 2")
    return page


def test_the_spike_is_found_smoothing_hides_it_and_the_extreme_stays(workspace: Page) -> None:
    spiky = line_of(wait_for_panel(workspace, LOSS), "run-0")
    assert max(spiky["max"]) == SPIKE_VALUE
    assert sum(spiky["count"]) == STEPS
    at = spiky["x"][spiky["max"].index(SPIKE_VALUE)]
    assert abs(at - SPIKE) <= 4  # the width of a bucket
    smooth_by(workspace, "0.97")
    wait_for_panel(workspace, LOSS, "Math.max(...panel.data.lines[0].smoothed.slice(300)) < 30")
    assert max(line_of(wait_for_panel(workspace, LOSS), "run-0")["max"]) == SPIKE_VALUE


def test_two_runs_are_compared_by_what_differs(workspace: Page) -> None:
    workspace.get_by_role("button", name="Add a panel").click()
    workspace.get_by_label("Kind of panel").select_option("comparer")
    workspace.get_by_role("button", name="Add panel", exact=True).click()
    panel = workspace.get_by_role("region", name="Run comparer", exact=True)
    expect(panel.get_by_role("row", name="config.optimizer adam sgd")).to_be_visible()
    expect(panel.get_by_role("row", name="config.lr 0.05 0.1")).to_be_visible()


def test_a_step_of_a_histogram_is_opened_and_a_second_run_laid_over_it(workspace: Page) -> None:
    panel = workspace.get_by_role("region", name=WEIGHTS, exact=True)
    panel.locator(".plot").click(position={"x": 200, "y": 60})
    step = wait_for_panel(workspace, f"step {WEIGHTS}", "panel.data.overlays?.length === 1")
    opened = step["data"]["overlays"][0]
    logged = weights_at(1 if opened["label"] == "run-1" else 0, opened["step"])
    assert opened["counts"] == np.histogram(logged, bins=64)[0].tolist()
    workspace.get_by_label("Compare with 1 other run").check()
    both = wait_for_panel(workspace, f"step {WEIGHTS}", "panel.data.overlays.length === 2")
    assert {overlay["label"] for overlay in both["data"]["overlays"]} == {"run-0", "run-1"}
    workspace.go_back()


def test_a_view_is_saved_undone_opened_again_and_shared(
    workspace: Page, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    smooth_by(workspace, "0.9")
    workspace.get_by_role("button", name="Hide run-1").click()
    wait_for_panel(workspace, LOSS, "panel.data.lines.length === 1")
    workspace.get_by_role("button", name="Saved views").click()
    workspace.get_by_label("Name of the view").fill("Only the first")
    workspace.get_by_role("button", name="Save", exact=True).click()
    expect(workspace.get_by_text("Saved the view Only the first")).to_be_visible()
    workspace.keyboard.press("Control+z")
    wait_for_panel(workspace, LOSS, "panel.data.lines.length === 2")
    workspace.keyboard.press("Control+Shift+z")
    wait_for_panel(workspace, LOSS, "panel.data.lines.length === 1")
    workspace.goto(workspace.url.split("?")[0])
    wait_for_panel(workspace, LOSS, "panel.data.lines?.length === 2")
    workspace.get_by_role("button", name="Saved views").click()
    workspace.get_by_role("button", name="Only the first", exact=True).click()
    line = line_of(wait_for_panel(workspace, LOSS, "panel.data.lines.length === 1"), "run-0")
    workspace.get_by_role("region", name="train/loss", exact=True).hover()
    workspace.get_by_role("button", name="Settings of train/loss").click()
    workspace.get_by_role("button", name="Copy link to this panel").click()
    expect(workspace.get_by_text("Link copied")).to_be_visible()
    other = context.new_page()
    link = workspace.evaluate("navigator.clipboard.readText()")
    shared = open_panel(other, link, LOSS, "panel.data.lines?.length === 1")
    assert line_of(shared, "run-0") == line


def test_a_view_can_open_first(workspace: Page, browser: Browser) -> None:
    workspace.get_by_role("button", name="More columns").click()
    workspace.get_by_role("button", name="Saved views").click()
    workspace.get_by_label("Name of the view").fill("Wide")
    workspace.get_by_role("button", name="Save", exact=True).click()
    workspace.get_by_role("button", name="Saved views").click()
    workspace.get_by_role("button", name="Open Wide first").click()
    expect(workspace.get_by_role("button", name="Wide opens first; stop that")).to_be_visible()
    other = browser.new_page()
    other.goto(workspace.url.split("?")[0])
    expect(other.get_by_label("Columns").locator("output")).to_have_text("4")
    other.wait_for_url(re.compile(r"\?view=Wide&as=[0-9a-f]{16}$"))
    other.close()
    workspace.get_by_role("button", name="Wide opens first; stop that").click()
    expect(workspace.get_by_role("button", name="Open Wide first")).to_be_visible()


@pytest.mark.parametrize(("line", "band"), [("mean", "minmax"), ("median", "std")])
def test_grouped_lines_are_made_of_the_logged_numbers(
    page: Page, server: Server, logged: str, line: str, band: str
) -> None:
    query = f"group=job_type&smooth=none%3A0&gline={line}&gband={band}"
    panel = open_panel(
        page, f"{server.base_url}/local/{logged}?{query}", LOSS, "panel.data.lines?.length === 1"
    )
    rates = (0.01, 0.02, 0.04)
    values = np.array([[loss_at(step, rate) for step in range(LOGGED)] for rate in rates])
    drawn = panel["data"]["lines"][0]
    center = values.mean(axis=0) if line == "mean" else np.median(values, axis=0)
    np.testing.assert_allclose(drawn["smoothed"], center, rtol=1e-12)
    spread = values.std(axis=0, ddof=1)
    low = values.min(axis=0) if band == "minmax" else center - spread
    np.testing.assert_allclose(drawn["min"], low, rtol=1e-9)


@pytest.fixture
def several(page: Page, server: Server, logged: str) -> Iterator[Page]:
    own = [
        {"id": "own a", "kind": "lines", "title": "Both", "keys": ["train/loss", "lr"]},
        {"id": "own b", "kind": "scatter", "title": "", "keys": ["config.rate", "summary.lr"]},
        {"id": "own c", "kind": "bars", "title": "", "keys": ["config.rate"]},
    ]
    page.goto(f"{server.base_url}/local/{logged}")
    page.evaluate("own => history.replaceState(null, '', '?own=' + own)", json.dumps(own))
    page.reload()
    yield page


def test_added_panels_draw_metrics_and_values_of_runs(several: Page) -> None:
    both = wait_for_panel(several, "own a", "panel.data.lines?.length === 6")
    assert "run-1 · lr" in {line["label"] for line in both["data"]["lines"]}
    scatter = wait_for_panel(several, "own b", "panel.data.points?.length === 3")
    points = {point["label"]: (point["x"], point["y"]) for point in scatter["data"]["points"]}
    assert points["run-2"] == pytest.approx((0.04, 0.04 / 300))
    bars = wait_for_panel(several, "own c", "panel.data.bars?.length === 3")
    assert {bar["value"] for bar in bars["data"]["bars"]} == {0.01, 0.02, 0.04}


def test_a_panel_is_moved_by_keyboard_and_resized_at_its_corner(several: Page) -> None:
    places = several.locator(".place[data-section=own]")
    expect(places.first).to_have_attribute("data-panel", "own a")
    several.get_by_role("button", name="Edit Both").focus()
    several.keyboard.press("Alt+ArrowRight")
    expect(places.nth(1)).to_have_attribute("data-panel", "own a")
    box = places.nth(1).bounding_box()
    assert box is not None
    several.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    several.mouse.down()
    several.mouse.move(box["x"] + box["width"] * 1.8, box["y"] + box["height"] + 80, steps=4)
    several.mouse.up()
    several.wait_for_function(
        """width => document.querySelector('[data-panel="own a"]').clientWidth > 1.8 * width""",
        arg=box["width"],
    )
    several.reload()
    expect(places.nth(1)).to_have_attribute("data-panel", "own a")


def test_a_panel_is_dragged_by_its_header_to_the_place_of_another(several: Page) -> None:
    places = several.locator(".place[data-section=own]")
    before = wait_for_panel(several, "own a", "panel.data.lines?.length === 6")
    several.get_by_role("region", name="Both", exact=True).locator(".panelhead b").hover()
    several.mouse.down()
    target = places.nth(2).bounding_box()
    assert target is not None
    several.mouse.move(target["x"] + 40, target["y"] + 60, steps=5)
    expect(places.nth(2)).to_have_class("place target")
    several.mouse.up()
    ids = "all => all.map(place => place.dataset.panel)"
    assert places.evaluate_all(ids) == ["own b", "own c", "own a"]
    assert wait_for_panel(several, "own a")["data"]["lines"] == before["data"]["lines"]
    several.keyboard.press("Control+z")
    expect(places.first).to_have_attribute("data-panel", "own a")
