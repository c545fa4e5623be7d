"""The table of runs: columns, filters, groups, baseline, edits, delete with undo, CSV."""

from __future__ import annotations

import csv
import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Server, start_run

# name: (optimizer, lr, tags, loss)
RUNS = {
    "a-sgd": ("sgd", 0.1, ["base", "long"], 0.5),
    "b-sgd": ("sgd", 0.2, ["long"], 0.25),
    "c-adam": ("adam", 0.01, [], 0.75),
    "d-adam": ("adam", 0.02, ["long"], 1.0),
}


@pytest.fixture
def project(server: Server) -> str:
    name = f"table-{uuid.uuid4().hex[:8]}"
    for run_id, (optimizer, lr, tags, loss) in RUNS.items():
        config = {"optimizer": optimizer, "lr": lr, "model": {"depth": 50}}
        with start_run(
            server.base_url, name, name=run_id, id=f"{run_id}-{name}", config=config, tags=tags
        ) as run:
            run.log({"loss": loss, "accuracy": 1 - loss})
    return name


@pytest.fixture
def table(page: Page, server: Server, project: str) -> Page:
    page.goto(f"{server.base_url}/local/{project}/runs")
    expect(rows(page)).to_have_count(4)
    return page


def rows(page: Page) -> Locator:
    return page.locator("tbody:not([aria-hidden]) tr:not(.group)")


def names(page: Page) -> list[str]:
    return rows(page).locator(".rowlink").all_text_contents()


def act(page: Page, run: str, action: str) -> None:
    rows(page).filter(has_text=run).hover()
    page.get_by_role("button", name=f"Actions of {run}").click()
    page.get_by_role("button", name=action).click()


def add_filter(page: Page, field: str, operator: str, value: str) -> None:
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_label("Field").select_option(field)
    page.get_by_label("Comparison").select_option(operator)
    page.get_by_label("Value").fill(value)
    page.get_by_role("button", name="Add filter").click()


def test_every_config_and_summary_value_can_be_a_column(table: Page) -> None:
    table.get_by_role("button", name="Columns").click()
    choices = table.locator(".choices .check").all_text_contents()
    wanted = {"config.optimizer", "config.lr", "config.model.depth"}
    assert {*wanted, "summary.loss", "summary.accuracy"} == set(choices)
    table.get_by_label("config.model.depth").uncheck()
    expect(table.get_by_role("button", name="model.depth")).to_have_count(0)
    table.get_by_label("config.model.depth").check()
    expect(table.get_by_role("button", name="model.depth")).to_be_visible()


def test_filters_are_typed_and_stand_in_the_address(table: Page) -> None:
    add_filter(table, "config.lr", "ge", "0.02")
    expect(rows(table)).to_have_count(3)
    add_filter(table, "tags", "hasnot", "base")
    expect(rows(table)).to_have_count(2)
    table.reload()
    expect(rows(table)).to_have_count(2)
    assert sorted(names(table)) == ["b-sgd", "d-adam"]
    table.get_by_role("button", name="Remove tags without base").click()
    expect(rows(table)).to_have_count(3)


def test_a_filter_applies_to_the_workspace_too(table: Page) -> None:
    add_filter(table, "config.optimizer", "eq", "adam")
    expect(rows(table)).to_have_count(2)
    table.goto(table.url.replace("/runs?", "?"))
    expect(table.get_by_role("link", name="c-adam")).to_be_visible()
    expect(table.get_by_role("link", name="a-sgd")).to_have_count(0)


def test_runs_are_grouped_with_the_median_of_each_group(table: Page) -> None:
    table.get_by_label("Group runs by").select_option("config.optimizer")
    group = table.locator("tr.group").filter(has_text="adam")
    expect(group).to_contain_text("0.8750")
    group.get_by_role("button").click()
    expect(rows(table)).to_have_count(2)
    assert sorted(names(table)) == ["a-sgd", "b-sgd"]


def test_the_baseline_is_pinned_and_the_others_show_how_they_differ(table: Page) -> None:
    act(table, "c-adam", "Make it the baseline")
    expect(rows(table).first).to_contain_text("c-adam")
    better = rows(table).filter(has_text="b-sgd").locator(".better")
    expect(better.first).to_contain_text("▾ 0.500")
    expect(better.last).to_contain_text("▴ 0.500")
    expect(rows(table).filter(has_text="d-adam").locator(".worse").first).to_contain_text("0.250")


def test_a_run_is_renamed_and_tagged_where_it_stands(table: Page) -> None:
    act(table, "a-sgd", "Rename")
    field = table.get_by_label("Name of a-sgd")
    field.fill("champion")
    field.press("Enter")
    expect(table.get_by_role("link", name="champion")).to_be_visible()
    act(table, "champion", "Edit tags")
    field = table.get_by_label("Tags of champion, with commas")
    field.fill("best, kept")
    field.press("Enter")
    expect(rows(table).filter(has_text="champion").locator(".tag")).to_have_text(["best", "kept"])


def test_a_deleted_run_comes_back_with_undo(table: Page) -> None:
    act(table, "d-adam", "Delete run")
    expect(rows(table)).to_have_count(3)
    table.get_by_role("button", name="Undo").click()
    expect(rows(table)).to_have_count(4)


def test_a_colour_is_chosen_from_the_palette(table: Page) -> None:
    act(table, "a-sgd", "Colour 9")
    dot = rows(table).filter(has_text="a-sgd").locator(".namecell")
    expect(dot).to_have_attribute("style", re.compile(r"--c8"))


def test_the_csv_holds_the_listed_runs_and_their_columns(table: Page, tmp_path: Path) -> None:
    add_filter(table, "summary.loss", "lt", "0.8")
    expect(rows(table)).to_have_count(3)
    with table.expect_download() as download:
        table.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open() as file:
        found = {row["name"]: row for row in csv.DictReader(file)}
    assert {name: float(row["summary.loss"]) for name, row in found.items()} == {
        name: RUNS[name][3] for name in ("a-sgd", "b-sgd", "c-adam")
    }
