"""Added panels of several metrics: settings like those of any line panel."""

from __future__ import annotations

import json
import uuid
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .conftest import STEPS, Server, loss_at, open_panel, start_run, wait_for_panel
from .test_added_panels import add_panel, save
from .test_line_panels import RATES, compute, open_dialog, open_menu, region, type_into
from .test_workspace import line_of

LINES = "train/loss, lr"
NINE = "panel.data.lines?.length === 9"


@pytest.fixture
def lines(page: Page, server: Server, logged: str) -> str:
    """The id of an added panel of two metrics of three runs."""
    address = f"{server.base_url}/local/{logged}?smooth=none%3A0"
    open_panel(page, address, "scalar lr", "panel.data.lines?.length === 3")
    add_panel(page, "lines", "train/loss", "lr")
    own = save(page)
    wait_for_panel(page, own, "panel.data.lines?.length === 6")
    return own


def test_an_added_panel_of_metrics_has_computed_lines_and_names_by_a_template(
    page: Page, lines: str
) -> None:
    names = "${run:id}: ${expression} at ${config:rate}"
    compute(page, LINES, "${train/loss} / ${lr}", names=names)
    panel = wait_for_panel(page, lines, NINE)
    for number, rate in enumerate(RATES):
        losses = [loss_at(step, rate) for step in range(STEPS)]
        rates = [rate / (step + 1) for step in range(STEPS)]
        ratios = [loss / own for loss, own in zip(losses, rates, strict=True)]
        wanted = {"train/loss": losses, "lr": rates, "train/loss / lr": ratios}
        for name, values in wanted.items():
            drawn = line_of(panel, f"run-{number}: {name} at {rate}")
            assert drawn["x"] == list(range(STEPS))
            assert drawn["original"] == pytest.approx(values, rel=1e-12)
    legend = region(page, LINES).get_by_role("list", name="Legend")
    expect(legend.get_by_role("listitem")).to_have_count(9)
    page.wait_for_url("**p.own**")
    page.reload()
    assert wait_for_panel(page, lines, NINE)["data"]["lines"] == panel["data"]["lines"]
    dialog = open_dialog(page, LINES)
    dialog.get_by_label("Hide the metrics themselves").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    wait_for_panel(page, lines, "panel.data.lines.length === 3")
    page.keyboard.press("Control+z")
    wait_for_panel(page, lines, NINE)


def test_an_added_panel_of_metrics_has_ranges_axes_and_smoothing_of_its_own(
    page: Page, lines: str
) -> None:
    menu = open_menu(page, LINES)
    type_into(menu, "Lowest x", "100")
    type_into(menu, "Highest x", "200")
    type_into(menu, "Highest y", "0.5")
    menu.get_by_label("Log scale (y)").check()
    menu.get_by_label("Log scale (x)").check()
    menu.get_by_label("Ignore outliers").check()
    menu.get_by_label("Smoothing of this panel").select_option("ema")
    shown = "panel.data.x?.join() === '100,200' && panel.data.y[1] === 0.5"
    smoothed = "panel.data.lines?.some(line => line.smoothed[9] !== line.original[9])"
    panel = wait_for_panel(page, lines, f"{shown} && {smoothed}")
    assert any("outside the range" in note for note in panel["data"]["notes"])
    assert any("hidden by the log axis" in note for note in panel["data"]["notes"])
    raw = line_of(panel, "run-0 · lr")["original"]
    average, mass, expected = 0.0, 0.0, []
    for value in raw:
        average, mass = 0.9 * average + 0.1 * value, 0.9 * mass + 0.1
        expected.append(average / mass)
    assert line_of(panel, "run-0 · lr")["smoothed"] == pytest.approx(expected, rel=1e-9)
    page.set_viewport_size({"width": 1440, "height": 3000})  # panels are drawn once in sight
    automatic = wait_for_panel(page, "scalar lr")["data"]
    assert automatic["lines"][0]["smoothed"] == automatic["lines"][0]["original"]
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Name of the view").fill("Both metrics")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved the view Both metrics")).to_be_visible()
    page.goto(page.url.split("?")[0])
    wait_for_panel(page, "scalar lr")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("button", name="Both metrics", exact=True).click()
    wait_for_panel(page, lines, f"{shown} && {smoothed}")


def test_several_metrics_are_drawn_for_groups_and_for_chosen_runs(page: Page, lines: str) -> None:
    region(page, LINES).hover()
    page.get_by_role("button", name=f"Edit {LINES}").click()
    page.get_by_label("Only these runs").check()
    for name in ("run-0", "run-2"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    wait_for_panel(page, lines, "panel.data.lines?.length === 4")
    page.goto(f"{page.url}&group=tags")
    panel = wait_for_panel(page, lines, "panel.data.lines?.length === 2")
    assert [line["label"] for line in panel["data"]["lines"]] == [
        "smoke · train/loss",
        "smoke · lr",
    ]
    both = [[loss_at(step, rate) for step in range(STEPS)] for rate in (RATES[0], RATES[2])]
    drawn = panel["data"]["lines"][0]
    assert drawn["original"] == pytest.approx(np.mean(both, axis=0), rel=1e-12)
    assert drawn["min"] == pytest.approx(np.min(both, axis=0), rel=1e-12)
    badge = region(page, LINES).locator(".badge")
    expect(badge).to_contain_text("mean, min–max band of 2 runs in 1 group")


def test_a_metric_that_no_run_of_the_panel_logs_is_named_in_it(page: Page, server: Server) -> None:
    project = f"partly-{uuid.uuid4().hex[:8]}"
    for name, row in {"both": {"a": 1, "b": 2}, "one": {"a": 3}}.items():
        run = start_run(server.base_url, project, name=name, id=f"{project}-{name}")
        for step in range(3):
            run.log(row, step=step)
        run.finish()
    own = {"id": "own x", "kind": "lines", "title": "Several", "keys": ["a", "b", "gone"]}
    page.goto(f"{server.base_url}/local/{project}?own={quote(json.dumps([own]))}")
    wait_for_panel(page, "own x", "panel.data.lines?.length === 3")
    badge = region(page, "Several").locator(".badge")
    expect(badge).to_contain_text("not logged by these runs: gone")
    page.get_by_role("button", name="Hide both", exact=True).click()
    wait_for_panel(page, "own x", "panel.data.lines.length === 1")
    expect(badge).to_contain_text("not logged by these runs: b, gone")


def test_the_settings_of_a_removed_panel_go_with_it_and_come_back_with_undo(
    page: Page, lines: str
) -> None:
    type_into(open_menu(page, LINES), "Highest y", "0.5")
    wait_for_panel(page, lines, "panel.data.y[1] === 0.5")
    page.keyboard.press("Escape")
    region(page, LINES).locator(".panelhead button").first.press("Alt+Shift+ArrowRight")
    page.wait_for_url("**size=**")
    with_panel = urlsplit(page.url).query
    assert "p.own" in with_panel

    def remove() -> None:
        region(page, LINES).hover()
        page.get_by_role("button", name=f"Remove {LINES}").click()
        expect(region(page, LINES)).to_have_count(0)
        page.wait_for_function("!location.search.includes('own')")
        assert "size=" not in page.url

    remove()
    page.get_by_role("button", name="Undo", exact=True).last.click()
    wait_for_panel(page, lines, "panel.data.y[1] === 0.5")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == parse_qs(with_panel))
    page.wait_for_timeout(900)  # changes closer together are one step
    remove()
    page.keyboard.press("Control+z")
    wait_for_panel(page, lines, "panel.data.y[1] === 0.5")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == parse_qs(with_panel))


def add_by_pattern(page: Page, pattern: str, *, split: bool = False) -> None:
    page.get_by_role("button", name="Add a panel").click()
    page.get_by_label("All metrics that fit a regular expression").check()
    page.get_by_label("Metrics (regex)").fill(pattern)
    if split:
        page.get_by_label("One panel for each text").check()
    page.get_by_role("button", name="Add panel", exact=True).click()


def labels(page: Page, title: str, wanted: set[str]) -> None:
    drawn = """([title, wanted]) => {
      const panels = window.lossboard.panels.filter(({ id }) => id.startsWith('own '));
      const of = panels.map(({ data }) => data?.lines?.map(line => line.label).sort().join());
      return of.includes(wanted);
    }"""
    page.wait_for_function(drawn, arg=[title, ",".join(sorted(wanted))])
    expect(region(page, title)).to_be_visible()


def test_a_panel_of_metrics_by_a_regular_expression_takes_later_ones_too(
    page: Page, server: Server, own_name: str
) -> None:
    with start_run(server.base_url, own_name, name="one") as run:
        run.log({"train/loss": 1.0, "train/acc": 0.1, "val/loss": 2.0})
        run.log({"train/loss": 0.5, "train/acc": 0.2, "val/loss": 1.5})
        assert run._sender.flush(30)
        page.goto(f"{server.base_url}/local/{own_name}")
        wait_for_panel(page, "scalar train/loss")
        add_by_pattern(page, "loss$")
        labels(page, "loss$", {"one · train/loss", "one · val/loss"})
        run.log({"test/loss": 3.0})
        run.log({"test/loss": 2.5})
        labels(page, "loss$", {"one · train/loss", "one · val/loss", "one · test/loss"})
    page.wait_for_url("**own=**")
    page.reload()
    labels(page, "loss$", {"one · train/loss", "one · val/loss", "one · test/loss"})


def test_a_regular_expression_makes_a_panel_for_each_captured_text(
    page: Page, server: Server, own_name: str
) -> None:
    with start_run(server.base_url, own_name, name="one") as run:
        for step in range(2):
            row = {"train/loss": 1.0, "train/acc": 0.1, "val/loss": 2.0, "val/acc": 0.2}
            run.log(row, step=step)
    page.goto(f"{server.base_url}/local/{own_name}")
    wait_for_panel(page, "scalar train/loss")
    add_by_pattern(page, "/(loss|acc)$", split=True)
    labels(page, "acc", {"one · train/acc", "one · val/acc"})
    labels(page, "loss", {"one · train/loss", "one · val/loss"})
    page.keyboard.press("Control+z")
    expect(region(page, "acc")).to_have_count(0)
