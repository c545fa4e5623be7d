"""What one line panel can be set to, and the files that are made of it."""

from __future__ import annotations

import csv
import io
import math
import re
import struct
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import STEPS, Server, loss_at, open_panel, start_run, wait_for_panel
from .test_workspace import LOSS, THREE_LINES, line_of

RATES = (0.01, 0.02, 0.04)
SPIKE = 12_345
LONG = "panel.data.lines?.[0]"


def spiky_loss(step: int) -> float:
    return 100.0 if step == SPIKE else step % 7


@pytest.fixture
def workspace(page: Page, server: Server, logged: str) -> Page:
    open_panel(page, f"{server.base_url}/local/{logged}?smooth=none%3A0", LOSS, THREE_LINES)
    return page


@pytest.fixture(scope="module")
def spiky(server: Server) -> str:
    """Project of one run with 20,000 points, one of them a spike."""
    name = f"spiky-{uuid.uuid4().hex[:8]}"
    run = start_run(server.base_url, name, name="long")
    for step in range(20_000):
        run.log({"loss": spiky_loss(step), "other": step % 5 + 1}, step=step)
    run.finish()
    return name


def region(page: Page, panel: str) -> Locator:
    return page.get_by_role("region", name=panel, exact=True)


def open_menu(page: Page, panel: str) -> Locator:
    region(page, panel).hover()
    page.get_by_role("button", name=f"Settings of {panel}", exact=True).click()
    return page.get_by_role("group", name=f"Settings of {panel}", exact=True)


def type_into(menu: Locator, field: str, text: str) -> None:
    menu.get_by_label(field).fill(text)
    menu.get_by_label(field).press("Enter")


def test_the_range_of_y_is_typed_and_stands_in_the_link(workspace: Page) -> None:
    menu = open_menu(workspace, "train/loss")
    type_into(menu, "Highest y", "0.5")
    type_into(menu, "Lowest y", "-0.2")
    wait_for_panel(workspace, LOSS, "panel.data.y.join() === '-0.2,0.5'")
    workspace.wait_for_url("**p.scalar*")
    workspace.reload()
    wait_for_panel(workspace, LOSS, "panel.data.y?.join() === '-0.2,0.5'")
    menu = open_menu(workspace, "train/loss")
    type_into(menu, "Lowest y", "")
    panel = wait_for_panel(workspace, LOSS, "panel.data.y[0] !== -0.2")
    assert panel["data"]["y"][1] == 0.5
    menu.get_by_role("button", name="Automatic y range").click()
    wait_for_panel(workspace, LOSS, "panel.data.y[1] > 2")


def test_the_range_of_x_is_typed_and_its_points_are_fetched(
    page: Page, server: Server, spiky: str
) -> None:
    open_panel(page, f"{server.base_url}/local/{spiky}?smooth=none%3A0", "scalar loss", LONG)
    menu = open_menu(page, "loss")
    type_into(menu, "Lowest x", "12300")
    wait_for_panel(page, "scalar loss", "panel.data.x[0] === 12300")
    type_into(menu, "Highest x", "12400")
    raw = f"{LONG}?.count.filter(count => count === 1).length > 100"
    shown = f"panel.data.x?.join() === '12300,12400' && {raw}"
    line = wait_for_panel(page, "scalar loss", shown)["data"]["lines"][0]
    drawn = dict(zip(line["x"], line["original"], strict=True))
    for step in range(12_300, 12_401):
        assert drawn[step] == spiky_loss(step)
    page.reload()
    wait_for_panel(page, "scalar loss", shown)
    page.goto(page.url + "&x=runtime")
    wait_for_panel(page, "scalar loss", "panel.data.x && panel.data.x[1] < 12000")


def test_another_axis_ends_a_zoom_of_the_old_one(page: Page, server: Server, spiky: str) -> None:
    zoomed = "panel.data.x?.join() === '12300,12400'"
    link = f"{server.base_url}/local/{spiky}?p.scalar+loss=zoom%3D12300~12400"
    open_panel(page, link, "scalar loss", zoomed)
    page.get_by_label("X axis").select_option("runtime")
    wait_for_panel(page, "scalar loss", "panel.data.x[1] < 12000 && panel.data.lines?.length === 1")
    expect(page.get_by_role("button", name="Reset zoom")).to_have_count(0)


def test_ends_the_wrong_way_round_are_put_right_and_undo_takes_them_back(workspace: Page) -> None:
    menu = open_menu(workspace, "train/loss")
    type_into(menu, "Lowest x", "200")
    type_into(menu, "Highest x", "100")
    wait_for_panel(workspace, LOSS, "panel.data.x.join() === '100,200'")
    type_into(menu, "Lowest x", "200")
    expect(workspace.get_by_text("The x range needs two different ends")).to_be_visible()
    workspace.keyboard.press("Escape")
    for _ in range(2):  # changes that follow at once are one step, on a slow machine they don't
        workspace.keyboard.press("Control+z")
    wait_for_panel(workspace, LOSS, "panel.data.x.join() === '0,299'")


def test_log_x_hides_what_it_cannot_show_and_says_so(workspace: Page) -> None:
    open_menu(workspace, "train/loss").get_by_label("Log scale (x)").check()
    panel = wait_for_panel(workspace, LOSS, "panel.data.x[0] === 1")
    assert panel["data"]["x"] == [1, STEPS - 1]
    assert "3 values ≤ 0 hidden by the log axis" in panel["data"]["notes"]


def test_outliers_are_left_out_of_the_range_and_stay_in_the_data(
    page: Page, server: Server, spiky: str
) -> None:
    address = f"{server.base_url}/local/{spiky}?smooth=none%3A0"
    before = open_panel(page, address, "scalar loss", LONG)["data"]
    assert before["y"][1] > 100
    open_menu(page, "loss").get_by_label("Ignore outliers").check()
    after = wait_for_panel(page, "scalar loss", "panel.data.y[1] < 10")["data"]
    assert after["lines"] == before["lines"]
    low, high = after["y"]
    outside = sum(not low <= mean <= high for mean in after["lines"][0]["original"])
    assert outside >= 1
    buckets = "1 bucket" if outside == 1 else f"{outside} buckets"
    assert f"{buckets} outside the range" in after["notes"]


BUCKET_STEPS = 32
AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "minimum of each bucket": min,
    "maximum of each bucket": max,
    "first of each bucket": lambda values: values[0],
    "last of each bucket": lambda values: values[-1],
    "count in each bucket": len,
    "mean of each bucket": lambda values: sum(values) / len(values),
}


def test_the_value_of_a_bucket_is_what_was_chosen_of_its_logged_numbers(
    page: Page, server: Server, spiky: str
) -> None:
    address = f"{server.base_url}/local/{spiky}?smooth=none%3A0"
    open_panel(page, address, "scalar loss", LONG)
    logged = [spiky_loss(step) for step in range(20_000)]
    buckets = [logged[at : at + BUCKET_STEPS] for at in range(0, 20_000, BUCKET_STEPS)]
    menu = open_menu(page, "loss")
    for name, aggregate in AGGREGATES.items():
        menu.get_by_label("Line through").select_option(label=name)
        expected = [aggregate(bucket) for bucket in buckets]
        at = SPIKE // BUCKET_STEPS
        drawn = f"Math.abs({LONG}?.original[{at}] - {expected[at]}) < 1e-9"
        line = wait_for_panel(page, "scalar loss", drawn)["data"]["lines"][0]
        assert line["original"] == pytest.approx(expected, rel=1e-12)
    menu.get_by_label("Line through").select_option(label="maximum of each bucket")
    page.wait_for_url("**aggregate%3Dmax**")
    page.reload()
    wait_for_panel(page, "scalar loss", f"{LONG}?.original[{at}] === 100")


def test_the_envelope_is_of_the_logged_extremes_and_is_switched_off(
    page: Page, server: Server, spiky: str
) -> None:
    address = f"{server.base_url}/local/{spiky}?smooth=none%3A0"
    before = open_panel(page, address, "scalar loss", LONG)["data"]
    line = before["lines"][0]
    assert line["banded"]
    for at, (low, high) in enumerate(zip(line["min"], line["max"], strict=True)):
        bucket = [spiky_loss(step) for step in range(32 * at, 32 * at + 32)]
        assert (low, high) == (min(bucket), max(bucket))
    assert before["y"][1] >= 100  # room for the spike's bucket, whose mean is below 7
    open_menu(page, "loss").get_by_label("Min–max envelope").uncheck()
    after = wait_for_panel(page, "scalar loss", f"{LONG}.banded === false")["data"]
    assert after["y"][1] < 10
    assert after["lines"][0]["original"] == line["original"]
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    wait_for_panel(page, "scalar loss", f"{LONG}.banded && panel.data.y[1] >= 100")


def download(page: Page, panel: str, kind: str) -> bytes:
    menu = open_menu(page, panel)
    with page.expect_download() as started:
        menu.get_by_role("button", name=f"Download {kind}").click()
    assert started.value.suggested_filename == f"{panel.replace('/', '_')}.{kind.lower()}"
    return started.value.path().read_bytes()


def test_the_csv_of_a_panel_holds_the_logged_numbers(workspace: Page) -> None:
    text = download(workspace, "train/loss", "CSV").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    for number, rate in enumerate(RATES):
        own = [row for row in rows if row["run"] == f"run-{number}"]
        assert [int(row["step"]) for row in own] == list(range(STEPS))
        for column in ("mean", "min", "max", "first", "last"):
            assert [float(row[column]) for row in own] == [loss_at(s, rate) for s in range(STEPS)]
        assert {row["count"] for row in own} == {"1"}
        assert {row["run_id"] for row in own} == {f"run-{number}"}


SVG = "{http://www.w3.org/2000/svg}"


def test_the_svg_of_a_panel_is_what_is_drawn(workspace: Page) -> None:
    drawing = ElementTree.fromstring(download(workspace, "train/loss", "SVG"))
    texts = [element.text or "" for element in drawing.iter(f"{SVG}text")]
    assert texts[:4] == ["train/loss", "run-2", "run-1", "run-0"]
    assert texts[4:6] == ["Step", "train/loss"]
    data = wait_for_panel(workspace, LOSS)["data"]
    paths = [path.get("d", "") for path in drawing.iter(f"{SVG}path")]
    drawn = [path for path in paths if path.count("L") >= STEPS - 1]
    (low, high), plot = data["y"], data["plot"]
    for path, line in zip(drawn, data["lines"], strict=True):
        tops = [float(point.split()[1]) / 3 for point in path[1:].split("L")]
        wanted = [
            plot["top"] + (high - value) / (high - low) * plot["height"]
            for value in line["original"]
        ]
        assert tops == pytest.approx(wanted, abs=0.051)


def test_the_png_of_a_panel_is_its_picture(workspace: Page) -> None:
    data = download(workspace, "train/loss", "PNG")
    assert data.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", data[16:24])
    box = region(workspace, "train/loss").locator(".plot").bounding_box()
    assert box is not None
    names, title, axis = 22, 44, 16  # a row of the lines' names, and what stands over them
    assert width == round(box["width"] + 24 + axis)
    assert height == round(box["height"] + names + title + axis)
    assert len(colours(workspace, data)) > 3


def colours(page: Page, png: bytes) -> list[Any]:
    """The saturated colours of a picture, which only lines have."""
    found: list[Any] = page.evaluate(
        """async bytes => {
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const context = canvas.getContext('2d');
          context.drawImage(picture, 0, 0);
          const { data } = context.getImageData(0, 0, picture.width, picture.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4) {
            const rgb = [data[i], data[i + 1], data[i + 2]];
            if (Math.max(...rgb) - Math.min(...rgb) > 100) seen.add(rgb.join());
          }
          return [...seen];
        }""",
        list(png),
    )
    return found


def test_the_time_of_the_process_leaves_out_the_pause(page: Page, server: Server) -> None:
    project = f"paused-{uuid.uuid4().hex[:8]}"
    for part in range(2):
        with start_run(server.base_url, project, id="paused", resume="allow") as run:
            for step in range(3):
                time.sleep(0.1)  # wider than a bucket of the time from first to last
                run.log({"loss": 1.0 - step / 10}, step=3 * part + step)
        if part == 0:
            time.sleep(3)
    address = f"{server.base_url}/local/{project}"
    six = "panel.data.lines?.[0]?.x.length === 6"
    wall = open_panel(page, f"{address}?x=runtime", "scalar loss", six)["data"]["lines"][0]
    page.get_by_label("X axis").select_option("process")
    less = f"{six} && panel.data.lines[0].x[5] < {wall['x'][5] - 3}"
    line = wait_for_panel(page, "scalar loss", less)["data"]["lines"][0]
    assert line["original"] == wall["original"]
    assert line["x"][:3] == wall["x"][:3]
    assert line["x"] == sorted(line["x"])


def open_dialog(page: Page, panel: str) -> Locator:
    open_menu(page, panel).get_by_role("button", name="Expressions, legend and titles…").click()
    return page.get_by_role("dialog", name=f"Expressions, legend and titles of {panel}")


def compute(page: Page, panel: str, *formulas: str, names: str = "") -> None:
    dialog = open_dialog(page, panel)
    for place, formula in enumerate(formulas, start=1):
        if place > 1:
            dialog.get_by_role("button", name="Another line").click()
        dialog.get_by_label(f"Expression {place}", exact=True).fill(formula)
    dialog.get_by_label("Template of names").fill(names)
    dialog.get_by_role("button", name="Save", exact=True).click()


def test_a_line_is_computed_from_the_logged_numbers_and_stays_in_the_view(
    workspace: Page,
) -> None:
    compute(workspace, "train/loss", "${train/loss} / ${lr}", "log(abs(${train/loss}) + 1) ** 2")
    nine = "panel.data.lines?.length === 9"
    panel = wait_for_panel(workspace, LOSS, nine)
    for number, rate in enumerate(RATES):
        losses = [loss_at(step, rate) for step in range(STEPS)]
        ratio = line_of(panel, f"run-{number} · train/loss / lr")
        assert ratio["x"] == list(range(STEPS))
        expected = [loss / (rate / (step + 1)) for step, loss in enumerate(losses)]
        assert ratio["original"] == pytest.approx(expected, rel=1e-12)
        squares = line_of(panel, f"run-{number} · log(abs(train/loss) + 1) ** 2")
        expected = [math.log(abs(loss) + 1) ** 2 for loss in losses]
        assert squares["original"] == pytest.approx(expected, rel=1e-12)
    workspace.reload()
    assert wait_for_panel(workspace, LOSS, nine)["data"]["lines"] == panel["data"]["lines"]
    text = download(workspace, "train/loss", "CSV").decode()
    assert {row["run"] for row in csv.DictReader(io.StringIO(text))} > {"run-1 · train/loss / lr"}
    dialog = open_dialog(workspace, "train/loss")
    dialog.get_by_role("button", name="Remove Expression 2").click()
    dialog.get_by_label("Hide train/loss itself").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    panel = wait_for_panel(workspace, LOSS, THREE_LINES)
    assert all(line["label"].endswith("/ lr") for line in panel["data"]["lines"])
    workspace.keyboard.press("Control+z")
    wait_for_panel(workspace, LOSS, nine)


def test_buckets_are_computed_from_their_means_and_the_panel_says_so(
    page: Page, server: Server, spiky: str
) -> None:
    address = f"{server.base_url}/local/{spiky}?smooth=none%3A0"
    open_panel(page, address, "scalar loss", LONG)
    compute(page, "loss", "${loss} / ${other}")
    two = "panel.data.lines?.length === 2"
    line = wait_for_panel(page, "scalar loss", two)["data"]["lines"][1]
    assert len(line["x"]) == 625
    for at in (0, 100, SPIKE // 32):
        steps = range(32 * at, 32 * at + 32)
        loss, other = sum(map(spiky_loss, steps)), sum(step % 5 + 1 for step in steps)
        assert line["original"][at] == pytest.approx(loss / other, rel=1e-12)
    panel = region(page, "loss")
    expect(panel).to_contain_text("loss / other: of means of buckets")
    menu = open_menu(page, "loss")
    type_into(menu, "Lowest x", "12300")
    type_into(menu, "Highest x", "12400")
    raw = f"{two} && panel.data.lines[1].count.filter(count => count === 1).length > 100"
    shown = f"panel.data.x?.join() === '12300,12400' && {raw}"
    drawn = line_of(wait_for_panel(page, "scalar loss", shown), "long · loss / other")
    values = dict(zip(drawn["x"], drawn["original"], strict=True))
    for step in range(12_300, 12_401):
        assert values[step] == spiky_loss(step) / (step % 5 + 1)
    expect(panel).not_to_contain_text("of means of buckets")


def test_only_points_that_share_x_are_combined(page: Page, server: Server) -> None:
    project = f"uneven-{uuid.uuid4().hex[:8]}"
    with start_run(server.base_url, project, name="uneven") as run:
        for step in range(0, 20, 2):
            run.log({"a": step + 1}, step=step)
        for step in range(0, 20, 5):
            run.log({"b": step - 10, "alone": 1}, step=step + 100 * (step == 15))
    with start_run(server.base_url, project, name="without") as run:
        run.log({"a": 1}, step=0)
        run.log({"a": 2}, step=1)
    page.goto(f"{server.base_url}/local/{project}?smooth=none%3A0")
    wait_for_panel(page, "scalar a", "panel.data.lines?.length === 2")
    compute(page, "a", "${a} / ${b}")
    panel = wait_for_panel(page, "scalar a", "panel.data.lines?.length === 3")
    drawn = line_of(panel, "uneven · a / b")
    assert drawn["x"] == [0, 10]
    assert drawn["original"] == pytest.approx([-0.1, math.nan], nan_ok=True)  # 11 / 0
    expect(region(page, "a")).to_contain_text("1 non-finite, first at step 10")
    badge = region(page, "a").locator(".badge")
    expect(badge).to_have_attribute("title", re.compile("a / b: 1 run lacks a value for it"))
    some = "a / b: at 2 of 12 x, where all its metrics have a value"
    expect(badge).to_have_attribute("title", re.compile(some))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("${train/loss} +", "At character 16: a value is missing at the end."),
        ("2 * train/loss", "At character 5: a metric is written ${train/loss}."),
        ("${train/los}", "At character 1: no run has logged train/los; there is train/loss."),
        ("fetch(${lr})", "At character 1: there is no function fetch"),
    ],
)
def test_a_wrong_expression_is_refused_and_the_place_is_shown(
    workspace: Page, formula: str, message: str
) -> None:
    dialog = open_dialog(workspace, "train/loss")
    dialog.get_by_label("Expression 1", exact=True).fill(formula)
    expect(dialog.locator(".fault")).to_contain_text(message)
    expect(dialog.get_by_role("button", name="Save", exact=True)).to_be_disabled()


def test_lines_are_named_by_a_template(workspace: Page) -> None:
    dialog = open_dialog(workspace, "train/loss")
    field = dialog.get_by_label("Template of names")
    field.fill("${run:nme}")
    expect(dialog.locator(".fault")).to_contain_text("At character 1: there is no run:nme.")
    field.fill("${run:name}, ${config:model.width} wide, ${config:depth} deep")
    expect(dialog.get_by_text("No shown run has config:depth: shown as –.")).to_be_visible()
    field.fill("${run:id} at ${config:rate}: ${summary:test/accuracy} in ${metricName}")
    names = [f"run-{n} at {rate}: {1 - rate} in train/loss" for n, rate in enumerate(RATES)]
    preview = dialog.get_by_role("list", name="Preview")
    expect(preview.get_by_role("listitem")).to_have_text(names[::-1])
    dialog.get_by_role("button", name="Save", exact=True).click()
    first = f"panel.data.lines[0].label === '{names[2]}'"
    panel = wait_for_panel(workspace, LOSS, first)
    assert {line["label"] for line in panel["data"]["lines"]} == set(names)
    legend = region(workspace, "train/loss").get_by_role("list", name="Legend")
    expect(legend.get_by_role("listitem")).to_have_text(names[::-1])
    region(workspace, "train/loss").locator(".plot").hover()
    expect(workspace.locator(".chart-tip")).to_contain_text(names[1])
    workspace.keyboard.press("Control+z")
    wait_for_panel(workspace, LOSS, "panel.data.lines[0].label === 'run-2'")


def test_titles_of_the_panel_and_its_axes_are_written(workspace: Page) -> None:
    dialog = open_dialog(workspace, "train/loss")
    dialog.get_by_label("Title of the panel").fill("Loss of training")
    dialog.get_by_label("Title of x").fill("optimizer steps")
    dialog.get_by_label("Title of y").fill("nats")
    dialog.get_by_role("button", name="Save", exact=True).click()
    titled = "panel.data.titles?.x === 'optimizer steps' && panel.data.titles.y === 'nats'"
    wait_for_panel(workspace, LOSS, titled)
    expect(region(workspace, "Loss of training")).to_be_visible()
    workspace.wait_for_url("**p.scalar*")
    workspace.reload()
    wait_for_panel(workspace, LOSS, titled)
    dialog = open_dialog(workspace, "Loss of training")
    dialog.get_by_label("Title of the panel").fill("")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(region(workspace, "train/loss")).to_be_visible()


def test_one_panel_is_downloaded_as_an_interactive_file_that_asks_nobody(
    workspace: Page, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "panel.html"
    file.write_bytes(download(workspace, "train/loss", "HTML"))
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    page.locator(".main-svg").first.wait_for()
    drawn = page.evaluate(
        """[...document.querySelector('.js-plotly-plot').data]
          .map(({ name, y }) => [name, Array.from(y)])"""
    )
    panel = wait_for_panel(workspace, LOSS)
    for line in panel["data"]["lines"]:
        assert [line["label"], line["original"]] in drawn
    assert requests == [file.as_uri()]
    page.close()
