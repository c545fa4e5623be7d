"""The table of runs: columns, filters, groups, baseline, edits, delete with undo, CSV."""

from __future__ import annotations

import csv
import json
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Server, start_run, wait_for_panel

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
    return page.locator("tbody tr:not(.group)")


def names(page: Page) -> list[str]:
    return rows(page).locator(".rowlink").all_text_contents()


def act(page: Page, run: str, action: str) -> None:
    rows(page).filter(has_text=run).hover()
    page.get_by_role("button", name=f"Actions of {run}").click()
    page.get_by_role("button", name=action).click()


def add_filter(page: Page, field: str, operator: str, value: str) -> None:
    page.get_by_role("button", name="Filter runs").click()
    if page.get_by_label("Value").last.input_value():
        page.get_by_role("button", name="Add a condition to filter").click()
    fill_condition(page, field, operator, value)
    page.get_by_role("button", name="Done").click()


def fill_condition(page: Page, field: str, operator: str, value: str) -> None:
    """The last condition of the editor."""
    page.get_by_label("Field").last.select_option(field)
    page.get_by_label("Comparison").last.select_option(operator)
    page.get_by_label("Value").last.fill(value)


def test_every_config_and_summary_value_can_be_a_column(table: Page) -> None:
    table.get_by_role("button", name="Columns").click()
    choices = table.locator(".choices .check").all_text_contents()
    wanted = {"config.optimizer", "config.lr", "config.model.depth"}
    assert {*wanted, "summary.loss", "summary.accuracy", "host"} == set(choices)
    table.get_by_label("config.model.depth").uncheck()
    expect(table.get_by_role("button", name="model.depth")).to_have_count(0)
    table.get_by_label("config.model.depth").check()
    expect(table.get_by_role("button", name="model.depth")).to_be_visible()


def test_filters_are_typed_and_stand_in_the_address(table: Page) -> None:
    add_filter(table, "config.lr", "ge", "0.02")
    expect(rows(table)).to_have_count(3)
    add_filter(table, "tags", "ne", "base")
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
    group.locator(".fold").click()
    expect(rows(table)).to_have_count(2)
    assert sorted(names(table)) == ["a-sgd", "b-sgd"]


def test_the_baseline_is_pinned_and_the_others_show_how_they_differ(table: Page) -> None:
    act(table, "c-adam", "Use as baseline")
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


def stored_filter(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["filter"][0]


def test_groups_of_conditions_in_groups_choose_the_same_runs_as_the_server(
    table: Page, server: Server, project: str
) -> None:
    add_filter(table, "tags", "eq", "long")
    table.get_by_role("button", name="Filter runs").click()
    table.get_by_role("button", name="Add a group to filter").click()
    fill_condition(table, "config.lr", "ge", "0.2")
    table.get_by_role("button", name="Add a group to group 2").click()
    table.get_by_label("Which conditions of group 2.2 have to fit").select_option("$nor")
    fill_condition(table, "config.optimizer", "eq", "adam")
    table.get_by_role("button", name="Add a condition to group 2.2").click()
    fill_condition(table, "min.loss", "gt", "0.5")
    table.get_by_role("button", name="Done").click()
    expect(rows(table)).to_have_count(2)
    assert sorted(names(table)) == ["a-sgd", "b-sgd"]
    expect(table).to_have_url(re.compile("min.loss.*0\\.5"))
    path = f"{server.base_url}/api/projects/local/{project}/runs"
    answer = table.request.get(path, params={"filter": stored_filter(table)})
    assert sorted(run["name"] for run in answer.json()["runs"]) == ["a-sgd", "b-sgd"]
    table.reload()
    expect(rows(table)).to_have_count(2)
    words = "config.lr ≥ 0.2 or not (config.optimizer = adam or loss (min) > 0.5)"
    expect(table.get_by_role("button", name=f"Edit {words}")).to_be_visible()
    table.get_by_role("button", name=f"Remove {words}").click()
    expect(rows(table)).to_have_count(3)


def test_a_nested_filter_applies_to_sidebar_and_panels(
    page: Page, server: Server, project: str
) -> None:
    nested = {"$or": [{"config.lr": 0.1}, {"$and": [{"tags": "long"}, {"max.loss": {"$gt": 0.9}}]}]}
    page.goto(f"{server.base_url}/local/{project}?filter={quote(json.dumps(nested))}")
    expect(page.locator(".rows .name")).to_have_text(["d-adam", "a-sgd"])
    panel = wait_for_panel(page, "scalar loss", "panel.data.bars?.length === 2")
    assert sorted(bar["value"] for bar in panel["data"]["bars"]) == [0.5, 1.0]


def test_a_filter_that_cannot_be_read_is_said_and_removed(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}/runs?filter=" + quote('{"nonsense": 1}'))
    expect(rows(page)).to_have_count(4)
    expect(
        page.get_by_role(
            "button",
            name='Edit The filter in the address can\'t be read: runs have no field "nonsense"',
        )
    ).to_be_visible()
    page.get_by_role("button", name="Remove The filter").click()
    assert "filter" not in page.url


def test_runs_are_sorted_by_the_least_greatest_and_best_of_any_metric(
    page: Page, server: Server
) -> None:
    name = f"sorted-{uuid.uuid4().hex[:8]}"
    logged = {"low": [1.0, 0.1, 3.0], "high": [2.0, 9.0, 2.5], "flat": [1.5, 1.5, 1.0]}
    for run_id, losses in logged.items():
        with start_run(server.base_url, name, name=run_id, id=run_id) as run:
            run.define_metric("loss", goal="minimize", summary="none")
            for loss in losses:
                run.log({"loss": loss})
    page.goto(f"{server.base_url}/local/{name}/runs")
    expect(rows(page)).to_have_count(3)
    orders = {"min": ["low", "flat", "high"], "max": ["flat", "low", "high"]}
    orders |= {"best": ["low", "flat", "high"], "last": ["flat", "high", "low"]}
    for aggregate, order in orders.items():
        page.get_by_role("button", name="Sort runs by").click()
        page.get_by_role("button", name=f"loss ({aggregate})").click()
        expect(rows(page).locator(".rowlink")).to_have_text(order)
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="loss (min)").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader").filter(has_text="loss (min)")).to_be_visible()
    least = rows(page).locator("td:last-child").all_text_contents()
    assert sorted(map(float, least)) == [0.1, 1.0, 2.0]


def select(page: Page, run: str, **how: Any) -> None:
    page.get_by_label(f"Select {run}").click(**how)


def test_selected_runs_are_tagged_at_once_and_undo_takes_it_back(table: Page) -> None:
    select(table, names(table)[0])
    select(table, names(table)[2], modifiers=["Shift"])
    expect(table.get_by_text("3 runs selected")).to_be_visible()
    table.get_by_role("button", name="Add a tag to the selected runs").click()
    table.get_by_label("Tag", exact=True).fill("long")
    table.get_by_role("button", name="Add tag").click()
    tagged = rows(table).filter(has=table.locator(".tag", has_text="long"))
    expect(tagged).to_have_count(4)
    table.get_by_role("button", name="Undo").click()
    expect(tagged).to_have_count(3)
    table.get_by_label("Select all listed runs").click()
    expect(table.get_by_text("4 runs selected")).to_be_visible()
    table.get_by_role("button", name="Remove a tag from the selected runs").click()
    table.get_by_role("button", name="long 3").click()
    expect(tagged).to_have_count(0)


def test_selected_runs_are_grouped_hidden_and_deleted_at_once(table: Page) -> None:
    for run in ("a-sgd", "c-adam"):
        select(table, run)
    table.get_by_role("button", name="Group of the selected runs").click()
    table.get_by_label("Group", exact=True).fill("pair")
    table.get_by_role("button", name="Set group").click()
    table.get_by_role("button", name="Hide", exact=True).click()
    expect(table.get_by_role("button", name=re.compile("^Show .* in the workspace"))).to_have_count(
        2
    )
    table.get_by_role("button", name="Delete", exact=True).click()
    expect(rows(table)).to_have_count(2)
    deleted = table.locator(".toast", has_text="Deleted 2 runs")
    deleted.get_by_role("button", name="Undo").click()
    expect(rows(table)).to_have_count(4)
    table.get_by_label("Group runs by").select_option("group")
    expect(table.locator("tr.group").filter(has_text="pair")).to_contain_text("2")
