"""Ctrl-C in the terminal of `lossboard serve` while a browser has the dashboard open."""

from __future__ import annotations

import signal
from typing import Any

from playwright.sync_api import BrowserContext, expect

from .conftest import open_panel, start_run, wait_for_panel

LOSS = "scalar loss"


def log_steps(run: Any, first: int, last: int) -> None:
    for step in range(first, last + 1):
        run.log({"loss": 1 / (step + 1)}, step=step)


def test_ctrl_c_ends_the_server_in_five_seconds_while_tabs_hold_the_live_connection(
    context: BrowserContext, own_server: Any
) -> None:
    run = start_run(own_server.base_url, "shutdown", name="growing")
    log_steps(run, 0, 9)
    address = f"{own_server.base_url}/local/shutdown"
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        open_panel(tab, address, LOSS, "panel.data.lines?.length === 1")
    log_steps(run, 10, 19)
    run.finish()
    for tab in tabs:  # without a reload: the stream of the shared worker is open
        assert tab.evaluate("typeof SharedWorker") == "function"
        wait_for_panel(tab, LOSS, "panel.data.lines[0].x.length === 20")
    assert own_server.stop(signal.SIGINT, timeout_secs=5) == 0
    assert "Traceback" not in own_server.log()
    for tab in tabs:
        expect(tab.get_by_text("stale, reconnecting").first).to_be_visible(timeout=20_000)
