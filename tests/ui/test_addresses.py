"""Addresses: what differs from the saved view, links opened elsewhere, links that are too long."""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .conftest import Server, start_run, wait_for_panel

LOSS = "scalar loss"
VIEW = "Wide & one"


@pytest.fixture
def project(server: Server) -> str:
    """Two runs with a loss; the saved views of a project are its own."""
    name = f"addresses-{uuid.uuid4().hex[:8]}"
    for number in range(2):
        run = start_run(server.base_url, name, name=f"run-{number}", id=f"{name}-{number}")
        for step in range(20):
            run.log({"loss": (number + 1) / (step + 1)}, step=step)
        run.finish()
    return name


@pytest.fixture
def saved(context: BrowserContext, page: Page, server: Server, project: str) -> Page:
    """A workspace under a saved view of four columns, unsmoothed, in which one run is hidden."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server.base_url}/local/{project}?cols=4&smooth=none%3A0")
    wait_for_panel(page, LOSS, "panel.data.lines?.length === 2")
    page.get_by_role("button", name="Hide run-1").click()
    wait_for_panel(page, LOSS, "panel.data.lines?.length === 1")
    save_view(page, VIEW)
    return page


def save_view(page: Page, name: str) -> None:
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Name of the view").fill(name)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(f"Saved the view {name}").last).to_be_visible()
    page.wait_for_url(re.compile(r"\?view="))


def copied_link(page: Page) -> str:
    page.get_by_role("region", name="loss", exact=True).hover()
    page.get_by_role("button", name="Settings of loss").click()
    page.get_by_role("button", name="Copy link to this panel").click()
    expect(page.get_by_text("Link copied", exact=True)).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def columns(page: Page) -> Any:
    return page.get_by_label("Columns", exact=True).locator("output")


def picture(page: Page, lines: int) -> Any:
    """The numbers of the loss panel, once it has so many lines."""
    data = wait_for_panel(page, LOSS, f"panel.data.lines?.length === {lines}")["data"]
    return [(line["label"], line["smoothed"]) for line in data["lines"]]


def change_view_on_server(server: Server, project: str, **change: Any) -> None:
    url = f"{server.base_url}/api/projects/local/{project}"
    settings = httpx.get(url).json()["settings"]
    httpx.patch(url, json={"settings": settings | change}).raise_for_status()


def test_an_address_under_a_saved_view_holds_only_what_differs(saved: Page) -> None:
    assert set(query_of(saved.url)) == {"view", "as"}
    assert query_of(saved.url)["view"] == VIEW
    saved.get_by_role("button", name="Fewer columns").click()  # to three, which is the default
    saved.wait_for_url(re.compile("cols="))
    assert query_of(saved.url).keys() == {"view", "as", "cols"}
    assert query_of(saved.url)["cols"] == ""
    saved.get_by_role("button", name="Fewer columns").click()
    saved.wait_for_url(re.compile("cols=2"))
    for wanted in ("3", "4"):
        saved.go_back()
        expect(columns(saved)).to_have_text(wanted)
    assert set(query_of(saved.url)) == {"view", "as"}


def test_the_tabs_keep_the_saved_view_the_search_and_the_hidden_runs(saved: Page) -> None:
    saved.get_by_label("Search runs (regex)").fill("run-")
    saved.wait_for_url(re.compile("rq="))
    query = query_of(saved.url)
    tabs = saved.get_by_role("navigation", name="Views")
    tabs.get_by_role("link", name="Runs").click()
    expect(saved.get_by_role("heading", name="Runs of")).to_be_attached()
    assert query_of(saved.url) == query
    tabs.get_by_role("link", name="Workspace").click()
    expect(columns(saved)).to_have_text("4")
    picture(saved, 1)
    assert query_of(saved.url) == query


def test_a_link_under_a_view_opens_the_same_picture_elsewhere(
    saved: Page, browser: Browser
) -> None:
    saved.get_by_role("button", name="Fewer columns").click()
    saved.get_by_role("button", name="Show run-1").click()
    drawn = picture(saved, 2)
    link = copied_link(saved)
    assert set(query_of(link)) >= {"view", "as", "cols"} and "smooth" not in query_of(link)
    elsewhere = browser.new_page()
    elsewhere.goto(link)
    expect(columns(elsewhere)).to_have_text("3")
    assert picture(elsewhere, 2) == drawn
    elsewhere.get_by_role("button", name="Saved views").click()
    expect(elsewhere.get_by_label("Saved views").get_by_text("changed")).to_be_visible()
    assert query_of(elsewhere.url) == query_of(link)
    elsewhere.close()


def test_a_link_to_a_view_that_has_changed_shows_it_as_it_was_and_says_so(
    saved: Page, browser: Browser
) -> None:
    drawn = picture(saved, 1)
    link = copied_link(saved)
    saved.get_by_role("button", name="Fewer columns").click()
    saved.get_by_role("button", name="Show run-1").click()
    picture(saved, 2)
    save_view(saved, VIEW)
    elsewhere = browser.new_page()
    elsewhere.goto(link)
    said = elsewhere.get_by_text(f"The view {VIEW} has changed since this link was made")
    expect(said).to_be_visible()
    expect(columns(elsewhere)).to_have_text("4")
    assert picture(elsewhere, 1) == drawn
    elsewhere.get_by_role("button", name="Open it as it is now").click()
    picture(elsewhere, 2)
    expect(columns(elsewhere)).to_have_text("3")
    elsewhere.go_back()
    assert picture(elsewhere, 1) == drawn
    elsewhere.close()


def test_a_link_to_a_deleted_view_shows_it_as_it_was_and_says_so(
    saved: Page, server: Server, project: str, browser: Browser
) -> None:
    link = copied_link(saved)
    change_view_on_server(server, project, views=[])
    elsewhere = browser.new_page()
    elsewhere.goto(link)
    said = elsewhere.get_by_text(f"The view {VIEW} was deleted after this link was made")
    expect(said).to_be_visible()
    picture(elsewhere, 1)
    expect(columns(elsewhere)).to_have_text("4")
    elsewhere.close()


@pytest.mark.parametrize(
    ("name", "said", "shown"),
    [
        (VIEW, "what it was then is not known here", "5"),
        ("Nowhere", "There is no view Nowhere here", "5"),
    ],
)
def test_a_view_that_nobody_kept_is_said_and_the_rest_of_the_link_holds(
    saved: Page, browser: Browser, name: str, said: str, shown: str
) -> None:
    elsewhere = browser.new_page()
    bare = saved.url.split("?")[0]
    elsewhere.goto(f"{bare}?view={name.replace('&', '%26')}&as={'0' * 16}&cols={shown}")
    expect(elsewhere.get_by_text(said)).to_be_visible()
    expect(columns(elsewhere)).to_have_text(shown)
    picture(elsewhere, 1 if name == VIEW else 2)
    elsewhere.close()


def test_back_leads_to_the_picture_that_was_opened_first(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}?cols=4")
    page.get_by_role("button", name="Fewer columns").click()
    page.get_by_role("button", name="Fewer columns").click()
    expect(columns(page)).to_have_text("2")
    for wanted in ("3", "4"):
        page.go_back()
        expect(columns(page)).to_have_text(wanted)


def test_a_view_is_left_for_the_defaults(saved: Page) -> None:
    saved.get_by_role("button", name="Saved views").click()
    saved.get_by_role("button", name="Close view").click()
    picture(saved, 2)
    assert query_of(saved.url) == {}
    saved.go_back()
    picture(saved, 1)
    expect(columns(saved)).to_have_text("4")


def test_the_run_page_knows_the_view_of_its_address(saved: Page, project: str) -> None:
    query = urlsplit(saved.url).query
    saved.goto(saved.url.replace("?", f"/runs/{project}-1?"))
    expect(columns(saved)).to_have_text("4")
    assert parse_qs(urlsplit(saved.url).query) == parse_qs(query)


def test_a_link_that_is_too_long_is_kept_by_the_server(saved: Page, browser: Browser) -> None:
    long_text = "a long text " * 250
    saved.get_by_role("button", name="Add a panel").click()
    saved.get_by_label("Kind of panel").select_option("markdown")
    saved.get_by_label("Text").fill(long_text)
    saved.get_by_role("button", name="Add panel", exact=True).click()
    expect(saved.get_by_text("a long text a long text").first).to_be_visible()
    link = copied_link(saved)
    assert len(link) < 2000
    assert set(query_of(link)) == {"state"}
    elsewhere = browser.new_page()
    elsewhere.goto(link)
    expect(elsewhere.get_by_text("a long text a long text").first).to_be_visible()
    expect(columns(elsewhere)).to_have_text("4")
    assert picture(elsewhere, 1) == picture(saved, 1)
    elsewhere.get_by_role("button", name="Saved views").click()
    expect(elsewhere.get_by_label("Saved views").get_by_text("changed")).to_be_visible()
    elsewhere.close()


def test_a_kept_state_that_is_gone_is_said(server: Server, project: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{server.base_url}/local/{project}?state={'0' * 64}")
    expect(page.get_by_text("The state of this link could not be read")).to_be_visible()
    picture(page, 2)
    page.close()
