"""Charts of `wandb.plot`: drawn from the logged tables, of both clients."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sklearn.metrics import roc_auc_score, roc_curve
from tests.official.conftest import start

import lossboard
from lossboard import plot

from .axe import NOTHING, in_both_themes
from .conftest import Server, start_run, wait_for_panel

STEPS = [0, 5]
CLASSES = ["cat", "dog", "a very long name of a class"]
TRUTH = {"a": [0, 0, 0, 1, 1, 2], "b": [0, 0, 0, 1, 1, 2]}
GUESSED = {"a": [0, 0, 1, 1, 1, 2], "b": [0, 1, 1, 1, 2, 2]}
ACTUAL = [0, 0, 1, 1, 0, 1, 1, 0]
SCORES = {
    "a": [0.1, 0.4, 0.35, 0.8, 0.2, 0.9, 0.5, 0.6],
    "b": [0.3, 0.2, 0.6, 0.7, 0.5, 0.4, 0.8, 0.1],
}
VALUES = [0.5, 1.5, 1.5, 2.5, 2.5, 2.5, 9.5]


def table(columns: list[str], rows: list[list[Any]]) -> lossboard.Table:
    return lossboard.Table(columns=columns, data=rows)


def charts_at(name: str, step: int) -> dict[str, Any]:
    scores = np.array([[1 - score, score] for score in SCORES[name]])
    truth, guessed = TRUTH[name], GUESSED[name] if step else TRUTH[name]
    walk = table(["x", "height"], [[2, 20 + step], [1, 10 + step], [3, 15 + step]])
    return {
        "matrix": plot.confusion_matrix(
            y_true=truth, preds=guessed, class_names=CLASSES, title="Classes"
        ),
        "val/roc": plot.roc_curve(ACTUAL, scores, classes_to_plot=[1], title="ROC"),
        "walk": plot.line(walk, "x", "height", title="A walk"),
        "several": plot.line_series([0, 1], [[1, 2], [3, 4]], ["up", "high"], xname="epoch"),
        "points": plot.scatter(table(["w", "h"], [[1, 2], [3, 4], [math.nan, 5]]), "w", "h"),
        "bars": plot.bar(table(["label", "value"], [["x", 1.5], ["y", -2]]), "label", "value"),
        "spread": plot.histogram(table(["score"], [[value] for value in VALUES]), "score"),
        "violin": plot.plot_table("me/violin/v3", table(["q"], [[7]]), {"y": "q"}),
        "split": plot.line(walk, "x", "height", split_table=True),
        "broken": plot.line(walk, "x", "depth"),
    }


@pytest.fixture(scope="module")
def charts(server: Server) -> str:
    for name in ("a", "b"):
        run = start_run(server.base_url, "plots", name=name, id=name)
        for step in STEPS:
            run.log(charts_at(name, step), step=step)
        run.finish()
    return f"{server.base_url}/local/plots"


def open_chart(page: Page, address: str, key: str, condition: str = "true") -> Any:
    """What the chart has drawn, with only its panel on the page."""
    page.goto(f"{address}?q=^{key}$")
    return wait_for_panel(page, f"plot {key}", condition)["data"]


def region(page: Page, key: str) -> Any:
    return page.get_by_role("region", name=key, exact=True)


def counted(name: str) -> list[list[int]]:
    counts = np.zeros((3, 3), int)
    np.add.at(counts, (TRUTH[name], GUESSED[name]), 1)
    return counts.tolist()


@pytest.mark.covers("plot.confusion_matrix")
def test_a_confusion_matrix_counts_what_was_taken_for_what(page: Page, charts: str) -> None:
    drawn = open_chart(page, charts, "matrix", "panel.data.matrices.length === 2")
    assert [one["label"] for one in drawn["matrices"]] == ["b", "a"]
    for one in drawn["matrices"]:
        assert one["actual"] == one["predicted"] == CLASSES
        assert one["counts"] == one["shown"] == counted(one["label"])
    assert [one["accuracy"] for one in drawn["matrices"]] == pytest.approx([3 / 6, 5 / 6])
    panel = region(page, "matrix")
    panel.get_by_text("Row %").click()
    shares = wait_for_panel(page, "plot matrix", "panel.data.shares")["data"]["matrices"][1]
    assert shares["shown"][0] == pytest.approx([2 / 3, 1 / 3, 0])
    page.wait_for_url("**shares%3D1**")
    words = panel.get_by_role("img").get_attribute("aria-label")
    assert "cat: 2 of 3 right, mostly taken for dog (1)" in words


def test_a_hovered_cell_says_its_count_in_every_run(page: Page, charts: str) -> None:
    drawn = open_chart(page, charts, "matrix", "panel.data.matrices.length === 2")
    cells = drawn["matrices"][0]["cells"]
    plot = region(page, "matrix").locator(".plot")
    wide, high = cells["width"] / 3, cells["height"] / 3
    plot.hover(position={"x": cells["left"] + wide * 1.5, "y": cells["top"] + high * 0.5})
    tip = page.locator(".chart-tip")
    expect(tip).to_contain_text("cat → dog")
    expect(tip.locator("tr").nth(1)).to_contain_text("b266.7 %66.7 %")
    expect(tip.locator("tr").nth(2)).to_contain_text("a133.3 %33.3 %")


def test_the_slider_shows_a_chart_at_each_logged_step(page: Page, charts: str) -> None:
    open_chart(page, f"{charts}/runs/a", "matrix")
    panel = region(page, "matrix")
    panel.get_by_label("Step of matrix", exact=True).fill("0")
    first = wait_for_panel(page, "plot matrix", "panel.data.matrices[0].accuracy === 1")["data"]
    assert first["matrices"][0]["counts"] == [[3, 0, 0], [0, 2, 0], [0, 0, 1]]


@pytest.mark.covers("plot.confusion_matrix")
def test_a_roc_curve_of_each_run_is_the_one_of_scikit_learn(page: Page, charts: str) -> None:
    drawn = open_chart(page, charts, "val/roc", "panel.data.lines?.length === 2")
    for line in drawn["lines"]:
        name = line["label"].split(" · ")[0]
        x, y, _ = roc_curve(ACTUAL, SCORES[name])
        assert line["x"] == pytest.approx(np.round(x, 3).tolist())
        assert line["original"] == pytest.approx(np.round(y, 3).tolist())
    assert [roc_auc_score(ACTUAL, SCORES[name]) for name in "ab"] == [0.8125, 0.9375]
    names = region(page, "val/roc").locator(".plotnames")
    expect(names).to_have_text("barea 0.938aarea 0.813chance")
    open_chart(page, f"{charts}/runs/a", "val/roc")
    expect(region(page, "val/roc").locator(".keyname")).to_have_text("ROC val/roc")
    expect(names).to_have_text("1area 0.813chance")


@pytest.mark.covers("plot")
def test_lines_are_ordered_by_x_and_told_apart(page: Page, charts: str) -> None:
    drawn = open_chart(page, charts, "walk", "panel.data.lines?.length === 2")
    assert [line["label"] for line in drawn["lines"]] == ["b", "a"]
    assert drawn["lines"][0]["x"] == [1, 2, 3]
    assert drawn["lines"][0]["original"] == [15, 25, 20]
    drawn = open_chart(page, f"{charts}/runs/a", "several", "panel.data.lines?.length === 2")
    assert {line["label"]: line["original"] for line in drawn["lines"]} == {
        "up": [1, 2],
        "high": [3, 4],
    }
    drawn = open_chart(page, charts, "split", "panel.data.lines?.length === 2")
    assert drawn["lines"][1]["original"] == [15, 25, 20]


@pytest.mark.covers("plot")
def test_points_bars_and_histograms_have_the_logged_values(page: Page, charts: str) -> None:
    one = f"{charts}/runs/a"
    points = open_chart(page, one, "points")["points"]
    assert [(point["x"], point["y"]) for point in points] == [(1, 2), (3, 4)]
    expect(region(page, "points")).to_contain_text("1 of 3 points without both values")
    bars = open_chart(page, charts, "bars", "panel.data.bars?.length === 4")["bars"]
    assert [(bar["label"], bar["of"], bar["value"]) for bar in bars] == [
        ("x", "b", 1.5),
        ("x", "a", 1.5),
        ("y", "b", -2),
        ("y", "a", -2),
    ]
    overlay = open_chart(page, one, "spread", "panel.data.overlays?.length === 1")["overlays"][0]
    counts, _ = np.histogram(VALUES, overlay["edges"])
    assert overlay["counts"] == counts.tolist()
    assert sum(overlay["counts"]) == len(VALUES)


def test_what_is_not_drawn_shows_its_table_and_says_so(page: Page, charts: str) -> None:
    page.goto(f"{charts}/runs/a?q=^(violin|broken)$")
    panel = region(page, "violin")
    expect(panel).to_contain_text("names the Vega specification “me/violin/v3”")
    expect(panel.locator("tbody td")).to_have_text("7")
    expect(region(page, "broken")).to_contain_text("draws the column “depth”")


def test_a_chart_can_be_read_as_its_table(page: Page, charts: str) -> None:
    open_chart(page, f"{charts}/runs/a", "walk")
    panel = region(page, "walk")
    panel.hover()
    panel.get_by_label("Settings of walk").click()
    page.get_by_role("button", name="Show the table").click()
    expect(panel.locator("tbody tr")).to_have_count(3)
    page.wait_for_url("**table%3D1**")


def test_a_chart_is_taken_along_as_picture_and_csv(page: Page, charts: str, tmp_path: Path) -> None:
    open_chart(page, charts, "walk", "panel.data.lines?.length === 2")
    panel = region(page, "walk")
    for ending in ("PNG", "CSV"):
        panel.hover()
        panel.get_by_label("Settings of walk").click()
        with page.expect_download() as loading:
            page.get_by_role("button", name=f"Download {ending}").click()
        loading.value.save_as(tmp_path / f"walk.{ending}")
    assert (tmp_path / "walk.PNG").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.reader((tmp_path / "walk.CSV").read_text().splitlines()))
    assert rows[0] == ["run", "run_id", "step", "x", "height"]
    assert rows[1] == ["b", "b", "5", "2", "25"]
    assert len(rows) == 7


def test_explore_draws_the_matrices_in_plotly(page: Page, charts: str) -> None:
    open_chart(page, charts, "matrix", "panel.data.matrices.length === 2")
    panel = region(page, "matrix")
    panel.hover()
    panel.get_by_label("Explore matrix").click()
    figure = page.frame_locator("iframe").locator(".js-plotly-plot")
    expect(figure).to_be_visible(timeout=30_000)
    assert figure.evaluate("plot => plot.data.map(one => one.z)") == [counted("b"), counted("a")]


def test_ctrl_k_finds_a_chart_by_its_key(page: Page, charts: str) -> None:
    open_chart(page, charts, "walk")
    page.keyboard.press("Control+k")
    page.get_by_label("Find", exact=True).fill("val/roc")
    page.get_by_role("option", name="val/roc").first.click()
    wait_for_panel(page, "plot val/roc", "panel.data.lines?.length === 2")


def test_axe_finds_nothing_in_charts(browser: Browser, charts: str) -> None:
    context = browser.new_context(color_scheme="light", bypass_csp=True)
    page = context.new_page()
    for key in ("matrix", "walk", "bars", "violin"):
        page.emulate_media(color_scheme="light")
        page.goto(f"{charts}?q=^{key}$")
        region(page, key).locator(".mediasteps").wait_for()
        page.wait_for_timeout(500)  # the table of what is not drawn has no sign of its own
        assert in_both_themes(page) == NOTHING, key
    context.close()


def test_charts_of_the_official_client_are_drawn(
    page: Page, server: Server, tmp_path: Path
) -> None:
    script = Path(__file__).parents[1] / "official" / "scripts" / "plots.py"
    done = start(server.base_url, tmp_path, None, script, "official-plots", "one")
    _, errors = done.communicate(timeout=240)
    assert done.returncode == 0, errors[-4000:]
    address = f"{server.base_url}/local/official-plots"
    drawn = open_chart(page, address, "matrix", "panel.data.matrices.length === 1")
    assert drawn["matrices"][0]["counts"] == [[2, 1], [0, 1]]
    assert drawn["matrices"][0]["actual"] == ["cat", "dog"]
    drawn = open_chart(page, address, "nested.walk", "panel.data.lines?.length === 1")
    assert drawn["lines"][0]["original"] == [10, 20]
    drawn = open_chart(page, address, "visualized", "panel.data.matrices.length === 1")
    assert drawn["matrices"][0]["counts"] == [[5]]
