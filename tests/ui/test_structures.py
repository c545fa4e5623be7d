"""Tables that artifacts put together, and graphs of layers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

import lossboard
from lossboard.data_types import JoinedTable, PartitionedTable

from .conftest import Server, Watch, start_run

LAYERS = ["input", "conv", "norm", "add", "head"]


@pytest.fixture(scope="module")
def shown(server: Server) -> str:
    with start_run(server.base_url, "structures", name="a", id="a") as run:
        run.log({"net": network(), "chain": lossboard.Graph()})
        run.watch(small_model(), log=None, log_graph=True)
        whole = PartitionedTable("parts")
        run.log_artifact(tables(whole)).wait()
        run.log({"joined": JoinedTable(*sides(), "id"), "whole": whole})
    api = f"{server.base_url}/api"
    uid = httpx.get(f"{api}/runs/local/structures/a").json()["uid"]
    logged = httpx.get(f"{api}/runs/{uid}/artifacts").json()["logged"]
    tables_id = next(one["id"] for one in logged if one["collection"] == "tables")
    with start_run(server.base_url, "structures", name="b", id="b") as run:
        run.log_artifact(referring(tables_id)).wait()
        path = "wandb-client-artifact://ffff/lost.joined-table.json"
        run.log({"lost": {"_type": "joined-table", "artifact_path": path}})
    return f"{server.base_url}/local/structures/runs"


def sides() -> tuple[lossboard.Table, lossboard.Table]:
    return (
        lossboard.Table(columns=["id", "score"], data=[[1, 0.5], [2, 0.75], [3, 0.25]]),
        lossboard.Table(columns=["id", "score", "name"], data=[[2, 9, "dog"], [4, 8, "cat"]]),
    )


def tables(whole: PartitionedTable) -> lossboard.Artifact:
    artifact = lossboard.Artifact("tables", "dataset")
    artifact.add(JoinedTable(*sides(), "id"), "joined")
    artifact.add(lossboard.Table(columns=["n"], data=[[1], [2]]), "parts/one")
    artifact.add(lossboard.Table(columns=["n"], data=[[3]]), "parts/two")
    artifact.add(lossboard.Table(columns=["n"], data=[[99]]), "partsother")
    artifact.add(whole, "whole")
    return artifact


def referring(tables_id: int) -> lossboard.Artifact:
    """An artifact with a table that lies in another one."""
    owner = f"Artifact:{tables_id}".encode().hex()
    artifact = lossboard.Artifact("referring", "dataset")
    artifact.add_reference(
        f"wandb-artifact://{owner}/whole.partitioned-table.json",
        name="linked.partitioned-table.json",
    )
    artifact.add_reference("s3://bucket/far.table.json", name="far.table.json")
    return artifact


def network() -> lossboard.Graph:
    graph = lossboard.Graph()
    for number, name in enumerate(LAYERS):
        graph.add_node(name, name=name, class_name="Layer", num_parameters=number)
    for edge in (("input", "conv"), ("conv", "norm"), ("norm", "add"), ("add", "head")):
        graph.add_edge(*edge)
    graph.add_edge("input", "add")
    return graph


def small_model() -> Any:
    import torch

    block = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU())
    return torch.nn.Sequential(block, torch.nn.Linear(8, 1))


def rows_of(page: Page, address: str, artifact: str, path: str) -> list[list[str]]:
    """Head and cells of a table of an artifact, opened by its button."""
    page.goto(f"{address}/artifacts")
    page.get_by_role("navigation", name="Artifacts").get_by_text(f"{artifact}:v0").click()
    page.get_by_role("button", name=f"Show {path} as a table").click()
    table = page.get_by_role("region", name=f"Table {path}").get_by_role("table")
    expect(table).to_be_visible()
    return cells_of(table)


def cells_of(table: Locator) -> list[list[str]]:
    return [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]


def test_joined_tables_have_the_rows_of_both_by_their_key(page: Page, shown: str) -> None:
    assert rows_of(page, f"{shown}/a", "tables", "joined.joined-table.json") == [
        ["id", "score (1)", "score (2)", "name"],
        ["1", "0.5000", "–", "–"],
        ["2", "0.7500", "9", "dog"],
        ["3", "0.2500", "–", "–"],
        ["4", "–", "8", "cat"],
    ]


def test_parts_of_a_table_stand_below_each_other(page: Page, shown: str) -> None:
    cells = rows_of(page, f"{shown}/a", "tables", "whole.partitioned-table.json")
    assert cells == [["n"], ["1"], ["2"], ["3"]]


def test_a_table_in_another_artifact_is_read_there(page: Page, shown: str) -> None:
    cells = rows_of(page, f"{shown}/b", "referring", "linked.partitioned-table.json")
    assert cells == [["n"], ["1"], ["2"], ["3"]]
    expect(page.get_by_text("s3://bucket/far.table.json")).to_be_visible()
    expect(page.get_by_role("button", name="Show far.table.json as a table")).to_have_count(0)


@pytest.mark.covers("JoinedTable", "PartitionedTable")
@pytest.mark.parametrize(
    ("key", "last"), [("joined", ["4", "–", "8", "cat"]), ("whole", ["3"])], ids=["joined", "parts"]
)
def test_a_table_of_an_artifact_that_the_history_names_is_drawn(
    page: Page, shown: str, key: str, last: list[str]
) -> None:
    page.goto(f"{shown}/a?q=^{key}$")
    table = page.get_by_role("region", name=f"Rows of {key} of a").get_by_role("table")
    expect(table).to_be_visible()
    assert cells_of(table)[-1] == last


def test_a_table_of_an_unknown_artifact_says_so(page: Page, watch: Watch, shown: str) -> None:
    page.goto(f"{shown}/b?q=^lost$")
    panel = page.get_by_role("region", name="lost", exact=True)
    expect(panel).to_contain_text("no artifact came under the id 'ffff'")
    expect(panel.get_by_role("link", name="Artifacts of b")).to_be_visible()
    assert len(watch.faults) == 1 and "404" in watch.faults.pop()


def test_a_graph_is_drawn_in_rows_and_listed(page: Page, shown: str) -> None:
    page.goto(f"{shown}/a?q=^net$")
    graph = page.get_by_role("region", name="Graph net of a")
    expect(graph).to_contain_text("5 layers, 5 edges, 10 parameters")
    tops = {}
    for box in graph.locator("svg .node").all():
        tops[box.locator("b").inner_text()] = box.bounding_box()["y"]
    assert sorted(tops, key=lambda name: tops[name]) == LAYERS
    expect(graph.locator("svg path")).to_have_count(5)
    cells = cells_of(graph.get_by_role("table"))
    assert cells[0] == ["Layer", "Type", "After", "Shapes", "Parameters", "Share"]
    assert cells[4] == ["add", "Layer", "norm, input", "–", "3", "30.0 %"]


def test_the_watched_model_stands_in_the_overview(page: Page, shown: str) -> None:
    page.goto(f"{shown}/a/overview")
    model = page.get_by_role("region", name="Graph graph_0")
    expect(model).to_contain_text("3 layers, 49 parameters")
    cells = cells_of(model.get_by_role("table"))
    assert [row[0] for row in cells[1:]] == ["0.0", "0.1", "1"]
    assert cells[1][2:] == ["weight 8 × 4, bias 8", "40", "81.6 %"]
    expect(page.get_by_role("region", name="Summary")).not_to_contain_text("graph_0")
