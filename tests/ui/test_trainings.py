"""Ranks that log a run each: one training in lists, told apart in groups and filters."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.server.conftest import NativeWriter, rows_of

from lossboard.wire import Exit

from .conftest import Server, open_panel, wait_for_panel

RANKS = 3
SEEDS = (1, 2)
LOSS = "scalar loss"
COLORS = "rows => rows.map(row => row.style.getPropertyValue('--c'))"


def log_rank(server: Server, project: str, seed: int, rank: int) -> None:
    """A rank of a job whose second launch has failed in rank 2; rank 0 alone evaluates."""
    metadata: Mapping[str, Any] = {
        "host": f"node{rank // 2}",
        "rank": rank,
        "launcher": {"kind": "slurm", "launch": f"slurm-{seed}", "restart": 0},
        "job": {"scheduler": "slurm", "id": f"4{seed}"},
    }
    name = f"vit-{seed}-rank{rank}"
    begun = {"run_id": name, "name": name, "group": "vit", "job_type": "train"}
    writer = NativeWriter(
        server.base_url, project=project, metadata=metadata, config={"seed": seed}, **begun
    )
    for step in range(3):
        writer.log(step)
    if rank == 0:
        writer.send(rows=rows_of([3, 4], accuracy=[0.5, 0.75]))
    code = 3 if (seed, rank) == (2, 2) else 0
    writer.send(exit=Exit(code, time.time_ns() // 1000)).raise_for_status()
    writer.http.close()


@pytest.fixture(scope="module")
def project(server: Server) -> str:
    """Two launches of three ranks, and a run of its own."""
    name = f"trainings-{uuid.uuid4().hex[:8]}"
    for seed in SEEDS:
        for rank in range(RANKS):
            log_rank(server, name, seed, rank)
    alone = NativeWriter(server.base_url, project=name, run_id="alone", name="alone")
    alone.log(0, 1, exit=Exit(0, time.time_ns() // 1000))
    alone.http.close()
    return name


def heads(page: Page) -> Locator:
    return page.get_by_label("Runs", exact=True).locator(".grouphead")


def listed(page: Page) -> list[str]:
    return page.get_by_label("Runs", exact=True).get_by_role("link").all_inner_texts()


def test_ranks_of_one_launch_are_one_line_that_is_opened(
    page: Page, server: Server, project: str
) -> None:
    drawn = f"panel.data.lines?.length === {len(SEEDS) * RANKS + 1}"
    open_panel(page, f"{server.base_url}/local/{project}", LOSS, drawn)  # folded, they are drawn
    expect(heads(page)).to_contain_text(["vit-2rank 2 failed", "vit-13 ranks"])
    rows = page.locator("aside .rows .listrow:not(.grouphead)")
    expect(rows).to_have_count(1)
    heads(page).nth(1).get_by_role("button").last.click()
    expect(rows).to_have_count(1 + RANKS)
    expect(rows.nth(1)).to_contain_text("rank0")
    page.wait_for_url("**gfold=**")
    page.reload()
    expect(rows).to_have_count(1 + RANKS)
    page.get_by_role("button", name="Hide all ranks of vit-2").click()
    wait_for_panel(page, LOSS, f"panel.data.lines?.length === {RANKS + 1}")


def test_the_table_has_a_row_for_a_training_with_what_its_ranks_share(
    page: Page, server: Server, project: str
) -> None:
    page.goto(f"{server.base_url}/local/{project}/runs?columns=host,rank,job,config.seed")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    training = rows.filter(has_text="vit-2")
    expect(training.locator("td")).to_contain_text(["vit-2rank 2 failed", "", "", "42", "2"])
    training.locator(".fold").click()
    expect(rows).to_have_count(3 + RANKS)
    expect(rows.filter(has_text="vit-2-rank2")).to_contain_text("node1")


@pytest.mark.parametrize(
    ("by", "label", "groups"),
    [
        ("host", "host", {"node0": 4, "node1": 2, "none": 1}),
        ("rank", "rank", {"0": 2, "1": 2, "2": 2, "none": 1}),
        ("job", "scheduler’s job", {"41": 3, "42": 3, "none": 1}),
        ("group", "group", {"vit": 6, "none": 1}),
        ("job_type", "job type", {"train": 6, "none": 1}),
    ],
)
def test_runs_are_grouped_coloured_and_filtered_by_where_they_ran(
    page: Page, server: Server, project: str, by: str, label: str, groups: dict[str, int]
) -> None:
    page.goto(f"{server.base_url}/local/{project}")
    page.get_by_label("Group runs by").first.select_option(label=label)
    panel = wait_for_panel(page, LOSS, f"panel.data.lines?.length === {len(groups)}")
    sizes = {line["label"]: max(line["members"]) for line in panel["data"]["lines"]}
    assert sizes == groups
    page.goto(f"{server.base_url}/local/{project}?color={by}")
    page.locator("aside .grouphead .fold").first.wait_for()
    for fold in page.locator("aside .grouphead .fold").all():
        fold.click()
    rows = page.locator("aside .rows .listrow:not(.grouphead)")
    expect(rows).to_have_count(len(SEEDS) * RANKS + 1)
    assert len(set(rows.evaluate_all(COLORS))) == len(groups)


def test_a_mean_of_some_of_a_group_says_of_how_many(
    page: Page, server: Server, project: str
) -> None:
    address = f"{server.base_url}/local/{project}?group=job&smooth=none%3A0"
    open_panel(page, address, "scalar accuracy", "panel.data.lines?.length === 2")
    panel = page.get_by_role("region", name="accuracy", exact=True)
    expect(panel).to_contain_text("of 2 of 6 runs in 2 groups")
    plot = panel.locator(".plot").bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 2)
    expect(page.locator(".chart-tip")).to_contain_text("n 1 of 3")
