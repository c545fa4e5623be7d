"""A server that goes away for a while: what is on screen stays, and what failed heals by itself."""

from __future__ import annotations

import signal
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

import lossboard

from .conftest import start_run, wait_for_panel
from .test_line_panels import region

BACK = 60_000
LINES = "panel.data.lines?.length === {}"


@pytest.fixture
def project(own_server: Any) -> str:
    """Two runs with a loss, a histogram and a table; the second of them has 20,000 steps."""
    name = f"away-{uuid.uuid4().hex[:8]}"
    for number, steps in enumerate((20, 20_000)):
        with start_run(own_server.base_url, name, name=f"run-{number}") as run:
            for step in range(steps):
                run.log({"loss": 1 / (step + 1)}, step=step)
            for step in range(steps, steps + 3):
                weights = lossboard.Histogram(np.random.default_rng(step).normal(size=500))
                table = lossboard.Table(columns=["n"], data=[[step]])
                run.log({"weights": weights, "rows/table": table}, step=step)
    return name


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    """A page of its own: requests to a server that is away are errors on the console."""
    tab = context.new_page()
    yield tab
    tab.close()


def test_every_panel_that_failed_asks_again_once_the_server_is_back(
    tab: Page, own_server: Any, project: str
) -> None:
    tab.goto(f"{own_server.base_url}/local/{project}?hide=*&smooth=none%3A0")
    expect(tab.get_by_text("All runs are hidden")).to_be_visible()
    tab.get_by_text("Live", exact=True).wait_for()
    own_server.stop(signal.SIGINT)
    tab.get_by_role("button", name="Show all runs", exact=True).first.click()
    failed = tab.get_by_role("alert").filter(has_text="The server did not answer")
    expect(failed.first).to_be_visible()
    own_server.start()
    for panel in ("scalar loss", "histogram weights"):
        wait_for_panel(tab, panel)
    expect(region(tab, "rows/table").get_by_role("table")).to_be_visible(timeout=BACK)
    expect(failed).to_have_count(0)


def test_the_last_pictures_and_the_top_bar_stay_while_the_server_is_away(
    tab: Page, own_server: Any, project: str
) -> None:
    tab.goto(f"{own_server.base_url}/local/{project}?smooth=none%3A0")
    drawn = wait_for_panel(tab, "scalar loss", LINES.format(2))
    own_server.stop(signal.SIGINT)
    expect(tab.locator(".top .live")).to_contain_text("reconnecting", timeout=BACK)
    assert wait_for_panel(tab, "scalar loss")["data"]["lines"] == drawn["data"]["lines"]
    tab.get_by_role("button", name="Hide run-1").click()
    wait_for_panel(tab, "scalar loss", LINES.format(1))
    own_server.start()
    expect(tab.locator(".top .live")).to_contain_text("Live", timeout=BACK)


def test_a_page_notices_a_server_that_hangs_or_a_line_that_is_cut(
    tab: Page, server_factory: Any
) -> None:
    server = server_factory(event_comment_secs=0.5)  # the page allows eight thirds of it
    with start_run(server.base_url, "hangs", name="run") as run:
        run.log({"loss": 1.0})
    tab.goto(f"{server.base_url}/local/hangs")
    wait_for_panel(tab, "scalar loss")
    server.process.send_signal(signal.SIGSTOP)
    try:
        expect(tab.locator(".top .live")).to_contain_text("No word for", timeout=BACK)
        expect(tab.get_by_text("stale, reconnecting").first).to_be_visible()
    finally:
        server.process.send_signal(signal.SIGCONT)
    expect(tab.locator(".top .live")).to_contain_text("Live", timeout=BACK)


def test_a_panel_says_how_many_blocks_of_its_series_cant_be_read(
    tab: Page, own_server: Any, project: str
) -> None:
    own_server.stop(signal.SIGINT)
    with closing(sqlite3.connect(own_server.data_dir / "lossboard.db")) as database, database:
        chosen = "level = 0 AND ordinal = 4096"
        ((id_, data),) = database.execute(f"SELECT id, data FROM block WHERE {chosen}").fetchall()
        changed = data[:100] + bytes(64) + data[164:]
        database.execute("UPDATE block SET data = ? WHERE id = ?", (changed, id_))
    own_server.start()
    tab.goto(f"{own_server.base_url}/local/{project}?smooth=none%3A0")
    wait_for_panel(tab, "scalar loss", LINES.format(2))
    expect(region(tab, "loss").get_by_text("1 block of this series can't be read")).to_be_visible()


def test_code_that_is_not_there_yet_comes_when_the_server_is_back_and_is_no_new_version(
    tab: Page, own_server: Any, project: str
) -> None:
    tab.goto(f"{own_server.base_url}/local/{project}")
    wait_for_panel(tab, "scalar loss", LINES.format(2))
    own_server.stop(signal.SIGINT)
    tab.get_by_role("link", name="run-1").click()
    away = tab.get_by_text("The server does not answer")
    expect(away.first).to_be_visible()
    expect(tab.locator(".top")).to_be_visible()
    expect(tab.get_by_text("new version")).to_have_count(0)
    own_server.start()
    expect(away).to_have_count(0, timeout=BACK)
    expect(tab.get_by_role("heading", name="run-1")).to_be_visible(timeout=BACK)
