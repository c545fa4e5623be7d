"""A run or a view as one file that opens without a server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import lossboard

from .conftest import STEPS, Server, loss_at, open_panel, start_run

LOSS = "scalar train/loss"
FIGURE = """title => {
  const panel = [...document.querySelectorAll('figure')]
    .find(figure => figure.querySelector('figcaption').textContent === title);
  return panel.querySelector('.plot').data?.map(({ name, x, y }) => ({ name, x, y })) ?? null;
}"""

# The widest strip that is empty on the right of a grid of panels, in pixels.
EMPTY_RIGHT = """() => Math.max(...[...document.querySelectorAll('.grid')].map(grid => {
  const rights = [...grid.children].map(child => child.getBoundingClientRect().right);
  return grid.getBoundingClientRect().right - Math.max(...rights);
}))"""

HISTOGRAMS = 45
EVENTS = 310
CURVE = [[0, 1], [1, 3], [2, 2]]
# Shades of a heatmap by column, as Plotly has decoded them.
SHADES = """title => {
  const panel = [...document.querySelectorAll('figure')]
    .find(figure => figure.querySelector('figcaption').textContent === title);
  panel.scrollIntoView();
  const z = panel.querySelector('.plot')._fullData?.[0].z;
  return z ? z[0].length && Array.from(z[0], (_, i) => z.map(row => row[i])) : null;
}"""


def export(page: Page, address: str, tmp_path: Path, first: str = LOSS) -> Path:
    """`first`: a panel in sight."""
    open_panel(page, address, first)
    page.get_by_role("button", name="More settings").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download interactive HTML").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def opened_without_network(browser: Browser, path: Path) -> tuple[Page, list[str]]:
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: faults.append(r.url) if r.url.startswith("http") else None)
    page.goto(path.as_uri())
    return page, faults


def drawn(page: Page, title: str) -> Any:
    page.wait_for_function(f"title => ({FIGURE})(title) !== null", arg=title)
    return page.evaluate(FIGURE, title)


def test_an_exported_run_draws_its_numbers_without_a_server(
    page: Page, browser: Browser, server: Server, logged: str, tmp_path: Path
) -> None:
    path = export(page, f"{server.base_url}/local/{logged}/runs/run-1", tmp_path)
    assert path.name == f"{logged}-run-1.html"
    file, faults = opened_without_network(browser, path)
    lines = drawn(file, "train/loss")
    originals = [line["y"] for line in lines if line["y"] and len(line["y"]) == STEPS]
    assert [loss_at(step, 0.02) for step in range(STEPS)] in originals
    file.set_viewport_size({"width": 2000, "height": 900})
    assert file.evaluate(EMPTY_RIGHT) <= 1
    assert faults == []
    file.close()


def test_an_exported_view_has_all_shown_runs(
    page: Page, browser: Browser, server: Server, logged: str, tmp_path: Path
) -> None:
    path = export(page, f"{server.base_url}/local/{logged}", tmp_path)
    file, faults = opened_without_network(browser, path)
    names = {line["name"] for line in drawn(file, "train/loss") if line.get("name")}
    assert {"run-0", "run-1", "run-2"} <= names
    expect(file.get_by_text("run-0 (finished)")).to_be_attached()
    assert faults == []
    file.close()


def other_at(number: int, step: int) -> int:
    return (number + 2) * step + 1


@pytest.fixture(scope="module")
def rich(server: Server) -> str:
    """Two runs with more histograms than fit on a page, and media of several kinds."""
    for number in range(2):
        named = {"name": f"rich-{number}", "id": f"rich-{number}"}
        run = start_run(server.base_url, "rich", config={"rate": number + 1}, **named)
        for step in range(3):
            row: dict[str, Any] = {"train/loss": 1 / (step + 1), "other": other_at(number, step)}
            row |= {f"h/{i}": lossboard.Histogram([step, i, i + 1]) for i in range(HISTOGRAMS)}
            pixels = np.full((4, 4, 3), 50 * step, np.uint8)
            row["image"] = lossboard.Image(pixels, caption=f"picture {number} at {step}")
            run.log(row, step=step)
        table = lossboard.Table(columns=["word"], data=[["</script><b>bold</b>"]])
        figure = lossboard.Plotly(go.Figure(go.Scatter(y=[1, 4])))
        sound = lossboard.Audio(np.zeros(400), sample_rate=4000)
        curve = lossboard.plot.line(lossboard.Table(["x", "y"], CURVE), "x", "y")
        run.log({"table": table, "sound": sound, "figure": figure, "curve": curve}, step=3)
        for step in range(4, 4 + EVENTS):
            run.log({"long": lossboard.Histogram([step, 0])}, step=step)
        run.finish()
    return f"{server.base_url}/local/rich"


def test_a_file_has_all_histograms_and_media_and_says_what_is_left_out(
    page: Page, browser: Browser, rich: str, tmp_path: Path
) -> None:
    file, faults = opened_without_network(browser, export(page, rich, tmp_path))
    titles = file.locator("figcaption").all_text_contents()
    wanted = {f"h/{i} · rich-{number}" for i in range(HISTOGRAMS) for number in range(2)}
    assert wanted <= set(titles)
    last = f"h/{HISTOGRAMS - 1} · rich-0"
    file.wait_for_function(f"title => ({SHADES})(title) !== null", arg=last)
    columns = file.evaluate(SHADES, last)
    assert [sum(shade > 0 for shade in column) > 0 for column in columns] == [True] * 3
    assert max(max(column) for column in columns) == 255
    left = file.locator(".left")
    expect(left).to_contain_text("in 2 histograms, events between the 300 shown")
    expect(left).to_contain_text("2 media other than images, sound and tables")
    expect(file.get_by_text("</script><b>bold</b>").first).to_be_attached()
    for sound in file.locator("audio").all():
        sound.evaluate("media => media.readyState || new Promise(r => { media.onloadeddata = r; })")
        assert sound.evaluate("media => media.duration") == pytest.approx(0.1)
    assert faults == []
    file.close()


def test_the_steps_of_exported_images_are_gone_through(
    page: Page, browser: Browser, rich: str, tmp_path: Path
) -> None:
    file, faults = opened_without_network(browser, export(page, rich, tmp_path))
    panel = file.locator("figure", has=file.locator("figcaption", has_text=re.compile("^image$")))
    expect(panel.get_by_role("img")).to_have_count(2)
    expect(panel.get_by_text("picture 0 at 2")).to_be_visible()
    panel.get_by_label("Step of image").press("ArrowLeft")
    expect(panel.get_by_text("step 1")).to_be_visible()
    picture = panel.get_by_role("img", name="picture 1 at 1")
    assert picture.evaluate("image => image.naturalWidth") == 4
    assert faults == []
    file.close()


NOTES = "# Findings\n\nThe **second** run: `lr` of <i>two</i>, see "
NOTES += "[runs](/local/rich/runs)\n\n- one\n- two"
ADDED: list[dict[str, Any]] = [
    {"id": "own 1", "kind": "lines", "title": "Several", "keys": ["train/loss", "other", "gone"]},
    {"id": "own 2", "kind": "histogram", "title": "One", "keys": ["h/1"], "runs": ["rich-0"]},
    {"id": "own 3", "kind": "media", "title": "Pictures", "keys": ["image"]},
    {"id": "own 4", "kind": "table", "title": "Words", "keys": ["table"]},
    {"id": "own 5", "kind": "chart", "title": "Curve", "keys": ["curve"]},
    {"id": "own 6", "kind": "bars", "title": "Bars", "keys": ["config.rate"]},
    {"id": "own 7", "kind": "scatter", "title": "Points", "keys": ["config.rate", "summary.other"]},
    {"id": "own 8", "kind": "scalar", "title": "Least", "keys": ["summary.other"]},
    {"id": "own 9", "kind": "comparer", "title": "Compared", "keys": []},
    {"id": "own a", "kind": "markdown", "title": "Notes", "keys": [], "text": NOTES},
    {"id": "own b", "kind": "parallel", "title": "Axes", "keys": ["config.rate", "summary.other"]},
    {"id": "own c", "kind": "importance", "title": "Factors", "keys": ["summary.other"]},
    {"id": "own d", "kind": "lines", "title": "Nothing", "keys": ["gone"]},
]


@pytest.fixture
def added(page: Page, browser: Browser, rich: str, tmp_path: Path) -> Iterator[Page]:
    """The exported file of a view with added panels of all kinds."""
    settings = {"expr": "${other} * 2", "legend": "${run:id}: ${expression}", "smooth": "none:0"}
    query = {"own": json.dumps(ADDED), "p.own 1": urlencode(settings)}
    path = export(page, f"{rich}?{urlencode(query)}", tmp_path, ADDED[0]["id"])
    file, faults = opened_without_network(browser, path)
    yield file
    assert faults == []
    file.close()


def panel_of(file: Page, title: str) -> Locator:
    caption = file.locator("figcaption", has_text=re.compile(f"^{title}$"))
    return file.locator("figure", has=caption)


def test_added_panels_of_logged_keys_are_in_the_file(added: Page) -> None:
    expect(added.locator("h2").first).to_have_text("Added panels")
    lines = {line["name"]: line["y"] for line in drawn(added, "Several") if line.get("name")}
    for number in range(2):
        run, others = f"rich-{number}", [other_at(number, step) for step in range(3)]
        assert lines[f"{run}: train/loss"] == pytest.approx([1, 1 / 2, 1 / 3])
        assert lines[f"{run}: other"] == others
        assert lines[f"{run}: other * 2"] == [2 * value for value in others]
    shades = f"title => ({SHADES})(title) !== null"
    added.wait_for_function(shades, arg="One")
    assert len(added.evaluate(SHADES, "One")) == 3
    pictures = panel_of(added, "Pictures")
    expect(pictures.get_by_text("picture 1 at 2")).to_be_visible()
    pictures.get_by_label("Step of Pictures").fill("0")
    expect(pictures.get_by_text("picture 1 at 0")).to_be_visible()
    expect(panel_of(added, "Words").get_by_text("</script><b>bold</b>")).to_have_count(2)
    panel_of(added, "Curve").scroll_into_view_if_needed()
    curves = drawn(added, "Curve")
    assert {curve["name"] for curve in curves} == {"rich-0", "rich-1"}
    assert [list(point) for point in zip(curves[0]["x"], curves[0]["y"], strict=True)] == CURVE


def test_added_panels_of_values_and_text_are_in_the_file(added: Page) -> None:
    last = [other_at(number, 2) for number in range(2)]
    panel_of(added, "Bars").scroll_into_view_if_needed()
    [bars] = drawn(added, "Bars")
    assert sorted(bars["x"]) == [1, 2]
    expect(panel_of(added, "Bars").get_by_text("rich-1", exact=True)).to_be_visible()
    panel_of(added, "Points").scroll_into_view_if_needed()
    [points] = drawn(added, "Points")
    assert sorted(zip(points["x"], points["y"], strict=True)) == [(1, last[0]), (2, last[1])]
    expect(panel_of(added, "Least")).to_contain_text(f"{min(last)}")
    expect(panel_of(added, "Least")).to_contain_text("min of 2 runs: rich-0")
    rate = panel_of(added, "Compared").get_by_role("row", name="config.rate")
    expect(rate.get_by_role("cell")).to_have_text(["config.rate", "2", "1"])
    notes = panel_of(added, "Notes")
    expect(notes.locator("b")).to_have_text("second")
    expect(notes.locator("code")).to_have_text("lr")
    expect(notes.get_by_text("of <i>two</i>, see")).to_be_visible()
    expect(notes.get_by_role("listitem")).to_have_text(["one", "two"])
    link = notes.get_by_role("link", name="runs").get_attribute("href") or ""
    assert link.startswith("http://") and link.endswith("/local/rich/runs")


def test_a_file_names_the_added_panels_that_it_has_not(added: Page) -> None:
    left = added.locator(".left")
    expect(left).to_contain_text("the added panel Axes (Parallel coordinates)")
    expect(left).to_contain_text("the added panel Factors (Hyperparameter importance)")
    expect(left).to_contain_text("the added panel Nothing (Line plot)")
    expect(left).to_contain_text("gone in Several: not logged by its runs")
    for title in ("Axes", "Factors", "Nothing"):
        expect(panel_of(added, title)).to_have_count(0)


def test_lines_of_groups_are_in_the_file_as_they_are_drawn(
    page: Page, browser: Browser, rich: str, tmp_path: Path
) -> None:
    path = export(page, f"{rich}?group=state&smooth=none%3A0", tmp_path)
    file, faults = opened_without_network(browser, path)
    panel_of(file, "other").scroll_into_view_if_needed()
    [mean] = [line for line in drawn(file, "other") if line.get("name")]
    assert mean["name"] == "finished"
    both = [[other_at(number, step) for step in range(3)] for number in range(2)]
    assert mean["y"] == pytest.approx(np.mean(both, axis=0))
    assert faults == []
    file.close()


def test_runs_of_one_name_keep_their_own_pictures_in_the_file(
    page: Page, browser: Browser, server: Server, tmp_path: Path
) -> None:
    for number in range(2):
        run = start_run(server.base_url, "twins", name="twin", id=f"twin-{number}")
        picture = lossboard.Image(np.full((4, 4, 3), number, np.uint8), caption=f"of {number}")
        for step in range(2):
            run.log({"train/loss": step, "image": picture}, step=step)
        run.finish()
    path = export(page, f"{server.base_url}/local/twins", tmp_path)
    file, faults = opened_without_network(browser, path)
    expect(panel_of(file, "image").get_by_text("of 0")).to_be_visible()
    expect(panel_of(file, "image").get_by_text("of 1")).to_be_visible()
    assert faults == []
    file.close()
