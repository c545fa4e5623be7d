"""Media in the numbers that people have: nothing is cut in silence, legends leave room."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import lossboard

from .conftest import Server, start_run, wait_for_panel

PICTURES = 120
CLASSES = 150
ROWS = 10_050
OFFICIAL = f"""
import numpy as np, wandb
run = wandb.init(project="many", name="official", id="official")
table = wandb.Table(columns=["n", "word"], allow_mixed_types=True)
for i in range({ROWS}):
    table.add_data(i, f"word {{i}}")
small = wandb.Table(columns=["picture"], data=[[wandb.Image(np.zeros((4, 4), np.uint8))]])
run.log({{"long": table, "small": small}})
run.finish()
"""
COLOR = "element => getComputedStyle(element).getPropertyValue('--c').trim()"
PIXEL = """([x, y]) => [...document.querySelector('canvas.mask')
  .getContext('2d').getImageData(x, y, 1, 1).data]"""


def masked() -> lossboard.Image:
    names = {number: f"class {number}" for number in range(CLASSES)}
    ids = np.zeros((160, 160), np.uint8)
    ids[80:] = 40
    position = {"minX": 0.1, "maxX": 0.5, "minY": 0.1, "maxY": 0.5}
    boxes = [
        {"position": position, "class_id": 40, "scores": {"sure": score}, "box_caption": word}
        for score, word in ((0.9, "sure"), (0.2, "unsure"))
    ]
    return lossboard.Image(
        np.full((160, 160, 3), 90, np.uint8),
        masks={name: {"mask_data": ids, "class_labels": names} for name in ("seg", "truth")},
        boxes={"pred": {"box_data": boxes, "class_labels": names}},
    )


def cells() -> lossboard.Table:
    picture = lossboard.Image(np.zeros((4, 4), np.uint8))
    rows = [["cat", 1, picture], ["dog", 2, picture], ["cat", 5, picture], ["", 9, None]]
    return lossboard.Table(columns=["kind", "score", "picture"], data=rows)


@pytest.fixture(scope="module")
def shown(server: Server) -> str:
    flat = [np.full((24, 32), 2 * i, np.uint8) for i in range(PICTURES)]
    pictures = [lossboard.Image(one, caption=f"no. {i}") for i, one in enumerate(flat)]
    for name in ("a", "b"):
        with start_run(server.base_url, "many", name=name, id=name) as run:
            run.log({"pictures": pictures, "masked": masked(), "cells": cells()})
    return f"{server.base_url}/local/many"


@pytest.fixture(scope="module")
def official(server: Server, shown: str) -> str:
    folder = Path(tempfile.mkdtemp())
    (folder / "script.py").write_text(OFFICIAL)
    own = {"WANDB_BASE_URL": server.base_url, "WANDB_API_KEY": "local" + "0" * 35}
    quiet = {"WANDB_SILENT": "true", "HOME": str(folder)}
    command = [sys.executable, "script.py"]
    subprocess.run(command, cwd=folder, env={**os.environ, **own, **quiet}, check=True)
    return f"{shown}/runs/official"


def opened(page: Page, address: str, key: str) -> Any:
    page.goto(f"{address}?q=^{key}$")
    wait_for_panel(page, f"media {key}", "panel.data.step !== null")
    return page.get_by_role("region", name=key, exact=True)


def test_all_pictures_of_a_step_are_reached(page: Page, shown: str) -> None:
    panel = opened(page, f"{shown}/runs/a", "pictures")
    expect(panel).to_contain_text("1–48 of 120")
    panel.get_by_role("button", name="Items after these").click()
    panel.get_by_role("button", name="Items after these").click()
    expect(panel).to_contain_text("97–120 of 120")
    expect(panel.locator("figcaption").last).to_have_text("no. 119")


def test_a_click_shows_a_picture_at_its_own_size_beside_that_of_the_other_run(
    page: Page, shown: str
) -> None:
    panel = opened(page, shown, "pictures")
    panel.get_by_role("button", name="Open no. 3", exact=True).first.click()
    viewer = page.get_by_role("dialog", name="Picture of pictures")
    expect(viewer.locator("img")).to_have_count(2)
    page.wait_for_function("() => document.querySelector('.viewer img')?.clientWidth === 32")
    page.keyboard.press("+")
    page.wait_for_function("() => document.querySelector('.viewer img')?.clientWidth === 64")
    page.keyboard.press("ArrowRight")
    expect(viewer.locator("img").first).to_have_attribute("alt", "no. 4")
    link = viewer.get_by_role("link", name="Original").first
    assert page.request.get(str(link.evaluate("link => link.href"))).body()[:4] == b"\x89PNG"


def test_a_long_table_of_the_official_client_has_all_its_rows(page: Page, official: str) -> None:
    panel = opened(page, official, "long")
    expect(panel).to_contain_text("10,050 rows")
    panel.get_by_label("Filter rows").fill("word 10049")
    expect(panel.locator("tbody td")).to_have_text(["10,049", "word 10049"])
    panel = opened(page, official, "small")
    expect(panel.locator("tbody img")).to_have_count(1)


def test_a_legend_of_many_classes_leaves_room_for_the_picture(page: Page, shown: str) -> None:
    panel = opened(page, f"{shown}/runs/a", "masked")
    picture = panel.locator("img").bounding_box()
    assert picture["height"] > 60
    panel.get_by_role("button", name="450 classes").click()
    panel.get_by_label("Find classes").fill("class 40")
    switches = panel.get_by_role("region", name="Classes").get_by_role("button")
    expect(switches).to_have_text(["class 40"] * 3)
    assert switches.first.evaluate(COLOR) == panel.locator(".box").first.evaluate(COLOR)


def test_every_class_is_painted_switched_and_chosen_by_its_score(page: Page, shown: str) -> None:
    panel = opened(page, f"{shown}/runs/a", "masked")
    page.wait_for_function(f"() => ({PIXEL})([0, 0])[3] === 255")
    assert page.evaluate(PIXEL, [0, 0]) != page.evaluate(PIXEL, [0, 100])
    panel.get_by_role("button", name="None", exact=True).click()
    page.wait_for_function(f"() => ({PIXEL})([0, 100])[3] === 0")
    expect(panel.locator(".box")).to_have_count(0)
    panel.get_by_role("button", name="All", exact=True).click()
    expect(panel.locator(".box")).to_have_count(2)
    panel.get_by_label("Least sure").fill("0.5")
    expect(panel.locator(".box")).to_have_text(["sure"])


def test_a_table_is_filtered_by_column_hidden_and_grouped(page: Page, shown: str) -> None:
    panel = opened(page, f"{shown}/runs/a", "cells")
    panel.get_by_role("button", name="Columns", exact=True).click()
    panel.get_by_label("picture", exact=True).uncheck()
    rows = panel.locator("tbody tr")
    for column, typed, found in (
        ("score", "2..5", ["dog2", "cat5"]),
        ("score", "> 5", ["9"]),
        ("kind", "/^c/", ["cat1", "cat5"]),
        ("kind", "missing", ["9"]),
    ):
        field = panel.get_by_label(f"Filter {column}")
        field.fill(typed)
        expect(rows).to_have_text(found)
        field.fill("")
    panel.get_by_label("Group by kind").check()
    expect(panel.locator("thead th")).to_have_text(["kind", "rows", "mean of score", "picture"])
    expect(rows).to_have_text(["cat23", "dog12", "19–"])
    expect(rows.first.locator("img")).to_have_count(2)


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def film_of_an_old_codec() -> io.BytesIO:
    """As OpenCV writes films where nothing else is asked for: MPEG-4 Part 2 in an mp4."""
    entry = box(b"mp4v", bytes(78))
    samples = box(b"stbl", box(b"stsd", bytes(4) + (1).to_bytes(4, "big") + entry))
    track = box(b"mdia", box(b"minf", box(b"vmhd", bytes(12)) + samples))
    return io.BytesIO(box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", box(b"trak", track)))


def test_a_film_that_no_browser_plays_says_its_codec_and_what_to_do(
    page: Page, server: Server
) -> None:
    with start_run(server.base_url, "codec", name="a", id="a") as run:
        run.log({"film": lossboard.Video(film_of_an_old_codec(), format="mp4")})
    panel = opened(page, f"{server.base_url}/local/codec/runs/a", "film")
    expect(panel).to_contain_text("MPEG-4 Part 2 (mp4v), is none that this browser plays")
    expect(panel.locator("pre")).to_contain_text("ffmpeg -i")
