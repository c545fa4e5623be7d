"""The overview of a run says who wrote it, where, and how that ended."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.server.conftest import NativeWriter

from lossboard.wire import Exit

from .conftest import Server


def rank_of(server: Server, project: str, rank: int, launch: int) -> NativeWriter:
    host = f"host-{launch}{'ab'[rank % 2]}"
    writer = NativeWriter(
        server.base_url,
        project=project,
        opens="join",
        rank=rank,
        launch=f"job.{launch}",
        metadata={"host": host, "pid": 100 * launch + rank},
    )
    writer.log(rank)
    return writer


def end(writer: NativeWriter, code: int) -> None:
    writer.send(exit=Exit(code, time.time_ns() // 1000)).raise_for_status()
    writer.http.close()


@pytest.fixture
def requeued(server: Server, own_name: str) -> str:
    """A job of two ranks, of which one failed, that was launched again and finished."""
    for launch, codes in ((1, (0, 3)), (2, (0, 0))):
        ranks = [rank_of(server, own_name, rank, launch) for rank in range(2)]
        for rank, code in zip(ranks, codes, strict=True):
            end(rank, code)
    return own_name


def test_the_overview_lists_launches_with_their_processes(
    page: Page, server: Server, requeued: str
) -> None:
    page.goto(f"{server.base_url}/local/{requeued}/runs/r/overview")
    processes = page.get_by_role("region", name="Processes")
    expect(processes).to_contain_text("All 2 processes ended well.")
    latest, first = processes.locator("details").all()
    expect(latest).to_contain_text("Launch 2")
    expect(latest.locator("li").first).to_contain_text("rank 0")
    expect(latest.locator("li").first).to_contain_text("host-2a, process 200")
    expect(first.locator("li").first).not_to_be_visible()
    first.locator("summary").click()
    failed = first.locator("li", has_text="rank 1")
    expect(failed).to_contain_text("exit code 3")
    expect(failed).to_contain_text("host-1b, process 101")


def test_the_overview_says_at_once_which_rank_failed(
    page: Page, server: Server, own_name: str
) -> None:
    ranks = [rank_of(server, own_name, rank, 1) for rank in range(2)]
    page.goto(f"{server.base_url}/local/{own_name}/runs/r/overview")
    processes = page.get_by_role("region", name="Processes")
    expect(processes.locator("li")).to_have_count(2)
    expect(processes.locator("li").first).to_contain_text("last heard of")
    end(ranks[1], 3)
    expect(processes).to_contain_text("Rank 1 on host-1b (process 101) ended with exit code 3")
    expect(processes).to_contain_text("1 of 2 processes go on.")
    end(ranks[0], 0)
    expect(processes).to_contain_text("; the other one ended well.")


def test_processes_fit_on_a_phone(page: Page, server: Server, requeued: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{server.base_url}/local/{requeued}/runs/r/overview")
    processes: Any = page.get_by_role("region", name="Processes")
    expect(processes).to_be_visible()
    assert processes.evaluate("node => node.scrollWidth <= node.clientWidth")
