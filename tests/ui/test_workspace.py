"""The project's workspace: lines, smoothing, runs, zoom, live updates."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import STEPS, Server, Watch, loss_at, open_panel, start_run, wait_for_panel

LOSS = "scalar train/loss"
THREE_LINES = "panel.data.lines?.length === 3"


def line_of(panel: Any, label: str) -> Any:
    return next(line for line in panel["data"]["lines"] if line["label"] == label)


def twema(x: Sequence[float], values: Sequence[float], amount: float) -> list[float]:
    """The rule of W&B's documentation, written once more: weights sqrt(p) per 1/1000 of x."""
    weight, last, mass, smoothed = min(amount**0.5, 0.999), 0.0, 0.0, []
    span = max(x) - min(x)
    for i, value in enumerate(values):
        decay = weight ** ((x[i] - x[i - 1]) / span * 1000) if i else 1.0
        last, mass = last * decay + value, mass * decay + 1
        smoothed.append(last / mass)
    return smoothed


@pytest.fixture
def workspace(page: Page, server: Server, logged: str) -> Page:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS, THREE_LINES)
    return page


@pytest.fixture
def live_run(server: Server) -> Iterator[Any]:
    run = start_run(server.base_url, f"live-{uuid.uuid4().hex[:8]}", name="growing")
    yield run
    run.finish()


def test_a_line_panel_draws_every_number_that_was_logged(workspace: Page) -> None:
    panel = wait_for_panel(workspace, LOSS)
    for number, rate in enumerate((0.01, 0.02, 0.04)):
        line = line_of(panel, f"run-{number}")
        assert line["x"] == list(range(STEPS))
        assert line["original"] == [loss_at(step, rate) for step in range(STEPS)]


def smooth_by(page: Page, amount: str) -> None:
    """Types an amount of the workspace's smoothing."""
    field = page.get_by_label("Smoothing amount as a number")
    field.fill(amount)
    field.press("Enter")


def test_a_typed_amount_smooths_by_the_documented_rule(workspace: Page) -> None:
    smooth_by(workspace, "0.9")
    shape = "panel.data.lines[0].smoothed[250]"
    first = workspace.evaluate("window.lossboard.panels[0].data.lines.length")
    assert first == 3
    workspace.wait_for_url(re.compile("smooth=twema%3A0.9"))
    line = line_of(wait_for_panel(workspace, LOSS, f"{shape} !== undefined"), "run-1")
    expected = twema(line["x"], [loss_at(step, 0.02) for step in range(STEPS)], 0.9)
    np.testing.assert_allclose(line["smoothed"], expected, rtol=1e-9)


def test_a_hidden_run_is_not_drawn_and_the_link_says_so(workspace: Page) -> None:
    workspace.get_by_role("button", name="Hide run-1").click()
    wait_for_panel(workspace, LOSS, "panel.data.lines.length === 2")
    workspace.reload()
    panel = wait_for_panel(workspace, LOSS, "panel.data.lines?.length === 2")
    assert {line["label"] for line in panel["data"]["lines"]} == {"run-0", "run-2"}
    workspace.go_back()
    wait_for_panel(workspace, LOSS, THREE_LINES)


def test_panels_are_searched_by_regular_expression(workspace: Page) -> None:
    workspace.get_by_label("Panels (regex)").fill("^l")
    expect(workspace.get_by_label("train/loss", exact=True)).to_have_count(0)
    expect(workspace.get_by_role("region", name="lr", exact=True)).to_be_visible()
    workspace.get_by_label("Panels (regex)").fill("[")
    expect(workspace.get_by_label("Panels (regex)")).to_have_attribute("aria-invalid", "true")


def test_one_value_a_run_is_drawn_as_bars(workspace: Page) -> None:
    panel = wait_for_panel(workspace, "scalar test/accuracy", "panel.kind === 'bars'")
    values = sorted(bar["value"] for bar in panel["data"]["bars"])
    assert values == pytest.approx([0.96, 0.98, 0.99])


def test_what_is_logged_appears_without_a_reload(page: Page, server: Server, live_run: Any) -> None:
    losses = [1 / (step + 1) for step in range(40)]
    for step in range(2):
        live_run.log({"loss": losses[step]}, step=step, commit=True)
    address = f"{server.base_url}/local/{live_run.project}"
    open_panel(page, address, "scalar loss", "panel.data.lines?.[0]?.x.length === 2")
    for step in range(2, 40):
        live_run.log({"loss": losses[step]}, step=step, commit=True)
    panel = wait_for_panel(page, "scalar loss", "panel.data.lines[0].x.length === 40")
    assert panel["data"]["lines"][0]["original"] == losses


def test_a_new_run_and_a_new_key_appear_by_themselves(
    page: Page, server: Server, live_run: Any
) -> None:
    live_run.log({"loss": 1.0})
    live_run.log({"loss": 2.0})
    open_panel(page, f"{server.base_url}/local/{live_run.project}", "scalar loss")
    with start_run(server.base_url, live_run.project, name="newcomer") as run:
        run.log({"score": 1.0})
    expect(page.get_by_role("link", name="newcomer")).to_be_visible()
    expect(page.get_by_role("region", name="score", exact=True)).to_be_visible()


def drag(page: Page, panel: str, start: float, end: float) -> None:
    """Over the plot of a panel, from one share of its width to another."""
    box = page.get_by_role("region", name=panel, exact=True).locator(".plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()


@pytest.fixture(scope="module")
def long_run(server: Server) -> str:
    """Project of one run with 20,000 points, one of them a spike."""
    run = start_run(server.base_url, "long", name="long")
    for step in range(20_000):
        run.log({"loss": 100.0 if step == 12_345 else step % 7}, step=step)
    run.finish()
    return "long"


def test_a_bucketed_line_keeps_a_spike_of_one_step(
    page: Page, server: Server, long_run: str
) -> None:
    line = "panel.data.lines?.[0]"
    panel = open_panel(page, f"{server.base_url}/local/{long_run}", "scalar loss", line)
    drawn = panel["data"]["lines"][0]
    assert sum(drawn["count"]) == 20_000
    assert len(drawn["x"]) <= 1000
    assert max(drawn["max"]) == 100


def test_zooming_fetches_the_raw_points_and_changes_no_smoothed_value(
    page: Page, server: Server, long_run: str
) -> None:
    line = "panel.data.lines?.[0]"
    before = open_panel(page, f"{server.base_url}/local/{long_run}", "scalar loss", line)
    drag(page, "loss", 0.5, 0.52)
    zoomed = f"{line}.count.filter(count => count === 1).length > 100"
    after = wait_for_panel(page, "scalar loss", zoomed)["data"]["lines"][0]
    assert sum(after["count"]) == 20_000
    old = before["data"]["lines"][0]
    last = (old["smoothed"][-1], after["smoothed"][-1])
    assert last[0] == pytest.approx(last[1], abs=0.2)  # a tenth of the noise
    page.get_by_role("button", name="Reset zoom").click()
    wait_for_panel(page, "scalar loss", f"{line}.x.length <= 1000")


def test_define_metric_chooses_the_x_axis(page: Page, server: Server, live_run: Any) -> None:
    live_run.define_metric("epoch")
    live_run.define_metric("val/*", step_metric="epoch")
    for epoch in range(5):
        live_run.log({"epoch": epoch, "val/loss": 5 - epoch}, step=epoch * 1000, commit=True)
    address = f"{server.base_url}/local/{live_run.project}"
    panel = open_panel(page, address, "scalar val/loss", "panel.data.lines?.[0]?.x.length === 5")
    assert panel["data"]["lines"][0]["x"] == [0, 1, 2, 3, 4]
    page.get_by_label("X axis").select_option("step")
    wait_for_panel(page, "scalar val/loss", "panel.data.lines?.[0]?.x[4] === 4000")


def test_non_finite_values_are_said(page: Page, server: Server, live_run: Any) -> None:
    for value in (1.0, 2.0, float("nan"), float("inf"), 3.0):
        live_run.log({"loss": value})
    page.goto(f"{server.base_url}/local/{live_run.project}")
    panel = page.get_by_role("region", name="loss", exact=True)
    expect(panel).to_contain_text("2 non-finite, first at step 2")


def test_a_hovered_moment_is_shown_in_every_panel(workspace: Page) -> None:
    plot = workspace.get_by_role("region", name="train/loss", exact=True).locator(".plot")
    other = workspace.get_by_role("region", name="lr", exact=True).locator("canvas").last
    before = other.screenshot()
    plot.hover()
    expect(workspace.locator(".chart-tip")).to_contain_text("run-2")
    assert other.screenshot() != before


def test_the_theme_follows_the_system_and_can_be_set(workspace: Page) -> None:
    root = workspace.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    workspace.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-theme", "dark")
    workspace.get_by_role("button", name="Theme: system").click()
    expect(root).to_have_attribute("data-theme", "light")
    workspace.reload()
    expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize(("width", "columns"), [(1440, 3), (900, 2), (400, 1)])
def test_the_page_folds_and_never_scrolls_sideways(
    workspace: Page, width: int, columns: int
) -> None:
    workspace.set_viewport_size({"width": width, "height": 800})
    grid = workspace.locator(".grid").first
    style = "e => getComputedStyle(e).gridTemplateColumns.split(' ').length"
    expect(grid).to_be_visible()
    workspace.wait_for_function("() => [...document.querySelectorAll('.plot canvas')].length > 0")
    assert grid.evaluate(style) == columns
    assert workspace.evaluate("document.documentElement.scrollWidth") <= width


def test_eight_tabs_are_live_over_one_connection(
    context: BrowserContext, server: Server, live_run: Any, watch: Watch
) -> None:
    live_run.log({"loss": 1.0})
    live_run.log({"loss": 1.0})
    tabs = [context.new_page() for _ in range(8)]
    for tab in tabs:
        watch.follow(tab)
        open_panel(tab, f"{server.base_url}/local/{live_run.project}", "scalar loss")
    for _ in range(3):
        live_run.log({"loss": 0.5})
    for tab in tabs:
        tab.bring_to_front()
        wait_for_panel(tab, "scalar loss", "panel.data.lines[0].x.length === 5")
    assert watch.faults == []


def test_keys_that_could_not_be_read_come_with_the_next_news(
    context: BrowserContext, server: Server
) -> None:
    name = f"news-{uuid.uuid4().hex[:8]}"
    one, two = (start_run(server.base_url, name, id=id_) for id_ in ("one", "two"))
    one.log({"early": 1.0}, commit=True)
    two.log({"early": 1.0}, commit=True)
    page = context.new_page()
    open_panel(page, f"{server.base_url}/local/{name}", "scalar early")
    page.route("**/keys*", lambda route: route.fulfill(status=503, body="{}"))
    with page.expect_request("**/keys*"):
        one.log({"late": 1.0}, commit=True)
    one.finish()
    page.wait_for_timeout(1500)  # the news of its end are read too
    page.unroute("**/keys*")
    two.log({"early": 2.0}, commit=True)
    wait_for_panel(page, "scalar late")
    two.finish()
    page.close()


def test_a_section_of_many_panels_has_pages_and_keys_of_hidden_runs_are_not_there(
    page: Page, server: Server
) -> None:
    project = f"pages-{uuid.uuid4().hex[:8]}"
    with start_run(server.base_url, project, name="many") as run:
        run.log({f"part/{number:02}": number for number in range(30)}, step=0)
        run.log({f"part/{number:02}": -number for number in range(30)}, step=1)
    with start_run(server.base_url, project, name="alone") as run:
        run.log({"only/one": 1})
        run.log({"only/one": 2})
    page.goto(f"{server.base_url}/local/{project}")
    section = page.get_by_role("region", name="Section part", exact=True)
    expect(section.get_by_text("1–18 of 30")).to_be_visible()
    expect(section.locator(".place")).to_have_count(18)
    section.get_by_role("button", name="Panels after these of part").click()
    expect(section.get_by_text("19–30 of 30")).to_be_visible()
    expect(section.locator(".place")).to_have_count(12)
    line = wait_for_panel(page, "scalar part/18", "panel.data.lines?.length")["data"]["lines"][0]
    assert line["original"] == [18, -18]
    only = page.get_by_role("region", name="Section only", exact=True)
    expect(only).to_have_count(1)
    page.get_by_role("button", name="Hide alone", exact=True).click()
    expect(only).to_have_count(0)


def test_machine_metrics_are_closed_until_they_are_opened_or_searched_for(
    page: Page, server: Server, own_name: str
) -> None:
    with start_run(server.base_url, own_name, name="one") as run:
        run.log({"loss": 1.0})
        run.log({"loss": 0.5})
    page.goto(f"{server.base_url}/local/{own_name}")
    section = page.get_by_role("region", name="Section system", exact=True)
    fold = section.locator(".fold")
    expect(fold).to_have_attribute("aria-expanded", "false", timeout=30_000)
    expect(section.locator(".panel, .singles")).to_have_count(0)
    page.get_by_label("Panels (regex)").fill("memory")
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.get_by_label("Panels (regex)").fill("")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.click()
    expect(section.locator(".panel, .singles").first).to_be_visible()
    page.wait_for_url("**fold=**")
    page.reload()
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "false")
