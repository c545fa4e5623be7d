"""Panels that a person adds: histograms, media, and what the runs' settings have to do with it."""

from __future__ import annotations

import csv
import io
import math
import uuid
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from scipy import stats
from sklearn.ensemble import RandomForestRegressor

import lossboard

from .conftest import Server, start_run, wait_for_panel
from .test_line_panels import region

RUNS = 16
STEPS = [0, 10, 20]
WEIGHTS = "layer/weights"
PICTURE = "picture"
WORDS = ["sgd", "adam", "lion"]


def config_of(number: int) -> dict[str, Any]:
    random = np.random.default_rng(number)
    return {
        "lr": float(10 ** random.uniform(-4, -1)),
        "width": int(random.integers(8, 64)),
        "optimizer": WORDS[number % 3],
        "epochs": 5,
        "folder": f"out/{number}",
    }


def loss_of(number: int) -> float:
    config = config_of(number)
    return abs(np.log10(config["lr"]) + 2.5) + 0.3 * (config["optimizer"] == "sgd")


def weights_at(number: int, step: int) -> Any:
    return np.random.default_rng(100 * number + step).normal(number, 1, 200)


def samples_at(number: int, step: int) -> lossboard.Table:
    """Three rows; only the first run's table has a column of notes."""
    columns = ["id", "score"] + ["note"] * (number == 0)
    rows = [[row, 10 * number + step + row / 4, "first"] for row in range(3)]
    return lossboard.Table(columns, [row[: len(columns)] for row in rows])


def curve_of(number: int) -> list[list[int]]:
    return [[x, x * (number + 1)] for x in range(4)]


@pytest.fixture(scope="module")
def project(server: Server) -> str:
    """16 runs, the newest last; the first two log histograms and pictures."""
    name = f"added-{uuid.uuid4().hex[:8]}"
    for number in range(RUNS):
        named = {"name": f"run-{number}", "id": f"{name}-{number}"}
        run = start_run(server.base_url, name, config=config_of(number), **named)
        for step in STEPS if number < 2 else []:
            pixels = np.full((8, 8, 3), 40 * number + step, np.uint8)
            image = lossboard.Image(pixels, caption=f"{number} at {step}")
            row = {WEIGHTS: lossboard.Histogram(weights_at(number, step)), PICTURE: image}
            run.log(row | {"samples": samples_at(number, step)}, step=step)
        if number < 2:
            curve = lossboard.plot.line(lossboard.Table(["x", "y"], curve_of(number)), "x", "y")
            run.log({"curve": curve}, step=STEPS[-1])
        run.log({"loss": loss_of(number)}, step=STEPS[-1])
        run.finish()
    return name


@pytest.fixture
def workspace(page: Page, server: Server, project: str) -> Page:
    page.goto(f"{server.base_url}/local/{project}?show=*")
    wait_for_panel(page, "scalar loss")
    return page


def add_panel(page: Page, kind: str, *values: str) -> None:
    page.get_by_role("button", name="Add a panel").click()
    page.get_by_label("Kind of panel").select_option(kind)
    for value in values:
        page.get_by_role("checkbox", name=value, exact=True).check()


def save(page: Page) -> str:
    """The id of the added panel."""
    page.get_by_role("button", name="Add panel", exact=True).click()
    place = page.locator(".place[data-section=own]").last
    expect(place).to_be_visible()
    return str(place.get_attribute("data-panel"))


def test_histograms_of_chosen_runs_are_added_in_a_chosen_view(workspace: Page) -> None:
    add_panel(workspace, "histogram", WEIGHTS)
    workspace.get_by_label("View of the histograms").select_option("step")
    workspace.get_by_label("Only these runs").check()
    workspace.get_by_role("checkbox", name="run-1", exact=True).check()
    own = save(workspace)
    shown = wait_for_panel(workspace, own, "panel.data.overlays?.length === 1")
    drawn = shown["data"]["overlays"][0]
    assert (drawn["label"], drawn["step"]) == ("run-1", STEPS[-1])
    assert drawn["counts"] == np.histogram(weights_at(1, STEPS[-1]), bins=64)[0].tolist()
    panel = workspace.locator(f"[data-panel='{own}']").get_by_role("region", name=WEIGHTS)
    panel.hover()
    panel.get_by_role("button", name=f"Views of {WEIGHTS}").click()
    workspace.get_by_role("button", name="Heatmap", exact=True).click()
    heat = wait_for_panel(workspace, own, "panel.kind === 'heatmap' && panel.data.mass?.length")
    assert [round(m["inside"] + m["below"] + m["above"]) for m in heat["data"]["mass"]] == [200] * 3
    workspace.reload()
    wait_for_panel(workspace, own, "panel.kind === 'heatmap'")


def test_added_histograms_of_hidden_runs_stay(workspace: Page) -> None:
    add_panel(workspace, "histogram", WEIGHTS)
    workspace.get_by_label("Only these runs").check()
    workspace.get_by_role("checkbox", name="run-0", exact=True).check()
    own = save(workspace)
    wait_for_panel(workspace, own, "panel.runs.length === 1")
    workspace.get_by_role("button", name="Hide run-0", exact=True).click()
    workspace.wait_for_url("**hide=**")
    shown = wait_for_panel(workspace, own)
    assert len(shown["runs"]) == 1
    expect(workspace.locator(f"[data-panel='{own}']")).to_contain_text("run-0")


def test_media_are_added_with_a_step_of_their_own(workspace: Page) -> None:
    add_panel(workspace, "media", PICTURE)
    workspace.get_by_label("Title").fill("Samples")
    own = save(workspace)
    panel = workspace.get_by_role("region", name="Samples", exact=True)
    expect(panel.locator("figcaption")).to_have_text(["1 at 20", "0 at 20"])
    panel.get_by_label("Step of Samples", exact=True).fill("1")
    expect(panel.locator("figcaption")).to_have_text(["1 at 10", "0 at 10"])
    assert wait_for_panel(workspace, own)["data"]["step"] == 10
    assert wait_for_panel(workspace, f"media {PICTURE}")["data"]["step"] == 20
    workspace.wait_for_url("**m.own**")
    workspace.reload()
    assert wait_for_panel(workspace, own, "panel.data.step !== null")["data"]["step"] == 10
    panel.hover()
    panel.get_by_role("button", name="Remove Samples").click()
    expect(panel).to_be_hidden()
    workspace.get_by_role("button", name="Undo", exact=True).last.click()
    expect(panel).to_be_visible()


def test_importance_of_settings_is_computed_from_what_was_logged(workspace: Page) -> None:
    add_panel(workspace, "importance", "summary.loss")
    own = save(workspace)
    data = wait_for_panel(workspace, own, "panel.data.factors")["data"]
    factors = {factor["name"]: factor for factor in data["factors"]}
    assert set(factors) == {"lr", "width", "optimizer"}
    assert (data["runs"], data["constant"], data["wordy"]) == (RUNS, ["epochs"], ["folder"])
    losses = [loss_of(number) for number in range(RUNS)]
    settings = [config_of(number) for number in range(RUNS)]
    for name in ("lr", "width"):
        values = [config[name] for config in settings]
        assert factors[name]["pearson"] == pytest.approx(stats.pearsonr(values, losses).statistic)
        assert factors[name]["spearman"] == pytest.approx(stats.spearmanr(values, losses).statistic)
    columns = [[config["lr"], config["width"]] for config in settings]
    words = [[float(config["optimizer"] == w) for w in WORDS] for config in settings]
    forest = RandomForestRegressor(1000, random_state=0).fit(np.hstack([columns, words]), losses)
    wanted = forest.feature_importances_
    assert factors["lr"]["importance"] == pytest.approx(wanted[0], abs=0.05)
    assert factors["optimizer"]["importance"] == pytest.approx(wanted[2:].sum(), abs=0.05)
    panel = workspace.get_by_role("region", name="Importance for loss", exact=True)
    shown = panel.locator("tbody tr").first
    expect(shown.locator("td").first).to_have_text("lr")
    expect(shown.locator("td").nth(1)).to_have_text(f"{factors['lr']['importance']:.2f}")
    expect(panel.locator(".badge")).to_contain_text(f"{RUNS} runs, R² ")
    panel.get_by_text("How this is computed").click()
    expect(panel.get_by_text("the same in all runs: epochs")).to_be_visible()


def test_importance_is_refused_where_it_would_be_noise(
    workspace: Page,
) -> None:
    add_panel(workspace, "importance", "summary.loss")
    workspace.get_by_label("Only the shown runs").check()
    own = save(workspace)
    wait_for_panel(workspace, own, "panel.data.factors")
    workspace.goto(workspace.url.replace("show=*", "x=auto"))  # the newest ten
    assert wait_for_panel(workspace, own, "panel.data.runs")["data"]["runs"] == 10
    for number in range(RUNS - 3, RUNS):
        workspace.get_by_role("button", name=f"Hide run-{number}", exact=True).click()
    text = "Needs at least 8 runs with a number for it: 7 of 7 have one."
    expect(workspace.get_by_text(text)).to_be_visible()
    assert wait_for_panel(workspace, own)["data"] == {"refusal": text}


AXES = ["config.lr", "config.width", "config.optimizer"]
SELECTED = "panel.data.selected?.length"


@pytest.fixture
def parallel(workspace: Page) -> str:
    """The id of parallel coordinates over three settings."""
    add_panel(workspace, "parallel", *AXES)
    workspace.get_by_label("Title").fill("Settings")
    return save(workspace)


def drag_axis(page: Page, panel_id: str, axis: int, start: float, end: float) -> None:
    """Along an axis, from one share of its length to another one (0 is below)."""
    plot = page.locator(f"[data-panel='{panel_id}'] .plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    left, top, side, below = box["x"] + 52, box["y"] + 30, 52, 44
    x = left + axis / (len(AXES) - 1) * (box["width"] - 2 * side)
    high = box["height"] - below
    page.mouse.move(x + 4, top + (1 - start) * high)
    page.mouse.down()
    page.mouse.move(x + 4, top + (1 - end) * high, steps=4)
    page.mouse.up()


def selected(panel: Any) -> set[str]:
    names = {run["id"]: run["label"] for run in panel["data"]["runs"]}
    return {names[uid] for uid in panel["data"]["selected"]}


def test_ranges_dragged_on_axes_select_the_runs_inside_all_of_them(
    workspace: Page, parallel: str
) -> None:
    settings = {f"run-{number}": config_of(number) for number in range(RUNS)}
    drag_axis(workspace, parallel, 0, 0.02, 0.6)
    panel = wait_for_panel(workspace, parallel, SELECTED)
    low, high = panel["data"]["brushes"][0]["from"], panel["data"]["brushes"][0]["to"]
    rates = [config["lr"] for config in settings.values()]
    span = math.log10(max(rates) / min(rates))  # over two decades: a log axis
    assert math.log10(low / min(rates)) == pytest.approx(0.02 * span, abs=0.02 * span)
    assert math.log10(high / min(rates)) == pytest.approx(0.6 * span, abs=0.02 * span)
    first = {name for name, config in settings.items() if low <= config["lr"] <= high}
    assert selected(panel) == first
    drag_axis(workspace, parallel, 2, 0.9, 1.0)
    panel = wait_for_panel(workspace, parallel, "panel.data.brushes[2] && panel.data.selected")
    assert panel["data"]["brushes"][2] == {"words": ["sgd"]}
    both = {name for name in first if settings[name]["optimizer"] == "sgd"}
    assert selected(panel) == both
    assert 0 < len(both) < len(first) < RUNS
    text = f"{len(both)} of {RUNS} runs selected"
    expect(workspace.get_by_text(text)).to_be_visible()
    workspace.reload()
    assert selected(wait_for_panel(workspace, parallel, SELECTED)) == both
    workspace.get_by_role("button", name="Keep only these visible").click()
    kept = wait_for_panel(workspace, parallel, f"panel.runs.length === {len(both)}")
    assert {run["label"] for run in kept["data"]["runs"]} == both
    assert kept["data"]["selected"] is None
    workspace.keyboard.press("Control+z")
    assert selected(wait_for_panel(workspace, parallel, SELECTED)) == both


def test_a_selection_is_cleared_by_a_click_on_its_axis_a_double_click_and_escape(
    workspace: Page, parallel: str
) -> None:
    plot = workspace.locator(f"[data-panel='{parallel}'] .plot")
    for axis in (0, 1):
        drag_axis(workspace, parallel, axis, 0.0, 0.7)
        wait_for_panel(workspace, parallel, f"panel.data.brushes[{axis}]")
    drag_axis(workspace, parallel, 0, 0.3, 0.3)
    left = wait_for_panel(workspace, parallel, "panel.data.brushes[0] === null")
    assert left["data"]["brushes"][1] is not None
    plot.dblclick(position={"x": 90, "y": 100})
    wait_for_panel(workspace, parallel, "panel.data.selected === null")
    drag_axis(workspace, parallel, 1, 0.0, 0.7)
    wait_for_panel(workspace, parallel, SELECTED)
    workspace.keyboard.press("Escape")
    wait_for_panel(workspace, parallel, "panel.data.selected === null")


def test_ranges_are_typed_and_ticked_by_keyboard(workspace: Page, parallel: str) -> None:
    panel = workspace.get_by_role("region", name="Settings", exact=True)
    panel.get_by_role("button", name="Settings of Settings").focus()
    workspace.keyboard.press("Enter")
    workspace.get_by_label("Lowest width").fill("30")
    workspace.keyboard.press("Enter")
    wait_for_panel(workspace, parallel, "panel.data.brushes[1]?.from === 30")
    for word in ("adam", "lion"):
        workspace.get_by_role("checkbox", name=word, exact=True).focus()
        workspace.keyboard.press("Space")
    shown = wait_for_panel(workspace, parallel, "panel.data.brushes[2]?.words.length === 2")
    wanted = {
        f"run-{number}"
        for number in range(RUNS)
        if config_of(number)["width"] >= 30 and config_of(number)["optimizer"] != "sgd"
    }
    assert selected(shown) == wanted
    label = panel.get_by_role("img").get_attribute("aria-label") or ""
    assert "optimizer adam or lion" in label
    assert all(name in label for name in wanted)
    workspace.get_by_role("button", name="Clear the selection").click()
    wait_for_panel(workspace, parallel, "panel.data.selected === null")


def cells_of(panel: Locator) -> list[list[str]]:
    rows = panel.locator("tbody tr").all()
    return [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]


def test_tables_of_several_runs_are_added_as_one_with_a_column_of_runs(workspace: Page) -> None:
    add_panel(workspace, "table", "samples")
    workspace.get_by_label("Title").fill("Tables")
    own = save(workspace)
    panel = region(workspace, "Tables")
    expect(panel.locator("tbody tr")).to_have_count(6)
    names = [name.split("\n")[0] for name in panel.locator("thead th").all_inner_texts()]
    assert names == ["run", "id", "score", "note"]
    newest = [["run-1", str(row), str(30 + row / 4), "–"] for row in range(3)]
    oldest = [["run-0", str(row), str(20 + row / 4), "first"] for row in range(3)]
    assert [[row[0], row[1], f"{float(row[2])}", row[3]] for row in cells_of(panel)] == [
        [run, number, f"{float(score)}", note] for run, number, score, note in newest + oldest
    ]
    panel.get_by_role("button", name="score", exact=True).click()
    expect(panel.locator("tbody tr").first).to_contain_text("run-0")
    panel.get_by_label("Filter rows").fill("run-1")
    expect(panel.get_by_text("3 of 6 rows")).to_be_visible()
    panel.get_by_label("Step of Tables", exact=True).fill("1")
    expect(panel.locator("tbody tr").first.locator("td").nth(2)).to_have_text("20")
    panel.hover()
    with workspace.expect_download() as started:
        panel.get_by_role("button", name="Download Tables as CSV").click()
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text())))
    assert [row["run"] for row in rows] == ["run-1"] * 3 + ["run-0"] * 3
    assert len({row["run_id"] for row in rows}) == 2 and all(row["run_id"] for row in rows)
    assert [row["note"] for row in rows] == [""] * 3 + ["first"] * 3
    panel.get_by_text("Side by side").click()
    expect(panel.get_by_role("table")).to_have_count(2)
    workspace.wait_for_url("**apart**")
    workspace.reload()
    expect(panel.get_by_role("table")).to_have_count(2)
    assert wait_for_panel(workspace, own, "panel.data.step !== null")["data"]["step"] == 10


def test_a_chart_of_plot_is_added_for_chosen_runs(workspace: Page) -> None:
    add_panel(workspace, "chart", "curve")
    workspace.get_by_label("Title").fill("One curve")
    workspace.get_by_label("Only these runs").check()
    workspace.get_by_role("checkbox", name="run-1", exact=True).check()
    own = save(workspace)
    panel = wait_for_panel(workspace, own, "panel.data.lines?.length === 1")
    drawn = panel["data"]["lines"][0]
    assert [list(point) for point in zip(drawn["x"], drawn["original"], strict=True)] == curve_of(1)
    expect(region(workspace, "One curve")).to_be_visible()
    both = wait_for_panel(workspace, "plot curve", "panel.data.lines?.length === 2")
    assert {line["label"] for line in both["data"]["lines"]} == {"run-0", "run-1"}
