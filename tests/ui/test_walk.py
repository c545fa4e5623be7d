"""A newcomer with three runs: find the best, see why, compare, stop one, take a figure along."""

from __future__ import annotations

import struct
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import Server, start_run, wait_for_panel

# Before the first ten of the order were drawn, with a menu in the table alone: 14.
MOST_CLICKS = 9


class Hand:
    """Clicks, and counts them."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator, **options: Any) -> None:
        self.clicks += 1
        what.click(**options)


def test_the_walk_of_a_newcomer_takes_few_clicks(page: Page, server: Server, own_name: str) -> None:
    runs = {}
    for name, rate in (("slow", 0.001), ("good", 0.01), ("wild", 0.1)):
        config = {"rate": rate, "optimizer": "adam"}
        run = start_run(server.base_url, own_name, name=name, id=name, config=config)
        best = {"slow": 0.6, "good": 0.9, "wild": 0.3}[name]
        for step in range(30):
            run.log({"val/accuracy": best * (1 - 0.9**step), "loss": 1 - best + 0.8**step})
        runs[name] = run
    runs["slow"].finish()
    runs["good"].finish()
    assert runs["wild"]._sender.flush(30)
    page.goto(f"{server.base_url}/local/{own_name}")
    hand = Hand()
    # find the best
    hand.click(page.get_by_role("link", name="All runs as a table"))
    head = page.get_by_role("columnheader").filter(has_text="val/accuracy")
    hand.click(head.get_by_role("button"))
    expect(page.locator("tbody tr").first).to_contain_text("good")
    # see why it is better than another, and compare their curves
    hand.click(page.get_by_label("Select good"))
    hand.click(page.get_by_label("Select wild"))
    hand.click(page.get_by_role("button", name="Compare", exact=True))
    comparer = page.get_by_role("region", name="Run comparer")
    expect(comparer.get_by_role("row", name="config.rate")).to_contain_text("0.01")
    wait_for_panel(page, "scalar loss", "panel.data.lines?.length === 2")
    # stop the bad one
    hand.click(page.get_by_role("link", name="wild", exact=True), button="right")
    hand.click(page.get_by_role("button", name="Stop run"))
    expect(page.get_by_text("Asked wild to stop")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).last.click()  # it is this process
    # take a figure along
    panel = page.get_by_role("region", name="val/accuracy", exact=True)
    panel.hover()
    hand.click(panel.get_by_role("button", name="Settings of val/accuracy"))
    with page.expect_download() as figure:
        hand.click(page.get_by_role("button", name="Download 3× PNG"))
    width, _ = struct.unpack(">II", figure.value.path().read_bytes()[16:24])
    assert width > 600
    assert hand.clicks <= MOST_CLICKS
    runs["wild"].finish()
