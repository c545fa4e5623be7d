"""Projects, runs, one run, Explore, finding, and a server that goes away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

import lossboard

from .conftest import STEPS, Server, loss_at, open_panel, start_run, wait_for_panel


def test_the_first_page_lists_the_projects(page: Page, server: Server, logged: str) -> None:
    page.goto(server.base_url)
    page.get_by_role("table").wait_for()
    find = page.get_by_label("Find projects")  # where other tests have made a page of them
    if find.count():
        find.fill(logged)
    row = page.get_by_role("row", name=re.compile(f"^{logged} "))
    expect(row).to_contain_text("3 finished")
    row.get_by_role("link", name=logged, exact=True).click()
    expect(page.get_by_role("link", name="run-0")).to_be_visible()


def test_an_empty_server_teaches_and_opens_the_first_project(
    browser: Browser, own_server: Any
) -> None:
    page = browser.new_page()
    page.goto(own_server.base_url)
    expect(page.locator("pre")).to_contain_text("import lossboard as wandb")
    expect(page.locator("pre")).to_contain_text(own_server.base_url)
    with start_run(own_server.base_url, "first") as run:
        run.log({"loss": 1.0})
    page.wait_for_url("**/local/first")
    page.close()


def test_the_runs_table_sorts_by_a_config_value(page: Page, server: Server, logged: str) -> None:
    page.goto(f"{server.base_url}/local/{logged}/runs")
    page.get_by_role("button", name="rate", exact=True).click()
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text("run-0")
    page.get_by_role("button", name="rate", exact=True).click()
    expect(rows.first).to_contain_text("run-2")


def test_a_run_has_a_page_with_its_charts(page: Page, server: Server, logged: str) -> None:
    address = f"{server.base_url}/local/{logged}/runs/run-1"
    panel = open_panel(page, address, "scalar train/loss", "panel.data.lines?.length === 1")
    assert panel["data"]["lines"][0]["original"][-1] == loss_at(STEPS - 1, 0.02)
    expect(page.get_by_role("heading", name="run-1")).to_be_visible()
    expect(page.get_by_text("smoke")).to_be_visible()


def test_the_overview_searches_the_config(page: Page, server: Server, logged: str) -> None:
    page.goto(f"{server.base_url}/local/{logged}/runs/run-1/overview")
    config = page.get_by_role("region", name="Config")
    expect(config).to_contain_text("rate")
    config.get_by_label("Search config").fill("width")
    expect(config).not_to_contain_text("rate")
    expect(config).to_contain_text("8")


@pytest.mark.parametrize("tab", ["logs", "files"])
def test_logs_and_files_say_what_there_is(
    page: Page, server: Server, logged: str, tab: str
) -> None:
    page.goto(f"{server.base_url}/local/{logged}/runs/run-1/{tab}")
    expect(page.locator(".nothing, .log .line, .table tbody tr").first).to_be_visible()


def test_ctrl_k_finds_a_run(page: Page, server: Server, logged: str) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", "scalar train/loss")
    page.keyboard.press("Control+k")
    page.get_by_label("Find", exact=True).fill("run-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/run-2")


def test_a_question_mark_lists_the_shortcuts_and_they_do_what_it_says(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", "scalar train/loss")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Help and shortcuts")
    expect(dialog).to_be_visible()
    keys = dialog.locator("dt").evaluate_all("all => all.map(one => one.textContent)")
    assert {"CtrlK", "?", "CtrlZ", "Esc", "F"} <= set(keys)
    assert len(keys) == dialog.locator("dd").count()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("searchbox", name="Panels (regex)").fill("loss?")
    page.get_by_role("searchbox", name="Panels (regex)").press("?")
    expect(dialog).to_be_hidden()  # typing is no shortcut


def test_explore_draws_the_panels_own_numbers_in_plotly(
    page: Page, server: Server, logged: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{logged}", "scalar train/loss")
    page.get_by_role("region", name="train/loss", exact=True).hover()
    page.get_by_role("button", name="Explore train/loss").click()
    expect(page.get_by_role("dialog", name="Explore")).to_be_visible(timeout=30_000)
    frame = page.frame_locator("iframe")
    expect(frame.locator(".js-plotly-plot")).to_be_visible(timeout=30_000)
    expect(frame.locator("#words")).to_have_text("")
    expect(frame.locator(".js-plotly-plot .legendtext")).to_have_count(3, timeout=30_000)
    names = frame.locator(".legendtext").all_text_contents()
    assert set(names) == {"run-0", "run-1", "run-2"}
    page.keyboard.press("Escape")
    expect(page.locator("iframe")).to_be_hidden()


def test_explore_follows_a_run_that_goes_on(page: Page, server: Server, own_name: str) -> None:
    with start_run(server.base_url, own_name) as run:
        run.log({"loss": 1.0}, step=0)
        run.log({"loss": 2.0}, step=1, commit=True)
        open_panel(page, f"{server.base_url}/local/{own_name}", "scalar loss")
        page.get_by_role("region", name="loss", exact=True).hover()
        page.get_by_role("button", name="Explore loss").click()
        line = page.frame_locator("iframe").locator(".scatterlayer path.js-line").last
        expect(line).to_have_attribute("d", re.compile("^M[^L]*(L[^L]*){1}$"), timeout=30_000)
        run.log({"loss": -3.0}, step=2, commit=True)
        expect(line).to_have_attribute("d", re.compile("^M[^L]*(L[^L]*){2}$"), timeout=30_000)


def test_a_page_outlives_its_server(browser: Browser, own_server: Any) -> None:
    with start_run(own_server.base_url, "outage") as run:
        run.log({"loss": 1.0})
        run.log({"loss": 2.0})
    page = browser.new_page()
    open_panel(page, f"{own_server.base_url}/local/outage", "scalar loss")
    own_server.stop()
    expect(page.locator(".live")).to_contain_text("reconnecting", timeout=20_000)
    wait_for_panel(page, "scalar loss", "panel.data.lines.length === 1")
    own_server.start()
    expect(page.locator(".live")).not_to_contain_text("reconnecting", timeout=20_000)
    page.close()


def test_a_wrong_address_says_what_is_wrong(page: Page, server: Server) -> None:
    page.goto(f"{server.base_url}/local/nowhere/what/ever")
    expect(page.get_by_role("heading")).to_have_text("There is no page at this address")


def test_a_project_is_renamed_and_described_and_old_links_lead_to_it(
    page: Page, server: Server, own_name: str
) -> None:
    with start_run(server.base_url, own_name, name="kept", id="kept") as run:
        run.log({"loss": 1.0})
    after = f"{own_name}-new"
    page.goto(server.base_url)
    page.get_by_role("button", name=f"Actions of {own_name}", exact=True).click()
    page.get_by_role("button", name="Edit name and description").click()
    page.get_by_label("Name", exact=True).fill(after)
    page.get_by_label("Description", exact=True).fill("All baselines of spring")
    page.get_by_role("button", name="Save", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=after, exact=True))
    expect(row).to_contain_text("All baselines of spring")
    beside = page.context.new_page()
    for place in ("", "/runs", "/artifacts", "/runs/kept/overview"):
        beside.goto(f"{server.base_url}/local/{own_name}{place}")
        beside.wait_for_url(f"**/local/{after}{place}")
    page.get_by_role("button", name="Undo", exact=True).last.click()
    beside.wait_for_url(f"**/local/{own_name}/runs/kept/overview")
    expect(page.get_by_role("link", name=own_name, exact=True)).to_be_visible()


def test_a_project_lists_its_artifacts_and_sweeps(
    page: Page, server: Server, own_name: str, tmp_path: Path
) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(2500))
    with start_run(server.base_url, own_name, name="maker", id="maker") as run:
        artifact = lossboard.Artifact("weights", "model")
        artifact.add_file(str(tmp_path / "weights.bin"))
        run.log_artifact(artifact)
    config = "method: grid\nparameters:\n  lr: {values: [1, 2]}\n"
    text = """mutation ($input: UpsertSweepInput!) {
      upsertSweep(input: $input) { sweep { name } } }"""
    wanted = {"projectName": own_name, "entityName": "local", "config": config}
    variables = {"input": wanted | {"displayName": "two rates"}}
    asked = {"query": text, "variables": variables}
    answer = httpx.post(f"{server.base_url}/graphql", json=asked).json()
    assert "errors" not in answer, answer
    page.goto(f"{server.base_url}/local/{own_name}")
    page.get_by_role("link", name="Artifacts", exact=True).click()
    expect(page.get_by_role("heading", name="weights:v0")).to_be_visible()
    expect(page.locator(".artifactlist")).to_contain_text("1 version")
    expect(page.get_by_role("link", name="maker")).to_be_visible()
    expect(page.get_by_role("table", name="Files of the artifact")).to_contain_text("weights.bin")
    page.get_by_role("link", name="Sweeps", exact=True).click()
    expect(page.get_by_role("heading", name="two rates")).to_be_visible()
    expect(page.locator(".artifact pre")).to_contain_text("method: grid")
    page.set_viewport_size({"width": 390, "height": 844})
    for place in ("artifacts", "sweeps"):
        page.goto(f"{server.base_url}/local/{own_name}/{place}")
        expect(page.locator(".artifact h2")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_project_is_deleted_and_comes_back_with_undo(
    page: Page, server: Server, own_name: str
) -> None:
    for name in ("kept", "deleted before"):
        with start_run(server.base_url, own_name, name=name, id=name[:4]) as run:
            run.log({"loss": 1.0})
    api = f"{server.base_url}/api"
    gone = httpx.get(f"{api}/runs/local/{own_name}/dele").json()["uid"]
    httpx.delete(f"{api}/runs/{gone}").raise_for_status()
    page.goto(server.base_url)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=own_name, exact=True))
    row.get_by_role("button", name=f"Actions of {own_name}").click()
    page.get_by_role("button", name="Delete project").click()
    expect(page.get_by_text(f"Deleted {own_name}")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo", exact=True).last.click()
    expect(row).to_have_count(1)
    runs = httpx.get(f"{api}/projects/local/{own_name}/runs").json()["runs"]
    assert [run["name"] for run in runs] == ["kept"]
