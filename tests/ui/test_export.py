"""A run or a view as one file that opens without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from .conftest import STEPS, Server, loss_at, open_panel

LOSS = "scalar train/loss"
FIGURE = """title => {
  const panel = [...document.querySelectorAll('figure')]
    .find(figure => figure.querySelector('figcaption').textContent === title);
  return panel.querySelector('.plot').data?.map(({ name, x, y }) => ({ name, x, y })) ?? null;
}"""


def export(page: Page, address: str, tmp_path: Path) -> Path:
    open_panel(page, address, LOSS)
    page.get_by_role("button", name="More settings").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download interactive HTML").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return path


def opened_without_network(browser: Browser, path: Path) -> tuple[Page, list[str]]:
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: faults.append(r.url) if r.url.startswith("http") else None)
    page.goto(path.as_uri())
    return page, faults


def drawn(page: Page, title: str) -> Any:
    page.wait_for_function(f"title => ({FIGURE})(title) !== null", arg=title)
    return page.evaluate(FIGURE, title)


def test_an_exported_run_draws_its_numbers_without_a_server(
    page: Page, browser: Browser, server: Server, logged: str, tmp_path: Path
) -> None:
    path = export(page, f"{server.base_url}/local/{logged}/runs/run-1", tmp_path)
    assert path.name == f"{logged}-run-1.html"
    file, faults = opened_without_network(browser, path)
    lines = drawn(file, "train/loss")
    originals = [line["y"] for line in lines if line["y"] and len(line["y"]) == STEPS]
    assert [loss_at(step, 0.02) for step in range(STEPS)] in originals
    assert faults == []
    file.close()


def test_an_exported_view_has_all_shown_runs(
    page: Page, browser: Browser, server: Server, logged: str, tmp_path: Path
) -> None:
    path = export(page, f"{server.base_url}/local/{logged}", tmp_path)
    file, faults = opened_without_network(browser, path)
    names = {line["name"] for line in drawn(file, "train/loss") if line.get("name")}
    assert {"run-0", "run-1", "run-2"} <= names
    expect(file.get_by_text("run-0 (finished)")).to_be_attached()
    assert faults == []
    file.close()
