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

from .conftest import REPOSITORY, Server, open_panel, start_run, wait_for_panel

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


def test_a_bell_counts_new_alerts_of_the_project_and_lists_them_with_their_runs(
    page: Page, server: Server, own_name: str
) -> None:
    runs: list[Any] = [
        start_run(server.base_url, own_name, name=name, id=name) for name in ("calm", "loud")
    ]
    runs[0].alert("Started", "all is well")
    assert runs[0]._sender.flush(30)
    page.goto(f"{server.base_url}/local/{own_name}")
    bell = page.get_by_role("button", name="Alerts, 1 new")
    expect(bell).to_be_visible(timeout=30_000)
    runs[1].alert("Loss is NaN", "step 3", level="ERROR")
    expect(page.get_by_role("button", name="Alerts, 2 new")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Alerts, 2 new").click()
    listed = page.get_by_role("list", name="Alerts of this project").get_by_role("listitem")
    expect(listed).to_have_count(2)
    expect(listed.nth(0)).to_contain_text("Loss is NaN Error")
    expect(listed.nth(1)).to_contain_text("Started Info")
    listed.nth(0).get_by_role("link", name="loud").click()
    page.wait_for_url("**/runs/loud/overview*")
    page.reload()
    expect(page.get_by_role("button", name="Alerts", exact=True)).to_be_visible()
    for run in runs:
        run.finish()


@pytest.mark.parametrize("place", ["list", "right click", "table", "page"])
def test_a_run_has_the_same_menu_wherever_it_is_named(
    page: Page, server: Server, own_name: str, place: str
) -> None:
    with start_run(server.base_url, own_name, name="one", id="one") as run:
        run.log({"loss": 1.0})
        assert run._sender.flush(30)
        open_menu_at(page, f"{server.base_url}/local/{own_name}", place)
        entries = page.locator(".menu > button")
        expect(entries).to_have_text(
            [
                "Rename",
                "Edit tags",
                "Edit notes",
                "Use as baseline",
                "Pin to the top",
                "Show only this run",
                "Copy path of the run",
                "Stop run",
                "Move to another project",
                "Delete run",
            ]
        )
        expect(page.get_by_role("group", name="Colour of one")).to_be_visible()
        page.get_by_role("button", name="Stop run").click()
        expect(page.get_by_text("Asked one to stop")).to_be_visible()
        page.get_by_role("button", name="Undo", exact=True).last.click()


def open_menu_at(page: Page, project: str, place: str) -> None:
    page.goto({"table": f"{project}/runs", "page": f"{project}/runs/one"}.get(place, project))
    if place == "page":
        page.get_by_role("button", name="Actions of this run").click()
        return
    link = page.get_by_role("link", name="one", exact=True)
    if place == "right click":
        link.click(button="right")
    else:
        link.hover()
        page.get_by_role("button", name="Actions of one").click()


def test_name_tags_and_notes_are_edited_where_a_run_has_no_row(
    page: Page, server: Server, own_name: str
) -> None:
    with start_run(server.base_url, own_name, name="plain", id="one"):
        pass
    page.goto(f"{server.base_url}/local/{own_name}/runs/one")
    expect(page.get_by_role("heading", name="plain")).to_be_visible()
    for entry, field, text in (
        ("Edit notes", "Notes", "two\nlines"),
        ("Edit tags", "Tags, with commas", "best, kept"),
        ("Rename", "Name of the run", "champion"),
    ):
        page.get_by_role("button", name="Actions of this run").click()
        page.get_by_role("button", name=entry, exact=True).click()
        page.get_by_role("textbox", name=field).fill(text)
        page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="champion")).to_be_visible()
    expect(page.locator(".runhead .tag")).to_have_text(["best", "kept"])
    answer = httpx.get(f"{server.base_url}/api/runs/local/{own_name}/one").json()
    assert (answer["name"], answer["tags"]) == ("champion", ["best", "kept"])
    assert answer["notes"] == "two\nlines"


def test_a_run_is_moved_from_its_menu_and_old_links_lead_to_it(
    page: Page, server: Server, own_name: str
) -> None:
    for project, name in ((own_name, "one"), (own_name, "two"), (f"{own_name}-b", "other")):
        with start_run(server.base_url, project, name=name, id=name) as run:
            run.log({"loss": 1.0})
    page.goto(f"{server.base_url}/local/{own_name}/runs/one/overview")
    page.get_by_role("button", name="Actions of this run").click()
    page.get_by_role("button", name="Move to another project").click()
    page.get_by_label("To project").fill(f"{own_name}-b")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text(f"Moved one to {own_name}-b")).to_be_visible()
    page.wait_for_url(f"**/local/{own_name}-b/runs/one/overview")
    page.goto(f"{server.base_url}/local/{own_name}/runs/one")
    page.wait_for_url(f"**/local/{own_name}-b/runs/one")
    page.goto(f"{server.base_url}/local/{own_name}/runs")
    expect(page.get_by_role("link", name="two", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="one", exact=True)).to_have_count(0)


def test_an_alert_is_marked_on_the_curve_at_its_step(
    page: Page, server: Server, own_name: str
) -> None:
    with start_run(server.base_url, own_name, name="told", id="told") as run:
        for step in range(100):
            run.log({"loss": 1 / (step + 1)}, step=step)
            if step == 60:
                run.alert("Plateau", "no progress", level="WARN")
    panel = open_panel(
        page,
        f"{server.base_url}/local/{own_name}?smooth=none%3A0",
        "scalar loss",
        "panel.data.alerts?.length === 1",
    )
    mark = panel["data"]["alerts"][0]
    assert (mark["x"], mark["title"], mark["level"]) == (60, "Plateau", "WARN")
    foot = page.locator(".chart-tip-foot")
    for nudge in range(40):  # the panel may get another width while the page fills
        data = wait_for_panel(page, "scalar loss")["data"]
        plot, [low, high] = data["plot"], data["x"]
        box = page.locator(".plot").first.bounding_box()
        assert box is not None
        across = plot["left"] + (60 - low) / (high - low) * plot["width"]
        page.mouse.move(box["x"] + across, box["y"] + plot["top"] + 40 + nudge % 2)
        if foot.count():
            break
        page.wait_for_timeout(250)
    expect(foot).to_contain_text("alert: Plateau (warning)")
    page.get_by_role("button", name="Alerts, 1 new").click()
    listed = page.get_by_role("list", name="Alerts of this project").get_by_role("listitem")
    expect(listed).to_contain_text("Plateau Warning · step 60")
