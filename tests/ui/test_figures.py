"""Files made of every kind of panel: its picture, and its numbers with the ids of the runs."""

from __future__ import annotations

import csv
import io
import json
import struct
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page

from .conftest import Server, open_panel, wait_for_panel
from .test_histograms import HEAT, KEY
from .test_line_panels import region


def download(page: Page, panel: str, menu: str, kind: str) -> bytes:
    region(page, panel).hover()
    page.get_by_role("button", name=f"{menu} {panel}", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("button", name=f"Download {kind}").click()
    return started.value.path().read_bytes()


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def pairs(row: dict[str, list[float]]) -> list[tuple[float, float]]:
    return list(zip(row["x"], row["values"], strict=True))


def is_picture(data: bytes) -> bool:
    width, height = struct.unpack(">II", data[16:24])
    return data.startswith(b"\x89PNG") and width > 200 and height > 100


def texts_of(data: bytes) -> list[str]:
    """What is written in a drawing, and what its curves and cells are made of must be there."""
    drawing = ElementTree.fromstring(data)
    kinds = [element.tag.rpartition("}")[2] for element in drawing.iter()]
    assert kinds.count("path") > 5 or "image" in kinds
    assert drawing.tag.endswith("}svg")
    return [element.text or "" for element in drawing.iter() if element.tag.endswith("}text")]


def test_a_histogram_panel_is_taken_along_as_picture_and_as_all_its_logged_bins(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}?q=gradients", HEAT)
    assert is_picture(download(page, KEY, "Views of", "PNG"))
    rows = rows_of(download(page, KEY, "Views of", "CSV"))
    names = {row["run"] for row in rows}
    assert len(names) == 1 and {row["run_id"] for row in rows} == names  # ids are the names here
    uid = httpx.get(f"{server.base_url}/api/runs/local/{logged}/{names.pop()}").json()["uid"]
    drawn = wait_for_panel(page, HEAT)["data"]
    steps = sorted({float(row["step"]) for row in rows})
    assert len(steps) == len(drawn["mass"]) and uid > 0
    first = [row for row in rows if float(row["step"]) == steps[0]]
    assert sum(float(row["count"]) for row in first) == 32
    edges = [float(row["from"]) for row in first]
    assert np.allclose(np.diff(edges), edges[1] - edges[0]) and len(edges) == 64


def test_a_layer_map_is_taken_along_with_its_statistic(
    page: Page, server: Server, logged: str
) -> None:
    title = "Layer map of gradients"
    open_panel(page, f"{server.base_url}/local/{logged}?q=gradients", "layers gradients")
    assert is_picture(download(page, title, "Settings of", "PNG"))
    texts = texts_of(download(page, title, "Settings of", "SVG"))
    assert texts[0] == title and "Step" in texts and any("run-" in text for text in texts)
    rows = rows_of(download(page, title, "Settings of", "CSV"))
    drawn = wait_for_panel(page, "layers gradients")["data"]["rows"]
    wanted = [(row["key"], x, v) for row in drawn for x, v in pairs(row)]
    found = [(row["tensor"], float(row["step"]), float(row["rms"])) for row in rows]
    assert found == wanted and {row["run_id"] for row in rows} <= {"run-0", "run-1", "run-2"}


@pytest.mark.parametrize("kind", ["bars", "scatter", "parallel"])
def test_an_added_chart_of_runs_is_taken_along_with_their_values(
    page: Page, server: Server, logged: str, kind: str
) -> None:
    keys = ["config.rate"] if kind == "bars" else ["config.rate", "summary.lr"]
    own = [{"id": "own a", "kind": kind, "title": "Mine", "keys": keys}]
    address = f"{server.base_url}/local/{logged}?own={quote(json.dumps(own))}"
    open_panel(page, address, "own a")
    assert is_picture(download(page, "Mine", "Settings of", "PNG"))
    texts = texts_of(download(page, "Mine", "Settings of", "SVG"))
    assert texts[0] == "Mine" and {"run-0", "run-1", "run-2"} <= {*texts}
    assert "rate" in texts
    rows = rows_of(download(page, "Mine", "Settings of", "CSV"))
    rates = {row["run_id"]: float(row["config.rate"]) for row in rows}
    assert rates == {"run-0": 0.01, "run-1": 0.02, "run-2": 0.04}


def size_of(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize("panel_id", ["scalar train/loss", HEAT, "layers gradients"])
def test_a_picture_is_drawn_two_and_three_times_as_fine_and_the_panel_stays_as_it_was(
    page: Page, server: Server, logged: str, panel_id: str
) -> None:
    title = {HEAT: KEY, "layers gradients": "Layer map of gradients"}.get(panel_id, "train/loss")
    menu = "Views of" if panel_id == HEAT else "Settings of"
    open_panel(page, f"{server.base_url}/local/{logged}?q=gradients|loss", panel_id)
    once = download(page, title, menu, "PNG")
    twice = download(page, title, menu, "2× PNG")
    thrice = download(page, title, menu, "3× PNG")
    width, height = size_of(once)
    assert size_of(twice) == (2 * width, 2 * height)
    assert size_of(thrice) == (3 * width, 3 * height)
    assert page.evaluate(DIFFERING, [list(once), list(twice)]) > 100
    plot = region(page, title).locator(".plot canvas").first
    assert plot.evaluate("canvas => canvas.width === canvas.clientWidth")
    assert page.evaluate("devicePixelRatio") == 1


@pytest.mark.parametrize(
    ("view", "x", "y"),
    [
        ("heatmap", "Step", "Value"),
        ("percentiles", "Step", "Value"),
        ("ridgeline", "Value", "Step"),
        ("step", "Value", ""),
    ],
)
def test_each_view_of_a_histogram_is_a_drawing_with_names_of_its_axes(
    page: Page, server: Server, logged: str, view: str, x: str, y: str
) -> None:
    page.goto(f"{server.base_url}/local/{logged}?q=gradients&hist={view}")
    region(page, KEY).locator(".plot").wait_for()
    wait_for_panel(page, HEAT)
    texts = texts_of(download(page, KEY, "Views of", "SVG"))
    assert texts[0] == KEY
    assert x in texts and (y in texts or not y)
    assert any(text.startswith("run-") for text in texts)


def test_pictures_have_the_size_that_is_typed(page: Page, server: Server, logged: str) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", "scalar train/loss")
    region(page, "train/loss").hover()
    page.get_by_role("button", name="Settings of train/loss", exact=True).click()
    page.get_by_label("Width of the picture").fill("640")
    page.get_by_label("Height of the picture").fill("400")
    page.keyboard.press("Escape")
    assert size_of(download(page, "train/loss", "Settings of", "2× PNG")) == (1280, 800)
    drawing = ElementTree.fromstring(download(page, "train/loss", "Settings of", "SVG"))
    assert (drawing.get("width"), drawing.get("height")) == ("640", "400")
    plot = region(page, "train/loss").locator(".plot")
    shown = plot.locator("canvas").first.evaluate("canvas => canvas.clientWidth")
    assert shown == plot.evaluate("plot => plot.clientWidth")


# Pixels of the finer picture that the coarser one does not have when it is only stretched.
DIFFERING = """async pictures => {
  const decode = bytes => createImageBitmap(new Blob([new Uint8Array(bytes)]));
  const [coarse, fine] = await Promise.all(pictures.map(decode));
  const pixels = picture => {
    const context = new OffscreenCanvas(fine.width, fine.height).getContext('2d');
    context.drawImage(picture, 0, 0, fine.width, fine.height);
    return context.getImageData(0, 0, fine.width, fine.height).data;
  };
  const [stretched, drawn] = [pixels(coarse), pixels(fine)];
  let differing = 0;
  for (let i = 0; i < drawn.length; i += 4) differing += Math.abs(drawn[i] - stretched[i]) > 40;
  return differing;
}"""
