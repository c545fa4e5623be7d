"""A run or a view as one file that opens without a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page, expect

import lossboard

from .conftest import STEPS, Server, loss_at, open_panel, start_run

LOSS = "scalar train/loss"
FIGURE = """title => {
  const panel = [...document.querySelectorAll('figure')]
    .find(figure => figure.querySelector('figcaption').textContent === title);
  return panel.querySelector('.plot').data?.map(({ name, x, y }) => ({ name, x, y })) ?? null;
}"""

HISTOGRAMS = 45
EVENTS = 310
# Shades of a heatmap by column, as Plotly has decoded them.
SHADES = """title => {
  const panel = [...document.querySelectorAll('figure')]
    .find(figure => figure.querySelector('figcaption').textContent === title);
  panel.scrollIntoView();
  const z = panel.querySelector('.plot')._fullData?.[0].z;
  return z ? z[0].length && Array.from(z[0], (_, i) => z.map(row => row[i])) : null;
}"""


def export(page: Page, address: str, tmp_path: Path) -> Path:
    open_panel(page, address, LOSS)
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


@pytest.fixture(scope="module")
def rich(server: Server) -> str:
    """Two runs with more histograms than fit on a page, and media of several kinds."""
    for number in range(2):
        run = start_run(server.base_url, "rich", name=f"rich-{number}", id=f"rich-{number}")
        for step in range(3):
            row: dict[str, Any] = {"train/loss": 1 / (step + 1)}
            row |= {f"h/{i}": lossboard.Histogram([step, i, i + 1]) for i in range(HISTOGRAMS)}
            pixels = np.full((4, 4, 3), 50 * step, np.uint8)
            row["image"] = lossboard.Image(pixels, caption=f"picture {number} at {step}")
            run.log(row, step=step)
        table = lossboard.Table(columns=["word"], data=[["</script><b>bold</b>"]])
        figure = lossboard.Plotly(go.Figure(go.Scatter(y=[1, 4])))
        sound = lossboard.Audio(np.zeros(400), sample_rate=4000)
        run.log({"table": table, "sound": sound, "figure": figure}, step=3)
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
