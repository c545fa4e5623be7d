"""Line panels can be read off: one moment, exact extremes, aggregates of what is there."""

from __future__ import annotations

import csv
import math
import re
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import lossboard

from .conftest import Server, open_panel, start_run, wait_for_panel

LEVELS = (1.0, 1.3, 1.6)
START_SECS = 1_790_000_000
LINE = "panel.data.lines?.[0]"
RAW = "smooth=none%3A0"


def new_project(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def log_rows(
    server: Server, project: str, name: str, rows: Iterable[tuple[int, Mapping[str, Any]]]
) -> None:
    with start_run(server.base_url, project, name=name, group="seeds") as run:
        for step, row in rows:
            run.log(row, step=step)


def plot_of(page: Page, panel: str) -> Locator:
    return page.get_by_role("region", name=panel, exact=True).locator(".plot")


def hover_at(page: Page, panel: str, x: float, down: float = 0.5) -> str:
    """The tooltip over x of the panel, at this share of the plot's height."""
    data = wait_for_panel(page, f"scalar {panel}")["data"]
    box = plot_of(page, panel).bounding_box()
    assert box is not None
    plot, (low, high) = data["plot"], data["x"]
    at = plot["left"] + (x - low) / (high - low) * plot["width"]
    page.mouse.move(box["x"] + at, box["y"] + plot["top"] + down * plot["height"])
    tip = page.locator(".chart-tip")
    expect(tip).to_be_visible()
    return tip.inner_text()


@pytest.fixture(scope="module")
def seeds(server: Server) -> str:
    """Three seeds that log about every 30 s and at every 97, 101 or 103 steps, constant each."""
    project = new_project("seeds")
    random = np.random.default_rng(7)
    for number, (level, every) in enumerate(zip(LEVELS, (97, 101, 103), strict=True)):
        times = START_SECS + np.cumsum(30 + random.uniform(-3, 3, 100))
        rows = [(every * i, {"loss": level, "_timestamp": t}) for i, t in enumerate(times, 1)]
        log_rows(server, project, f"seed-{number}", rows)
    return project


@pytest.mark.parametrize("axis", ["step", "runtime", "time"])
def test_a_group_whose_members_never_share_x_is_one_line_of_all_of_them(
    page: Page, server: Server, seeds: str, axis: str
) -> None:
    address = f"{server.base_url}/local/{seeds}?{RAW}&group=group&x={axis}"
    panel = open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    line = panel["data"]["lines"][0]
    both = [i for i, members in enumerate(line["members"]) if members == 3]
    assert len(both) > max(100, 0.9 * len(line["x"]))
    for i in both:
        assert line["original"][i] == pytest.approx(1.3)
        assert (line["min"][i], line["max"][i]) == (1.0, 1.6)


def test_the_tooltip_of_a_group_says_of_how_many_runs_its_mean_is(
    page: Page, server: Server, seeds: str
) -> None:
    address = f"{server.base_url}/local/{seeds}?{RAW}&group=group"
    open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    text = hover_at(page, "loss", 5000)
    assert "mean of 3, std 0.3000, n 3 of 3, band 1 to 1.600" in text


def test_a_member_that_ended_is_told_and_not_averaged_away(page: Page, server: Server) -> None:
    project = new_project("ended")
    for name, level, last in (("short", 1.0, 50), ("long", 3.0, 100), ("longer", 5.0, 100)):
        log_rows(server, project, name, ((s, {"loss": level}) for s in range(last + 1)))
    address = f"{server.base_url}/local/{project}?{RAW}&group=group"
    one = "panel.data.lines?.length === 1"
    data = open_panel(page, address, "scalar loss", one)["data"]
    assert "short ends at step 50" in data["notes"]
    line = data["lines"][0]
    assert (line["original"][50], line["members"][50]) == (3.0, 3)
    assert (line["original"][90], line["members"][90]) == (4.0, 2)
    assert "mean of 2, std 1.414, n 2 of 3" in hover_at(page, "loss", 90)


@pytest.fixture(scope="module")
def validated(server: Server) -> str:
    """Train loss at each step, validation loss at each 250, both in one panel of two keys."""
    project = new_project("validated")

    def rows() -> Iterable[tuple[int, dict[str, float]]]:
        for step in range(1000):
            row = {"train": 2 + step / 1000}
            yield step, row | ({"val": 3 + step / 1000} if step % 250 == 249 else {})

    log_rows(server, project, "both", rows())
    return project


BOTH = "own both"


def open_both(page: Page, server: Server, project: str) -> None:
    own = '[{"id":"own both","kind":"lines","title":"both","keys":["train","val"]}]'
    page.goto(f"{server.base_url}/local/{project}")
    page.evaluate(f"own => history.replaceState(null, '', '?{RAW}&own=' + own)", own)
    page.reload()
    wait_for_panel(page, BOTH, "panel.data.lines?.length === 2")


def hover_both(page: Page, x: float) -> str:
    data = wait_for_panel(page, BOTH)["data"]
    box = plot_of(page, "both").bounding_box()
    assert box is not None
    at = (
        data["plot"]["left"]
        + (x - data["x"][0]) / (data["x"][1] - data["x"][0]) * data["plot"]["width"]
    )
    page.mouse.move(box["x"] + at, box["y"] + 60)
    return page.locator(".chart-tip").inner_text()


def test_the_tooltip_is_of_one_moment_and_names_the_step_of_another_row(
    page: Page, server: Server, validated: str
) -> None:
    open_both(page, server, validated)
    text = hover_both(page, 347.4)
    moment = wait_for_panel(page, BOTH, "panel.data.moment !== null")["data"]["moment"]
    step = moment["x"]
    assert step == int(step)
    assert abs(step - 347) <= 2
    assert text.startswith(f"Step {step}")
    assert moment["text"] == str(step)
    rows = {row["label"]: row for row in moment["rows"]}
    assert f"{rows['both · train']['value']:.4g}" == f"{2 + step / 1000:.4g}"
    val = rows["both · val · step 249"]
    assert val["value"] == pytest.approx(3.249)
    assert val["x"] == 249  # its dot lies on its line


def test_every_panel_and_the_pinned_mark_show_the_number_of_the_tooltip(
    page: Page, server: Server, validated: str
) -> None:
    open_both(page, server, validated)
    hover_both(page, 612.7)
    step = wait_for_panel(page, BOTH, "panel.data.moment !== null")["data"]["moment"]["text"]
    other = wait_for_panel(page, "scalar val", f"panel.data.moment?.text === '{step}'")
    assert other["data"]["moment"]["x"] == int(step)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"**at=step%7E{step}*")
    page.mouse.move(5, 5)
    wait_for_panel(page, "scalar train", f"panel.data.moment?.text === '{step}'")


LONG_STEPS = 200_000
SPIKE, SPIKE_VALUE, BROKEN = 123_457, 47.3, 8_000


def long_loss(step: int) -> float:
    if step == BROKEN:
        return math.nan
    return SPIKE_VALUE if step == SPIKE else 1 + 0.1 * math.sin(step)


@pytest.fixture(scope="module")
def long(server: Server) -> str:
    project = new_project("long")
    log_rows(server, project, "long", ((s, {"loss": long_loss(s)}) for s in range(LONG_STEPS)))
    return project


@pytest.mark.parametrize("width", [1440, 390])
def test_a_spike_of_one_step_can_be_read_off_at_its_exact_step(
    page: Page, server: Server, long: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_panel(page, f"{server.base_url}/local/{long}?{RAW}", "scalar loss", LINE)
    for down in (0.1, 0.5, 0.9):
        assert "max 47.30 at step 123,457" in hover_at(page, "loss", SPIKE, down)


def test_the_pointer_snaps_to_a_whisker_within_five_pixels(
    page: Page, server: Server, long: str
) -> None:
    data = open_panel(page, f"{server.base_url}/local/{long}?{RAW}", "scalar loss", LINE)["data"]
    pixel = (data["x"][1] - data["x"][0]) / data["plot"]["width"]
    for away in (-4, 4):
        assert "max 47.30 at step 123,457" in hover_at(page, "loss", SPIKE + away * pixel, 0.4)
    assert "47.30" not in hover_at(page, "loss", SPIKE + 9 * pixel, 0.4)


def test_a_bucket_is_named_by_its_range_of_steps(page: Page, server: Server, long: str) -> None:
    open_panel(page, f"{server.base_url}/local/{long}?{RAW}", "scalar loss", LINE)
    text = hover_at(page, "loss", SPIKE, 0.4)
    assert text.startswith("Steps 123,392–123,647")


def test_a_nan_can_be_read_off_at_its_exact_step_and_the_badge_names_it(
    page: Page, server: Server, long: str
) -> None:
    data = open_panel(page, f"{server.base_url}/local/{long}?{RAW}", "scalar loss", LINE)["data"]
    assert "1 non-finite, first at step 8,000" in data["notes"]
    pixel = (data["x"][1] - data["x"][0]) / data["plot"]["width"]
    assert "NaN at step 8,000" in hover_at(page, "loss", BROKEN + 4 * pixel, 0.99)
    bucket = next(
        x for x, bad in zip(data["lines"][0]["x"], data["lines"][0]["bad"], strict=True) if bad
    )
    assert "NaN at step 8,000" in hover_at(page, "loss", bucket, 0.3)


def test_the_events_of_a_histogram_are_moments_of_the_same_numbers(
    page: Page, server: Server
) -> None:
    project = new_project("events")
    random = np.random.default_rng(0)
    with start_run(server.base_url, project, name="events") as run:
        for step in range(400):
            row: dict[str, Any] = {"loss": 1.0}
            if step % 40 == 7:
                row["weights"] = lossboard.Histogram(random.normal(size=100))
            run.log(row, step=step)
    heatmap = "histogram weights"
    open_panel(
        page, f"{server.base_url}/local/{project}?{RAW}", heatmap, "panel.data.events === 10"
    )
    box = plot_of(page, "weights").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.37, box["y"] + box["height"] / 2)
    moment = wait_for_panel(page, heatmap, "panel.data.moment !== null")["data"]["moment"]
    assert moment["x"] % 40 == 7
    assert moment["text"] == str(moment["x"])
    wait_for_panel(page, "scalar loss", f"panel.data.moment?.text === '{moment['text']}'")
    hover_at(page, "loss", 213)
    step = wait_for_panel(page, "scalar loss")["data"]["moment"]["text"]
    wait_for_panel(page, heatmap, f"panel.data.moment?.text === '{step}'")


def log_resumed(server: Server, project: str) -> str:
    """A run that logs 0 to 100, and is resumed from a checkpoint at 80 with other values."""
    for attempt, steps in enumerate((range(101), range(80, 151))):
        settings = {"id": "resumed", "name": "resumed", "resume": "allow"}
        with start_run(server.base_url, project, **settings) as run:
            for step in steps:
                run.log({"loss": float(attempt)}, step=step)
    return f"{server.base_url}/local/{project}"


def test_a_resumed_run_is_drawn_as_its_newest_attempt_and_says_what_was_logged_twice(
    page: Page, server: Server
) -> None:
    project = new_project("resumed")
    address = log_resumed(server, project)
    data = open_panel(page, f"{address}?{RAW}", "scalar loss", f"{LINE}?.x.length === 151")["data"]
    line = data["lines"][0]
    assert line["original"] == [0.0] * 80 + [1.0] * 71
    assert "21 steps logged twice" in data["notes"]
    assert line["banded"]
    assert line["min"][80:101] == [0.0] * 21
    history = lossboard.Api({"base_url": server.base_url}).run(f"local/{project}/resumed")
    rows = history.history(samples=1000, keys=["loss"], pandas=False)
    assert [row["loss"] for row in rows] == line["original"]
    assert "max 1 at step 90 · min 0 at step 90" in hover_at(page, "loss", 90)


def test_the_buckets_of_a_resumed_run_are_of_its_newest_attempt_too(
    page: Page, server: Server
) -> None:
    project = new_project("long-resumed")
    for attempt, steps in enumerate((range(10_000), range(8_000, 12_000))):
        settings = {"id": "resumed", "name": "resumed", "resume": "allow"}
        with start_run(server.base_url, project, **settings) as run:
            for step in steps:
                run.log({"loss": float(attempt)}, step=step)
    address = f"{server.base_url}/local/{project}?{RAW}"
    data = open_panel(page, address, "scalar loss", f"{LINE}?.x.at(-1) > 11900")["data"]
    line = data["lines"][0]
    for x, value in zip(line["x"], line["original"], strict=True):
        assert value == (0.0 if x < 8_000 else 1.0)
    assert "2,000 steps logged twice" in data["notes"]


def curve_of(line: dict[str, Any], low: float, high: float) -> list[float]:
    """The smoothed values inside this range of x."""
    return [v for x, v in zip(line["x"], line["smoothed"], strict=True) if low <= x <= high]


def test_the_smoothed_line_is_in_sight_after_a_zoom(page: Page, server: Server) -> None:
    project = new_project("smoothed")
    rows = ((s, {"loss": 100.0 if s < 200 else 0.01 * (s % 3)}) for s in range(1000))
    log_rows(server, project, "smoothed", rows)
    zoom = "p.scalar+loss=zoom%3D201~230"
    for amount in ("0.95", "0.3"):
        address = f"{server.base_url}/local/{project}?smooth=ema%3A{amount}&{zoom}"
        zoomed = f"panel.data.x?.[0] === 201 && {LINE}"
        data = open_panel(page, address, "scalar loss", zoomed)["data"]
        seen = curve_of(data["lines"][0], 201, 230)
        assert len(seen) == 30
        assert data["y"][0] <= min(seen)
        assert max(seen) <= data["y"][1]


@pytest.fixture(scope="module")
def diverged(server: Server) -> str:
    """Seven runs near 1, one of few points near 3, and one that goes off at step 300."""
    project = new_project("diverged")
    for number in range(7):
        log_rows(
            server, project, f"run-{number}", ((s, {"loss": 1 + s % 5 / 100}) for s in range(500))
        )
    log_rows(server, project, "sparse", ((s, {"loss": 3.0}) for s in range(0, 500, 100)))
    off = ((s, {"loss": 1.0 if s < 300 else 1e6}) for s in range(500))
    log_rows(server, project, "off", off)
    return project


def test_a_scale_set_by_few_runs_is_said_and_the_panel_offers_to_ignore_them(
    page: Page, server: Server, diverged: str
) -> None:
    address = f"{server.base_url}/local/{diverged}?{RAW}"
    nine = "panel.data.lines?.length === 9"
    before = open_panel(page, address, "scalar loss", nine)["data"]
    assert before["y"][1] > 1e6
    assert "Y range set by off" in before["notes"]
    page.get_by_role("region", name="loss", exact=True).get_by_role(
        "button", name="Ignore outliers"
    ).click()
    after = wait_for_panel(page, "scalar loss", "panel.data.y[1] < 10")["data"]
    assert "200 buckets outside the range (off)" in after["notes"]
    sparse = next(line for line in after["lines"] if line["label"] == "sparse")
    assert all(after["y"][0] <= value <= after["y"][1] for value in sparse["original"])


def test_outliers_are_ignored_in_a_section_and_in_the_workspace(
    page: Page, server: Server, diverged: str
) -> None:
    address = f"{server.base_url}/local/{diverged}?{RAW}"
    open_panel(page, address, "scalar loss", "panel.data.y?.[1] > 1e6")
    page.get_by_role("button", name="More settings").click()
    page.get_by_role("checkbox", name="Ignore outliers").check()
    wait_for_panel(page, "scalar loss", "panel.data.y[1] < 10")
    page.wait_for_url("**outliers=1*")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings of section charts").click()
    page.get_by_role("checkbox", name="Ignore outliers").uncheck()
    wait_for_panel(page, "scalar loss", "panel.data.y[1] > 1e6")


@pytest.mark.parametrize("day", ["2026-10-25", "2026-03-29"])
def test_labels_of_wall_time_are_local_on_both_sides_of_a_change_of_the_clocks(
    browser: Browser, server: Server, day: str
) -> None:
    project = new_project("clocks")
    start = datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp() - 43200
    rows = ((s, {"loss": 1.0 + s, "_timestamp": start + 3600 * s}) for s in range(49))
    log_rows(server, project, "clocks", rows)
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin"
    )
    page = context.new_page()
    address = f"{server.base_url}/local/{project}?{RAW}&x=time&cols=1"
    data = open_panel(page, address, "scalar loss", f"{LINE}?.x.length === 49")["data"]
    ticks = data["ticks"]
    zone = ZoneInfo("Europe/Berlin")
    for at, label in zip(ticks["values"], ticks["labels"], strict=True):
        local = datetime.fromtimestamp(at / 1e6, zone)
        midnight = f"{local.day} {local:%b}"
        assert label == (midnight if local.hour == 0 else f"{local:%H:%M}")
        assert local.minute == 0
    assert len({datetime.fromtimestamp(at / 1e6, zone).utcoffset() for at in ticks["values"]}) == 2
    context.close()


def test_a_clock_that_was_set_back_gives_no_negative_time_and_keeps_the_order(
    page: Page, server: Server
) -> None:
    project = new_project("back")
    now = time.time()
    shifts = [100 + s if s < 50 else s - 500 for s in range(100)]
    rows = ((s, {"loss": float(s), "_timestamp": now + shift}) for s, shift in enumerate(shifts))
    log_rows(server, project, "back", rows)
    for axis in ("runtime", "process", "time"):
        address = f"{server.base_url}/local/{project}?{RAW}&x={axis}"
        line = open_panel(page, address, "scalar loss", LINE)["data"]["lines"][0]
        assert min(line["x"]) >= 0
        assert line["last"] == sorted(line["last"])
        assert sum(line["count"]) == 100


def test_a_log_axis_of_time_is_labelled_in_units_of_time(page: Page, server: Server) -> None:
    project = new_project("hours")
    start = time.time()
    rows = ((s, {"loss": 1.0, "_timestamp": start + 1.2**s}) for s in range(60))
    log_rows(server, project, "hours", rows)
    address = f"{server.base_url}/local/{project}?{RAW}&x=runtime&xlog=1"
    labels = open_panel(page, address, "scalar loss", LINE)["data"]["ticks"]["labels"]
    assert {"1m", "1h"} <= set(labels)
    assert all(re.fullmatch(r"\d+(s|m|h|d)", label) for label in labels)


def test_durations_are_typed_in_any_unit_and_what_is_none_is_refused_visibly(
    page: Page, server: Server
) -> None:
    project = new_project("typed")
    start = time.time()
    rows = ((s, {"loss": 1.0, "_timestamp": start + 60 * s}) for s in range(300))
    log_rows(server, project, "typed", rows)
    address = f"{server.base_url}/local/{project}?{RAW}&x=runtime"
    open_panel(page, address, "scalar loss", LINE)
    page.get_by_role("region", name="loss", exact=True).hover()
    page.get_by_role("button", name="Settings of loss", exact=True).click()
    field = page.get_by_label("Highest x (seconds)")
    for text, seconds in (("2h", 7200), ("1:30:00", 5400), ("90s", 90)):
        field.fill(text)
        field.press("Enter")
        wait_for_panel(page, "scalar loss", f"panel.data.x[1] === {seconds}")
    field.fill("soon")
    field.press("Enter")
    expect(page.get_by_text("“soon” is not understood")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert wait_for_panel(page, "scalar loss")["data"]["x"][1] == 90


def test_the_csv_of_groups_names_its_columns_by_what_they_hold(page: Page, server: Server) -> None:
    project = new_project("csv")
    for name, level in (("a", 1.0), ("b", 3.0), ("broken", math.nan)):
        log_rows(server, project, name, ((s, {"loss": level}) for s in range(5)))
    query = f"{RAW}&group=group&gline=median&gband=std"
    address = f"{server.base_url}/local/{project}?{query}"
    open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    page.get_by_role("region", name="loss", exact=True).hover()
    page.get_by_role("button", name="Settings of loss", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(started.value.path().read_text().splitlines()))
    names = ["group", "step", "median", "median-std", "median+std"]
    assert list(rows[0]) == [*names, "runs", "runs_in_group", "finite", "non_finite"]
    assert float(rows[0]["median"]) == 2.0
    assert float(rows[0]["median-std"]) == pytest.approx(2 - math.sqrt(2))
    counts = [rows[0][name] for name in ("runs", "runs_in_group", "finite", "non_finite")]
    assert counts == ["2", "3", "2", "1"]


def test_a_pinned_run_stays_in_its_group_and_groups_are_sorted_by_the_median_shown(
    page: Page, server: Server
) -> None:
    project = new_project("pinned")
    for group, values in (("low", (1, 9, 2)), ("high", (5, 6, 7))):
        for number, value in enumerate(values):
            settings = {"name": f"{group}-{number}", "id": f"{group}-{number}", "group": group}
            with start_run(server.base_url, project, **settings) as run:
                run.log({"score": value})
    query = "group=group&sort=-summary.score&pins=low-1&base=high-0"
    page.goto(f"{server.base_url}/local/{project}/runs?{query}")
    heads = page.locator("tr.group")
    expect(heads).to_have_count(2)
    expect(heads.nth(0)).to_contain_text("high")  # 6 before 2, though the best of all is in low
    expect(heads.nth(1)).to_contain_text("low")
    for head in (heads.nth(0), heads.nth(1)):
        expect(head).to_contain_text("3")
