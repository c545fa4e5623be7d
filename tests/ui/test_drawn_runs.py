"""Order, filter and group decide what is drawn, until a reader touches an eye."""

from __future__ import annotations

import json
import re
import uuid
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

from .conftest import Server, start_run, wait_for_panel
from .test_line_panels import region

RUNS = 25
LOSS = "scalar val/loss"


@pytest.fixture(scope="module")
def project(server: Server) -> str:
    """25 runs: the older, the better; in groups of two by `pair`, of eight by `third`."""
    name = f"order-{uuid.uuid4().hex[:8]}"
    for number in range(RUNS):
        config = {"pair": f"p{number // 2:02}", "third": number // 9, "rate": number}
        with start_run(server.base_url, name, name=f"run-{number:02}", config=config) as run:
            run.log({"val/accuracy": 1 - number / 100, "val/loss": 1.0, "margin": number})
            run.log({"val/accuracy": 1 - number / 100, "val/loss": number / 10, "margin": number})
    return name


def drawn(page: Page, *numbers: int) -> None:
    """Waits until just these runs are drawn."""
    names = ",".join(f"run-{number:02}" for number in numbers)
    line = "panel.data.lines?.map(line => line.label).sort().join()"
    wait_for_panel(page, LOSS, f"{line} === '{names}'")


def listed(page: Page) -> list[str]:
    return page.get_by_label("Runs", exact=True).get_by_role("link").all_inner_texts()


def test_the_first_ten_of_the_order_are_drawn(page: Page, server: Server, project: str) -> None:
    page.goto(f"{server.base_url}/local/{project}")
    drawn(page, *range(15, 25))
    page.goto(f"{server.base_url}/local/{project}?sort=-summary.val/accuracy")
    drawn(page, *range(10))
    page.get_by_role("button", name="Sort ascending").click()
    drawn(page, *range(15, 25))


def test_the_first_ten_of_what_a_filter_and_a_search_leave_are_drawn(
    page: Page, server: Server, project: str
) -> None:
    kept = quote(json.dumps({"config.rate": {"$gte": 3}}))
    page.goto(f"{server.base_url}/local/{project}?sort=summary.val/loss&filter={kept}")
    drawn(page, *range(3, 13))
    page.get_by_label("Search runs (regex)").fill("run-2")
    drawn(page, *range(20, 25))


def test_a_run_whose_eye_was_touched_stays_as_it_is_while_the_order_changes(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}?sort=name")
    drawn(page, *range(10))
    page.get_by_role("button", name="Hide run-03").click()
    page.get_by_role("button", name="Show run-12").click()
    drawn(page, 0, 1, 2, 4, 5, 6, 7, 8, 9, 12)
    page.get_by_role("button", name="Sort descending").click()
    drawn(page, 12, *range(15, 25))
    page.get_by_role("button", name="Sort ascending").click()
    page.reload()
    drawn(page, 0, 1, 2, 4, 5, 6, 7, 8, 9, 12)


def test_with_groups_the_first_ten_are_drawn_with_all_their_members(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}?sort=name&group=config.pair&glines=0")
    drawn(page, *range(20))
    page.get_by_label("Group runs by").first.select_option("config.third")
    drawn(page, *range(25))


def test_a_group_has_an_eye_beside_the_panels_and_in_the_table(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}?sort=name&group=config.third&glines=0")
    drawn(page, *range(25))
    page.get_by_role("button", name="Hide all runs of third 1").click()
    drawn(page, *range(9), *range(18, 25))
    page.get_by_role("button", name="Show run-10").click()
    eye = page.get_by_role("button", name="Show all runs of third 1")
    expect(eye).to_have_attribute("aria-pressed", "mixed")
    eye.click()
    drawn(page, *range(25))
    page.get_by_role("link", name="All runs as a table").click()
    page.get_by_role("button", name="Hide all runs of third 0").click()
    page.get_by_role("link", name="Workspace").click()
    drawn(page, *range(9, 25))


def test_selected_runs_are_compared_with_their_curves_alone(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}/runs?sort=name")
    for number in (4, 20):
        page.get_by_label(f"Select run-{number:02}").check()
    page.get_by_role("button", name="Compare", exact=True).click()
    drawn(page, 4, 20)
    heads = page.get_by_role("region", name="Run comparer").get_by_role("columnheader")
    expect(heads).to_have_text(["Value", "run-04", "run-20"])


def test_only_the_selected_runs_are_shown_with_one_button(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}/runs?sort=name")
    for number in (5, 21):
        page.get_by_label(f"Select run-{number:02}").check()
    page.get_by_role("button", name="Show only these").click()
    page.get_by_role("link", name="Workspace").click()
    drawn(page, 5, 21)


@pytest.mark.parametrize(
    ("column", "first", "said"),
    [("val/accuracy", 0, "best first"), ("val/loss", 0, "best first"), ("margin", 0, "")],
)
def test_the_first_click_on_a_metric_sorts_its_best_first_and_the_header_says_so(
    page: Page, server: Server, project: str, column: str, first: int, said: str
) -> None:
    columns = "summary.val%252Faccuracy,summary.val%252Floss,summary.margin"
    page.goto(f"{server.base_url}/local/{project}/runs?columns={columns}")
    head = page.get_by_role("columnheader").filter(has_text=column)
    head.get_by_role("button").click()
    row = page.locator("tbody tr").first
    expect(row).to_contain_text(f"run-{first:02}")
    assert ("best first" in head.inner_text()) == bool(said)
    head.get_by_role("button").click()
    expect(row).to_contain_text("run-24")
    assert ("worst first" in head.inner_text()) == bool(said)


def test_runs_of_one_colour_are_told_apart_by_dashes_in_list_and_panel_or_it_is_said(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}?sort=name")
    drawn(page, *range(10))
    for number in (12, 24):
        page.get_by_role("button", name=f"Show run-{number:02}").click()
    drawn(page, *range(10), 12, 24)
    rows = page.get_by_label("Runs", exact=True).locator(".listrow")
    dashes = [
        rows.filter(has_text=f"run-{number:02}").locator(".dashdot line").all()
        for number in (0, 12)
    ]
    assert [len(found) for found in dashes] == [0, 1]
    notes = region(page, "val/loss").locator(".badge")
    expect(notes).not_to_have_attribute("title", re.compile("look alike"))
    own = httpx.get(f"{server.base_url}/api/projects/local/{project}/runs").json()["runs"]
    chosen = [run["uid"] for run in own if run["name"] in ("run-03", "run-04")]
    for color, alike in (("#123456", True), ("", False)):
        edit = {"runs": chosen, "color": color}
        httpx.patch(f"{server.base_url}/api/runs", json=edit).raise_for_status()
        said = re.compile("2 lines look alike")
        check = expect(notes)
        (check.to_have_attribute if alike else check.not_to_have_attribute)("title", said)
