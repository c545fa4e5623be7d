"""The dashboard without a mouse: what Tab reaches is seen, nothing traps it, Escape gives back."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Server, open_panel, start_run

LOSS = "scalar train/loss"
MOST_STOPS = 250
# The focused element: its name, and whether an outline, shadow or border shows it.
FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  window.stops ??= new Map();
  if (!window.stops.has(element)) window.stops.set(element, window.stops.size);
  const marked = [element, element.closest('label'), element.parentElement].some(shown => {
    if (!shown) return false;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(shown);
    return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1) || boxShadow !== 'none';
  });
  return {
    id: window.stops.get(element),
    name: element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 40),
    marked,
    opaque: element.matches('input.unseen') || element.checkVisibility({ opacityProperty: true }),
  };
}"""


def walk(page: Page, key: str) -> list[dict[str, Any]]:
    """What has the focus after each press, until the browser's own controls have it."""
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        stop = page.evaluate(FOCUSED)
        if stop is None or (stops and stop["id"] == stops[0]["id"]):
            return stops
        stops.append(stop)
    raise AssertionError(f"{key} did not leave the page; at last: {stops[-5:]}")


@pytest.mark.parametrize("path", ["/local/ui", "/local/ui/runs", "/local/ui/runs/run-1"])
def test_tab_goes_through_the_page_with_a_visible_focus_and_is_not_trapped(
    page: Page, server: Server, logged: str, path: str
) -> None:
    page.goto(server.base_url + path)
    page.locator("main:not([aria-busy])").first.wait_for()
    page.wait_for_timeout(700)
    stops = walk(page, "Tab")
    assert [stop["name"] for stop in stops if not stop["marked"]] == []
    assert [stop["name"] for stop in stops if not stop["opaque"]] == []
    assert len({stop["id"] for stop in stops}) == len(stops), "Tab came back within the page"
    names = {stop["name"] for stop in stops}
    assert {"Help and shortcuts", "Find a run, panel or project"} <= names
    if not path.endswith("/runs"):
        assert {"Smoothing amount", "X axis", "More settings", "Settings of train/loss"} <= names


def test_shift_tab_goes_back_out_of_the_page(page: Page, server: Server, logged: str) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    page.get_by_role("button", name="Settings of train/loss").focus()
    assert walk(page, "Shift+Tab")[-1]["name"] == "Skip to the content"


@pytest.mark.parametrize(
    ("opener", "opened"),
    [
        ("Help and shortcuts", "dialog[open]"),
        ("Find a run, panel or project", "dialog[open]"),
        ("Add a panel", "dialog[open]"),
        ("Saved views", ".menu"),
        ("More settings", ".menu"),
        ("Settings of train/loss", ".menu"),
        ("Explore train/loss", ".explore:not([hidden])"),
    ],
)
def test_escape_closes_what_a_key_has_opened_and_gives_the_focus_back(
    page: Page, server: Server, logged: str, opener: str, opened: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    button = page.get_by_role("button", name=opener, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    box = page.locator(opened).first
    expect(box).to_be_visible()
    expect(box.locator(":focus")).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.locator(opened)).to_have_count(0)
    expect(button).to_be_focused()


def test_the_palette_opened_by_its_shortcut_gives_the_focus_back(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    before = page.get_by_label("Search runs (regex)")
    before.focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_label("Find")).to_be_focused()
    page.keyboard.press("Escape")
    expect(before).to_be_focused()


@pytest.mark.parametrize(
    ("opener", "entry"),
    [
        ("Settings of train/loss", "Copy link to this panel"),
        ("Sort runs by: Created", "Name"),
    ],
)
def test_a_chosen_entry_gives_the_focus_back_to_the_button_of_its_menu(
    context: BrowserContext, page: Page, server: Server, logged: str, opener: str, entry: str
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    button = page.get_by_role("button", name=opener.partition(":")[0])
    button.focus()
    page.keyboard.press("Enter")
    page.locator(".menu").get_by_role("button", name=entry, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".menu")).to_have_count(0)
    expect(button).to_be_focused()


def test_a_dialog_that_an_entry_has_opened_has_the_focus_and_gives_it_back(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    button = page.get_by_role("button", name="Settings of train/loss")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Expressions, legend and titles…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").locator(":focus")).to_be_attached()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_enter_in_a_field_of_a_menu_closes_it_for_good(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    button = page.get_by_role("button", name="Saved views")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name of the view").fill("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved the view By keyboard")).to_be_visible()
    expect(button).to_be_focused()
    expect(page.locator(".menu")).to_have_count(0)


def test_a_heading_reached_by_tab_stays_in_sight_while_panels_above_it_come(
    page: Page, server: Server, logged: str
) -> None:
    page.goto(f"{server.base_url}/local/{logged}")
    heading = page.get_by_role("region", name="Section system", exact=True).locator(".fold")
    heading.wait_for(state="attached")
    for _ in range(MOST_STOPS):
        page.keyboard.press("Shift+Tab")
        if heading.evaluate("button => button === document.activeElement"):
            break
    page.wait_for_timeout(1200)  # for the panels above it, which are in sight now
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport(ratio=1)


def test_a_removed_panel_leaves_the_focus_to_its_neighbour(
    page: Page, server: Server, logged: str
) -> None:
    own = [
        {"id": "own a", "kind": "scalar", "title": "First", "keys": ["summary.lr"]},
        {"id": "own b", "kind": "lines", "title": "Second", "keys": ["lr"]},
        {"id": "own c", "kind": "bars", "title": "Third", "keys": ["config.rate"]},
    ]
    page.goto(f"{server.base_url}/local/{logged}")
    page.evaluate("own => history.replaceState(null, '', '?own=' + own)", json.dumps(own))
    page.reload()

    def remove_by_menu(title: str) -> None:
        page.get_by_role("button", name=f"Settings of {title}", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Remove the panel").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name=title, exact=True)).to_have_count(0)

    remove_by_menu("First")
    second = page.get_by_role("region", name="Second", exact=True)
    expect(second.locator(".panelhead button:focus")).to_have_count(1)
    remove_by_menu("Third")
    expect(second.locator(".panelhead button:focus")).to_have_count(1)
    second.get_by_role("button", name="Remove Second").focus()
    page.keyboard.press("Enter")
    expect(second).to_have_count(0)
    expect(page.get_by_role("button", name="Add a panel")).to_be_focused()


def test_the_focus_stays_on_its_run_when_another_one_starts(page: Page, server: Server) -> None:
    project = f"moved-{uuid.uuid4().hex[:8]}"
    for number in range(2):
        start_run(server.base_url, project, name=f"run-{number}").finish()
    page.goto(f"{server.base_url}/local/{project}/runs")
    page.get_by_role("button", name="Actions of run-0", exact=True).focus()
    start_run(server.base_url, project, name="run-2").finish()
    expect(page.get_by_role("button", name="Actions of run-2")).to_be_attached()
    expect(page.get_by_role("button", name="Actions of run-0")).to_be_focused()


def test_a_deleted_run_leaves_the_focus_to_the_next_row(page: Page, server: Server) -> None:
    project = f"deleted-{uuid.uuid4().hex[:8]}"
    for number in range(5):
        start_run(server.base_url, project, name=f"run-{number}").finish()
    page.goto(f"{server.base_url}/local/{project}/runs")

    def delete_by_menu(name: str) -> None:
        page.get_by_role("button", name=f"Actions of {name}", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Delete run").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Deleted {name}")).to_be_visible()

    delete_by_menu("run-3")  # the newest stands first
    expect(page.get_by_role("button", name="Actions of run-2")).to_be_focused()
    delete_by_menu("run-0")
    expect(page.get_by_role("button", name="Actions of run-1")).to_be_focused()
    page.get_by_label("Select run-4", exact=True).press("Space")
    page.get_by_label("Select run-2", exact=True).press("Space")
    page.get_by_role("button", name="Delete", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Actions of run-1")).to_be_focused()
    page.get_by_label("Select run-1", exact=True).press("Space")
    page.get_by_role("button", name="Select none").press("Enter")
    expect(page.get_by_role("button", name="Actions of run-1")).to_be_focused()


def test_a_run_deleted_on_its_own_page_leaves_the_focus_to_the_heading_of_the_next(
    page: Page, server: Server
) -> None:
    project = f"left-{uuid.uuid4().hex[:8]}"
    run = start_run(server.base_url, project, name="alone")
    run.finish()
    page.goto(f"{server.base_url}/local/{project}/runs/{run.id}")
    page.get_by_role("button", name="Actions of this run").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete run").press("Enter")
    expect(page.get_by_text("Deleted alone")).to_be_visible()
    expect(page.get_by_role("heading", name=f"Workspace of {project}")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("header.top :focus")).to_have_count(1)


def test_a_deleted_view_leaves_the_focus_in_the_menu_which_escape_closes(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS)
    button = page.get_by_role("button", name="Saved views")
    for name in ("Short-lived A", "Short-lived B"):
        button.press("Enter")
        page.get_by_label("Name of the view").fill(name)
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"Saved the view {name}")).to_be_visible()
    button.press("Enter")
    for name in ("Short-lived A", "Short-lived B"):
        delete = page.get_by_role("button", name=f"Delete the view {name}")
        delete.press("Enter")
        expect(delete).to_have_count(0)
        expect(page.locator(".menu :focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".menu")).to_have_count(0)
    expect(button).to_be_focused()


def test_keys_typed_right_after_ctrl_k_all_reach_the_palette(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", LOSS, "panel.data.lines?.length === 3")
    # the palette's code is late, as it is on a slow line
    page.route("**/Palette-*.js", lambda route: (page.wait_for_timeout(1000), route.continue_()))
    page.keyboard.press("Control+k")
    page.keyboard.type("rum-1", delay=0)
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("n-1", delay=0)
    expect(page.get_by_role("combobox", name="Find")).to_have_value("run-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/run-1*")
    page.keyboard.press("Control+k")
    page.keyboard.type("run-2\n", delay=0)
    page.wait_for_url("**/runs/run-2*")
