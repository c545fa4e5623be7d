"""What charts write: labels at the ends of axes, names and values of many bars."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from lossboard import plot

from .conftest import Server, open_panel, start_run
from .drawn_texts import RECORD, texts_of

TEXT_PIXELS = 11


@pytest.fixture
def recorded(page: Page) -> Page:
    page.add_init_script(f"({RECORD})()")
    return page


def log_bars(server: Server, project: str, runs: int) -> list[str]:
    """Runs of one value each; their values in order of the runs."""
    for number in range(runs):
        with start_run(server.base_url, project, name=f"trial {number}", id=f"r{number}") as run:
            run.log({"accuracy": 0.5 + number / 137})
    return [f"{0.5 + number / 137:.4f}" for number in range(runs)]


def test_the_axis_of_a_roc_says_its_end_and_shows_chance(recorded: Page, server: Server) -> None:
    with start_run(server.base_url, "ends", name="a", id="a") as run:
        scores = [[0.9, 0.1], [0.6, 0.4], [0.65, 0.35], [0.2, 0.8]]
        run.log({"roc": plot.roc_curve([0, 0, 1, 1], scores, classes_to_plot=[1])})
    address = f"{server.base_url}/local/ends/runs/a"
    panel = open_panel(recorded, address, "plot roc", "panel.data.lines?.length === 1")
    assert panel["data"]["x"] == [0, 1]
    assert panel["data"]["diagonal"] is True
    recorded.wait_for_timeout(300)
    lowest = max(text["y"] for text in texts_of(recorded, "roc") if text["text"] == "0.2")
    labels = [text["text"] for text in texts_of(recorded, "roc") if text["y"] == lowest]
    assert {"0.2", "1.0"} <= set(labels)
    names = recorded.get_by_role("region", name="roc", exact=True).locator(".plotnames")
    assert "chance" in names.inner_text()


@pytest.mark.parametrize("runs", [16, 50])
def test_every_bar_has_its_name_and_value_beside_it(
    recorded: Page, server: Server, runs: int
) -> None:
    values = log_bars(server, f"bars-{runs}", runs)
    condition = f"panel.data.bars?.length === {runs}"
    address = f"{server.base_url}/local/bars-{runs}?show=*"
    open_panel(recorded, address, "scalar accuracy", condition)
    recorded.wait_for_timeout(300)
    texts = texts_of(recorded, "accuracy")
    names = sorted({text["y"] for text in texts if text["text"].startswith("trial ")})
    assert len(names) == runs
    assert min(b - a for a, b in zip(names, names[1:], strict=False)) > TEXT_PIXELS
    beside = [text for text in texts if text["y"] in names and text["text"] in values]
    assert sorted({text["text"] for text in beside}) == sorted(values)
    plot_box = recorded.get_by_role("region", name="accuracy", exact=True).locator(".plot")
    box = plot_box.bounding_box()
    assert box is not None
    assert max(text["right"] for text in beside) <= box["width"]
