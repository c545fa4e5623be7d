"""The tabs of a run: machine metrics, output, files, artifacts."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

import lossboard

from .conftest import Server, start_run, wait_for_panel

LINES = 400
ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def worked(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run with coloured output, files in folders, and two versions of an artifact."""
    folder = tmp_path_factory.mktemp("worked")
    (folder / "deep").mkdir()
    run = start_run(server.base_url, "tabs", name="worked", id="worked")
    print(f"{ESCAPE}[31mred{ESCAPE}[0m and {ESCAPE}[1;38;5;46mgreen{ESCAPE}[0m")
    for line in range(LINES):
        print(f"line {line} of {LINES}")
    for number, size in enumerate((1000, 2500)):
        file = folder / "deep" / f"weights-{number}.bin"
        file.write_bytes(bytes(size))
        run.save(str(file), base_path=str(folder))
        artifact = lossboard.Artifact("weights", "model", metadata={"size": size})
        artifact.add_file(str(file), name=f"deep/{file.name}")
        run.log_artifact(artifact, aliases=["best"] if number == 0 else [])
    run.finish()
    return run


@pytest.fixture(scope="module")
def user(server: Server, worked: Any) -> Iterator[Any]:
    with start_run(server.base_url, "tabs", name="user", id="user") as run:
        run.use_artifact("weights:best")
    yield run


def tab(page: Page, server: Server, name: str) -> None:
    page.goto(f"{server.base_url}/local/tabs/runs/worked/{name}")


def test_output_keeps_its_colours_as_classes(page: Page, server: Server, worked: Any) -> None:
    tab(page, server, "logs")
    expect(page.locator(".log .f1")).to_have_text("red")
    expect(page.locator(".log .f10.bold")).to_have_text("green")


def test_output_is_searched_and_downloaded(
    page: Page, server: Server, worked: Any, tmp_path: Path
) -> None:
    tab(page, server, "logs")
    page.get_by_label("Search output").fill("LINE 39")
    expect(page.get_by_role("status").first).to_contain_text("11 of")
    expect(page.locator(".log mark").first).to_have_text("line 39")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the output").click()
    download.value.save_as(tmp_path / "log")
    text = (tmp_path / "log").read_text()
    assert "red and green\nline 0 of 400\n" in text


def test_following_output_keeps_its_end_in_sight(page: Page, server: Server, worked: Any) -> None:
    tab(page, server, "logs")
    expect(page.get_by_text("line 0 of 400")).to_be_visible()
    page.get_by_label("Follow").check()
    expect(page.get_by_text("line 399 of 400")).to_be_visible()


def await_run(url: str) -> None:
    """Returns once the server knows the run: a page opened before says that there is none."""
    deadline = time.monotonic() + 20
    while httpx.get(url).status_code != 200:
        assert time.monotonic() < deadline, f"{url} never came"
        time.sleep(0.05)


def test_output_of_a_running_run_arrives_by_itself(page: Page, server: Server) -> None:
    with start_run(server.base_url, "tabs-live", id="talks") as run:
        run.log({"loss": 1})
        print("first words")
        await_run(f"{server.base_url}/api/runs/local/tabs-live/talks")
        page.goto(f"{server.base_url}/local/tabs-live/runs/talks/logs")
        expect(page.get_by_text("first words")).to_be_visible(timeout=20_000)
        print("later words")
        expect(page.get_by_text("later words")).to_be_visible(timeout=20_000)


def test_files_lie_in_folders_with_their_sizes(page: Page, server: Server, worked: Any) -> None:
    tab(page, server, "files")
    page.get_by_role("button", name="deep").click()
    row = page.get_by_role("row", name="weights-1.bin")
    expect(row).to_contain_text("2.5 kB")
    with page.expect_download() as download:
        row.get_by_role("link").click()
    assert Path(download.value.path()).read_bytes() == bytes(2500)


def test_artifacts_have_versions_files_and_lineage(
    page: Page, server: Server, worked: Any, user: Any
) -> None:
    tab(page, server, "artifacts")
    page.get_by_role("navigation", name="Artifacts").get_by_text("weights:v0").click()
    version = page.get_by_role("region", name="weights:v0")
    expect(version.locator(".lineage")).to_contain_text("worked")
    expect(version.locator(".lineage")).to_contain_text("user")
    expect(version.get_by_text("best").first).to_be_visible()
    version.get_by_role("button", name="deep").click()
    expect(version.get_by_role("row", name="weights-0.bin")).to_contain_text("1 kB")
    expect(version.get_by_role("row", name="v1")).to_contain_text("2.5 kB")


def test_a_used_artifact_leads_back_to_its_run(page: Page, server: Server, user: Any) -> None:
    page.goto(f"{server.base_url}/local/tabs/runs/user/artifacts")
    page.locator(".lineage").get_by_role("link", name="worked").click()
    page.wait_for_url("**/runs/worked/artifacts")


def test_the_system_tab_draws_what_the_machine_did(page: Page, server: Server, worked: Any) -> None:
    key = "system.memory_percent"
    tab(page, server, "system")
    some = "panel.data.bars?.length || panel.data.lines?.length"
    panel = wait_for_panel(page, f"system {key}", some)
    expect(page.get_by_role("region", name="Section Memory")).to_be_visible()
    uid = panel["runs"][0]
    rows = httpx.get(f"{server.base_url}/api/runs/{uid}/history?stream=system").json()["rows"]
    data = panel["data"]
    drawn = (
        [bar["value"] for bar in data["bars"]] if "bars" in data else data["lines"][0]["original"]
    )
    assert drawn == [row[key] for row in rows]


DIFF = """diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1 +1 @@
-lr = 0.1
+lr = 0.2
"""


def test_the_overview_shows_packages_and_uncommitted_changes_and_no_internals(
    page: Page, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = f"overview-{uuid.uuid4().hex[:8]}"
    (tmp_path / "diff.patch").write_text(DIFF)
    monkeypatch.setenv("LOSSBOARD_DISABLE_CODE", "true")  # no diff of the tests themselves
    with start_run(server.base_url, project, id="changed", config={"rate": 0.5}) as run:
        run.save(str(tmp_path / "diff.patch"), base_path=str(tmp_path))
        table = lossboard.Table(["x", "y"], [[1, 2]])
        run.log({"curve": lossboard.plot.line(table, "x", "y")})
    page.goto(f"{server.base_url}/local/{project}/runs/changed/overview")
    changes = page.get_by_role("region", name="Uncommitted changes")
    expect(changes.locator("pre")).to_have_text(DIFF.strip())
    expect(changes.locator(".added")).to_have_text("+lr = 0.2")
    expect(changes.locator(".removed")).to_have_text("-lr = 0.1")
    metadata = page.get_by_role("region", name="Metadata")
    metadata.get_by_label("Search metadata").fill("pytest")
    expect(metadata).to_contain_text(f"pytest{version('pytest')}")
    expect(metadata).not_to_contain_text("numpy")
    config = page.get_by_role("region", name="Config")
    expect(config).to_contain_text("rate")
    expect(config).not_to_contain_text("_wandb")


def test_ints_beyond_what_a_float_holds_are_shown_with_all_digits(
    page: Page, server: Server
) -> None:
    project, seed, best = f"wide-{uuid.uuid4().hex[:8]}", 2**60 + 1, -(2**70) - 1
    with start_run(server.base_url, project, id="wide", config={"seed": seed}) as run:
        run.log({"rows": lossboard.Table(["n"], [[best], [5]]), "best": best})
    address = f"{server.base_url}/local/{project}"
    page.goto(f"{address}/runs/wide/overview")
    expect(page.get_by_role("region", name="Config")).to_contain_text(str(seed))
    summary = page.get_by_role("region", name="Summary")
    expect(summary.get_by_title(str(best))).to_have_text("−1.181e21")
    page.goto(f"{address}/runs")
    row = page.locator("tbody tr")
    expect(row.get_by_text(str(seed))).to_be_visible()
    expect(row.get_by_title(str(best))).to_have_text("−1.181e21")
    page.goto(f"{address}/runs/wide")
    table = page.locator(".logtable")
    expect(table.locator("tbody td")).to_have_text(["−1.181e21", "5"])
    expect(table.get_by_title(str(best))).to_be_visible()
