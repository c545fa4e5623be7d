"""Two tabs on one project: what each of them saves is there in the end, and who is late is told."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Server, Watch, start_run, wait_for_panel

LOSS = "scalar loss"


class Tab:
    """The workspace of a project in a tab."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str) -> Tab:
        self.page.goto(address)
        wait_for_panel(self.page, LOSS, "panel.data.lines?.length === 1")
        return self

    def save_as(self, name: str) -> None:
        self.page.get_by_role("button", name="Saved views").click()
        self.page.get_by_label("Name of the view").fill(name)
        self.page.get_by_role("button", name="Save", exact=True).click()

    def save_changes(self, name: str) -> None:
        self.page.get_by_role("button", name="Saved views").click()
        self.page.get_by_role("button", name=f"Save the changes to {name}").click()

    def choose_columns(self, presses: str) -> None:
        self.page.get_by_label("Columns", exact=True).get_by_role("button").nth(
            {"-": 0, "+": 1}[presses]
        ).click()

    @property
    def views(self) -> Any:
        return self.page.get_by_label("Saved views").locator(".viewrow")

    @property
    def asked(self) -> Any:
        return self.page.get_by_role("dialog")

    def says(self, text: str) -> None:
        expect(self.page.get_by_text(text, exact=True)).to_be_visible()


@pytest.fixture
def project(server: Server) -> str:
    name = f"tabs-{uuid.uuid4().hex[:8]}"
    run = start_run(server.base_url, name, name="run-0", id=f"{name}-0", tags=["old"])
    for step in range(20):
        run.log({"loss": 1 / (step + 1), "other": step}, step=step)
    run.finish()
    return name


@pytest.fixture
def address(server: Server, project: str) -> str:
    return f"{server.base_url}/local/{project}"


@pytest.fixture
def tabs(context: BrowserContext, watch: Watch) -> Iterator[tuple[Tab, Tab]]:
    pages = [context.new_page(), context.new_page()]
    for page in pages:
        watch.follow(page)
    yield Tab(pages[0]), Tab(pages[1])
    # A refusal is told in the page; the browser notes it on its console as well.
    assert [fault for fault in watch.faults if "409 (Conflict)" not in fault] == []


def kept(address: str) -> dict[str, Any]:
    """What the server has of the views."""
    base, _, project = address.partition("/local/")
    found = httpx.get(f"{base}/api/projects/local/{project}/views").raise_for_status().json()
    return {view["name"]: view["params"] for view in found["views"]}


def test_views_of_two_tabs_are_all_kept_and_each_tab_sees_them(
    tabs: tuple[Tab, Tab], address: str
) -> None:
    one, two = (tab.open(address) for tab in tabs)
    one.save_as("A")
    one.says("Saved the view A")
    two.save_as("B")
    two.says("Saved the view B")
    one.save_as("C")
    one.says("Saved the view C")
    assert set(kept(address)) == {"A", "B", "C"}
    for tab in (one, two):
        tab.page.get_by_role("button", name="Saved views").click()
        expect(tab.views).to_have_text(["A", "B", "C"])
    one.page.get_by_role("button", name="Delete the view A").click()
    one.says("Deleted the view A")
    expect(two.views).to_have_text(["B", "C"])
    one.page.get_by_role("button", name="Undo", exact=True).click()
    expect(two.views).to_have_text(["B", "C", "A"])


@pytest.fixture
def both(tabs: tuple[Tab, Tab], address: str) -> tuple[Tab, Tab]:
    """Two tabs on one view of four columns."""
    one, two = tabs
    one.open(f"{address}?cols=4").save_as("V")
    one.says("Saved the view V")
    one.page.wait_for_url("**?view=V&as=*")
    two.open(one.page.url)
    return one, two


def test_changes_of_different_things_in_one_view_are_both_kept(
    both: tuple[Tab, Tab], address: str
) -> None:
    one, two = both
    one.choose_columns("+")
    one.save_changes("V")
    one.says("Saved the view V")
    two.page.get_by_role("button", name="Hide run-0").click()
    two.save_changes("V")
    two.says("Saved the view V with the changes that were saved elsewhere meanwhile")
    assert kept(address)["V"].keys() == {"cols", "hide"} and kept(address)["V"]["cols"] == "5"
    expect(two.page.get_by_label("Columns", exact=True).locator("output")).to_have_text("5")


@pytest.mark.parametrize(
    ("choice", "columns"), [("Replace it with mine", "3"), ("Drop mine, open theirs", "5")]
)
def test_who_changes_what_another_tab_has_changed_is_asked(
    both: tuple[Tab, Tab], address: str, choice: str, columns: str
) -> None:
    one, two = both
    one.choose_columns("+")
    one.save_changes("V")
    one.says("Saved the view V")
    two.choose_columns("-")
    two.save_changes("V")
    expect(two.asked).to_contain_text("The view V was changed elsewhere")
    assert kept(address)["V"] == {"cols": "5"}, "nothing is replaced before the choice"
    two.page.get_by_role("button", name=choice).click()
    expect(two.page.get_by_label("Columns", exact=True).locator("output")).to_have_text(columns)
    two.page.wait_for_function(
        """async ([path, columns]) =>
          (await (await fetch(path)).json()).views[0].params.cols === columns""",
        arg=[address.replace("/local/", "/api/projects/local/") + "/views", columns],
    )


def test_tags_of_two_tabs_are_all_kept_and_notes_are_not_lost(
    tabs: tuple[Tab, Tab], address: str
) -> None:
    one, two = tabs
    for tab in tabs:
        tab.page.goto(f"{address}/runs")
    for tab, field, text in ((one, "tags", "old, first"), (two, "notes", "mine")):
        tab.page.get_by_role("button", name="Actions of run-0").click()
        tab.page.get_by_role("button", name=f"Edit {field}").click()
        tab.page.locator("input.edit").fill(text)
    api = address.replace("/local/", "/api/projects/local/") + "/runs"
    uid = httpx.get(api).json()["runs"][0]["uid"]
    edit = {"add_tags": ["second"], "notes": "theirs"}
    httpx.patch(f"{address.partition('/local/')[0]}/api/runs/{uid}", json=edit).raise_for_status()
    expect(two.page.get_by_text("second")).to_be_visible()
    one.page.locator("input.edit").press("Enter")
    expect(one.page.locator("td.tags")).to_have_text("oldsecondfirst")
    two.page.locator("input.edit").press("Enter")
    expect(two.asked).to_contain_text("The notes of run-0 changed elsewhere")
    expect(two.asked.locator("dd")).to_have_text(["theirs", "mine"])
    two.page.get_by_role("button", name="Replace it with mine").click()
    expect(one.page.get_by_title("mine")).to_be_visible()
