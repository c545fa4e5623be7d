"""What the training says of itself, and what it can be told: alerts and Stop."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import REPOSITORY, Server, start_run

TRAINING = """
import sys, time
sys.path[:0] = sys.argv[1].split(":")
import lossboard
settings = {"base_url": sys.argv[2], "silent": True}
with lossboard.init(project="stop", id=sys.argv[3], name=sys.argv[3], settings=settings) as run:
    for step in range(6000):
        run.log({"loss": 1 / (step + 1)})
        time.sleep(0.02)
"""


@pytest.fixture
def training(server: Server, own_name: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A script that trains for two minutes; its run is named as the test."""
    roots = ":".join(str(REPOSITORY / name) for name in ("client", "server"))
    command = [sys.executable, "-c", TRAINING, roots, server.base_url, own_name]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        wait_for_run(f"{server.base_url}/api/runs/local/stop/{own_name}")
        yield process
        process.kill()


def wait_for_run(address: str) -> None:
    deadline = time.monotonic() + 60
    while not httpx.get(address).is_success:
        assert time.monotonic() < deadline, "the script never logged"
        time.sleep(0.1)


def test_stop_in_the_menu_of_a_run_ends_its_training(
    page: Page, server: Server, training: subprocess.Popen[bytes], own_name: str
) -> None:
    page.goto(f"{server.base_url}/local/stop/runs/{own_name}/overview")
    expect(page.locator(".runhead .stat")).to_contain_text("running")
    page.get_by_role("button", name="Actions of this run").click()
    page.get_by_role("button", name="Stop run").click()
    expect(page.get_by_text(f"Asked {own_name} to stop")).to_be_visible()
    assert training.wait(30) != 0
    assert training.stderr is not None and b"KeyboardInterrupt" in training.stderr.read()
    expect(page.locator(".runhead .stat")).to_contain_text("killed")
    page.get_by_role("button", name="Actions of this run").click()
    expect(page.get_by_role("button", name="Stop run")).to_have_count(0)


def test_asking_a_run_to_stop_can_be_undone(page: Page, server: Server, own_name: str) -> None:
    with start_run(server.base_url, own_name, name="alone", id="alone") as run:
        run.log({"loss": 1.0})
        assert run._sender.flush(30)
        page.goto(f"{server.base_url}/local/{own_name}/runs")
        page.locator("tbody tr").filter(has_text="alone").hover()
        page.get_by_role("button", name="Actions of alone").click()
        page.get_by_role("button", name="Stop run").click()
        undo = page.get_by_role("button", name="Undo", exact=True).last
        expect(undo).to_be_visible()
        page.get_by_role("link", name="alone").last.click()
        expect(page.locator(".runhead .stat")).to_contain_text("stopping…")
        undo.click()
        expect(page.locator(".runhead .stat")).to_contain_text("running")


def test_alerts_are_shown_in_the_run_newest_first_as_they_come(
    page: Page, server: Server, own_name: str
) -> None:
    run: Any = start_run(server.base_url, own_name, name="told", id="told")
    run.alert("Loss is NaN", "step 3\nlearning rate 0.1 <b>", level="ERROR")
    run.alert("Slow", "x" * 400, level="WARN")
    assert run._sender.flush(30)
    page.goto(f"{server.base_url}/local/{own_name}/runs/told/overview")
    alerts = page.get_by_role("list", name="Alerts of this run").get_by_role("listitem")
    expect(alerts).to_have_count(2, timeout=30_000)
    expect(alerts.nth(0)).to_contain_text("Slow Warning")
    expect(alerts.nth(1)).to_contain_text("step 3\nlearning rate 0.1 <b>")
    run.alert("Done", "all went well")
    expect(alerts.nth(0)).to_contain_text("all went well")
    boxes = [alert.bounding_box() for alert in alerts.all()]
    assert all(box is not None and box["x"] + box["width"] <= 1440 for box in boxes)
    run.finish()
