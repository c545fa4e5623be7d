"""It can be read, on every screen: names, numbers, words, machine metrics, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

import lossboard

from .conftest import PANEL, Server, Watch, open_panel, start_run, wait_for_panel
from .drawn_texts import RECORD, overlaps, texts_of

RUNS = [f"llama-7b_lora-r{rank}_alpha32_lr1e-4_fold_{fold}" for rank in (8, 16) for fold in (1, 2)]
LAYERS = [
    f"gradients/base_model.model.model.layers.{layer}.self_attn.{part}_proj.lora_A.default.weight"
    for layer in (0, 17)
    for part in "qv"
]
DEEP_KEY = "eval/accuracy_on_the_validation_split_of_the_multilingual_benchmark_of_2026/top1"
SIZES = {1440: 900, 900: 800, 390: 844}


def log_long(server: Server) -> None:
    for number, name in enumerate(RUNS):
        with start_run(server.base_url, "readable-long", name=name, id=f"r{number}") as run:
            for step in range(20):
                row: dict[str, Any] = {
                    "train/loss": 5.5444 + 4e-4 * step / 19 + number * 1e-6,
                    DEEP_KEY: 0.9 + step / 1000,
                    "tokens": 2_000_000_000 + step * 20,
                    "close": 0.99999999 + step * 1e-10,
                }
                if number == 0 and step % 5 == 0:
                    values = np.linspace(-1, 1, 50) * (step + 1)
                    row |= {key: lossboard.Histogram(values) for key in LAYERS}
                run.log(row, step=step)


def log_alone(server: Server) -> None:
    with start_run(server.base_url, "readable-once", name="evaluation", id="once") as run:
        run.log({"acc": 0.91, "epoch": 3, "n": 11010.5})


def log_machine(server: Server) -> None:
    quiet = {"base_url": server.base_url, "silent": True, "x_stats_sampling_interval": 0.1}
    with lossboard.init(project="readable-machine", id="m", settings=quiet, reinit="create_new"):
        keys = f"{server.base_url}/api/projects/local/readable-machine/keys"
        while "system.cpu" not in {key["key"] for key in httpx.get(keys).json().get("keys", ())}:
            pass


def log_ends(server: Server) -> None:
    failed = start_run(server.base_url, "readable-ends", name="oom", id="oom", config={"lr": 0.1})
    failed.log({"loss": 1.0, "epoch": 1})
    print("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB")
    failed.finish(exit_code=1)
    for _ in range(3):
        with start_run(server.base_url, "readable-ends", id="again", resume="allow") as run:
            run.log({"loss": 0.5, "acc": 0.5})


def log_media(server: Server) -> None:
    with start_run(server.base_url, "readable-media", name="pictures", id="p") as run:
        pixels = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)
        grid = [lossboard.Image(Image.fromarray(pixels), caption=f"n {i}") for i in range(8)]
        large = lossboard.Image(Image.fromarray(np.zeros((480, 640, 3), dtype=np.uint8)))
        rows = [["first line\nsecond line", 1.0], ["b", float("nan")], ["c", -2.0]]
        table = lossboard.Table(columns=["text", "score"], data=rows)
        run.log({"grid": grid, "large": large, "table": table})


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server) -> Iterator[Page]:
    """One page for all tests here, which notes what charts write."""
    for log in (log_long, log_alone, log_machine, log_ends, log_media):
        log(server)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.add_init_script(f"({RECORD})()")
    watch = Watch(server.base_url)
    watch.follow(page)
    yield page
    context.close()
    assert watch.faults == []


@pytest.fixture
def long(reader: Page, server: Server) -> Page:
    reader.set_viewport_size({"width": 1440, "height": 900})
    open_panel(reader, f"{server.base_url}/local/readable-long", "scalar train/loss")
    return reader


# The letters of an element that are to be seen: neither cut at an edge nor behind an ellipsis.
SEEN = """element => {
  const shown = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (let i = 0; i < node.length; i++) {
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getBoundingClientRect();
      let seen = box.width > 0;
      for (let at = node.parentElement; at !== element.parentElement; at = at.parentElement) {
        const edge = at.getBoundingClientRect();
        if (getComputedStyle(at).overflowX !== 'visible')
          seen &&= box.left >= edge.left - 0.5 && box.right <= edge.right + 0.5;
      }
      if (seen) shown.push(node.data[i]);
    }
  }
  return shown.join('');
}"""


def middle(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def seen(element: Locator) -> str:
    return str(element.evaluate(SEEN))


@pytest.mark.parametrize("width", SIZES)
def test_names_of_runs_and_layers_are_told_apart_at_every_width(
    long: Page, server: Server, width: int
) -> None:
    long.set_viewport_size({"width": width, "height": SIZES[width]})
    if width < 900:
        long.get_by_role("button", name="Show or hide the list").click()
    rows = [seen(long.get_by_role("link", name=name, exact=True)) for name in RUNS]
    assert len(set(rows)) == len(rows)
    assert all(row.endswith(name[-1]) for row, name in zip(rows, RUNS, strict=True))
    open_panel(long, f"{server.base_url}/local/readable-long?q=top1", f"scalar {DEEP_KEY}")
    assert seen(long.locator(f"[aria-label='{DEEP_KEY}'] .keyname").first).endswith("top1")
    long.goto(f"{server.base_url}/local/readable-long?q=gradients")
    long.locator("[aria-label='Section gradients'] .place").first.scroll_into_view_if_needed()
    names = long.locator(".place button.keyname")
    expect(names.first).to_be_visible()
    heads = [seen(names.nth(i)) for i in range(names.count())]
    assert len(set(heads)) == len(heads) > 0


def test_a_widened_list_and_a_widened_column_are_kept(long: Page, server: Server) -> None:
    grip = long.get_by_role("separator", name="Width of the list")
    grip.focus()
    for _ in range(16):
        long.keyboard.press("ArrowRight")
    wide = long.get_by_role("complementary", name="Runs").bounding_box()
    assert wide is not None and wide["width"] == 576
    assert seen(long.get_by_role("link", name=RUNS[0], exact=True)) == RUNS[0]
    long.goto(f"{server.base_url}/local/readable-long/runs")
    head = long.get_by_role("columnheader", name="Name").first
    box = head.bounding_box()
    assert box is not None
    long.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    long.mouse.down()
    long.mouse.move(box["x"] + 480, box["y"] + box["height"] / 2, steps=4)
    long.mouse.up()
    long.reload()
    expect(long.get_by_role("link", name=RUNS[0], exact=True)).to_be_visible()
    kept = long.get_by_role("columnheader", name="Name").first.bounding_box()
    assert kept is not None and kept["width"] == 480
    assert seen(long.get_by_role("link", name=RUNS[0], exact=True)) == RUNS[0]
    long.evaluate("localStorage.clear()")


def test_a_tooltip_names_its_rows_in_full_and_has_the_digits_of_the_axis(long: Page) -> None:
    plot = long.get_by_role("region", name="train/loss", exact=True).locator(".plot")
    plot.hover()
    tip = long.locator(".chart-tip")
    for name in RUNS:
        expect(tip).to_contain_text(name)
    assert tip.evaluate(
        "tip => [...tip.querySelectorAll('td')].every(cell => "
        "cell.scrollWidth <= cell.clientWidth + 1)"
    )
    values = re.findall(r"5\.54\d+", tip.inner_text())
    assert len(values) >= len(RUNS)
    assert all(len(value) >= len("5.5444") for value in values)
    long.mouse.move(0, 0)


@pytest.mark.parametrize(
    ("key", "label"),
    [("tokens", r"2,000,000,\d{3}"), ("close", r"0\.99999999\d+"), ("train/loss", r"5\.544\d+")],
)
def test_an_axis_has_as_many_digits_as_tell_its_labels_apart(
    long: Page, key: str, label: str
) -> None:
    wait_for_panel(long, f"scalar {key}")
    long.get_by_role("region", name=key, exact=True).scroll_into_view_if_needed()
    long.wait_for_function(
        """name => document.querySelector(`[aria-label='${name}'] canvas`)?.texts?.length""",
        arg=key,
    )
    texts = [text["text"] for text in texts_of(long, key)]
    labels = [text for text in texts if re.fullmatch(label, text)]
    assert len(labels) == len(set(labels)) >= 2


def test_a_run_of_one_step_is_a_table_of_its_numbers(reader: Page, server: Server) -> None:
    reader.goto(f"{server.base_url}/local/readable-once")
    table = reader.get_by_role("region", name="Single values of charts")
    expect(table.get_by_role("row")).to_have_text(
        [re.compile("acc.*0.9100"), re.compile(r"n.*11,010\.5"), re.compile("epoch.*3")]
    )
    expect(reader.locator(".panel")).to_have_count(0)


def test_machine_metrics_have_names_and_units_of_people(reader: Page, server: Server) -> None:
    reader.goto(f"{server.base_url}/local/readable-machine/runs/m/system")
    panel = wait_for_panel(reader, "system system.cpu", "panel.data.lines?.length === 1")
    assert panel["data"]["y"] == [0, 100]
    expect(reader.get_by_role("region", name="CPU (%)", exact=True)).to_be_visible()
    logged = httpx.get(f"{server.base_url}/api/projects/local/readable-machine/keys").json()
    raw = wait_for_panel(reader, "system system.proc.memory.availableMB")["data"]["lines"][0]
    expect(reader.get_by_role("region", name="Memory available (GB)")).to_be_visible()
    assert any(key["key"] == "system.proc.memory.availableMB" for key in logged["keys"])
    assert 0.1 < raw["original"][0] < 10_000, "gigabytes, not megabytes"


def test_losses_stand_before_counters_and_the_list_shows_a_metric_that_most_runs_have(
    reader: Page, server: Server
) -> None:
    open_panel(reader, f"{server.base_url}/local/readable-ends", "scalar loss")
    panels = reader.locator("[aria-label='Section charts'] .place")
    order = [panels.nth(i).get_attribute("data-panel") for i in range(panels.count())]
    assert order == ["scalar loss", "scalar acc", "scalar epoch"]
    expect(reader.locator(".colh")).to_contain_text("loss")


def test_a_project_without_runs_shows_the_lines_to_paste(reader: Page, server: Server) -> None:
    with start_run(server.base_url, "readable-empty", id="gone") as run:
        run.log({"loss": 1})
    reader.goto(f"{server.base_url}/local/readable-empty/runs/gone")
    reader.get_by_role("button", name="Actions of this run").click()
    reader.get_by_role("button", name="Delete run").click()
    own = reader.get_by_role("region", name="Lines for a script")
    expect(own).to_contain_text('project="readable-empty"')
    official = reader.get_by_role("region", name="Command for the official client")
    expect(official).to_contain_text(f"WANDB_BASE_URL={server.base_url} WANDB_API_KEY=")


def test_the_overview_says_in_one_line_how_a_run_ended(reader: Page, server: Server) -> None:
    reader.goto(f"{server.base_url}/local/readable-ends/runs/again/overview")
    expect(reader.locator("p.ending").first).to_contain_text("resumed twice")
    reader.goto(f"{server.base_url}/local/readable-ends/runs/oom/overview")
    ending = reader.locator("p.ending").first
    expect(ending).to_contain_text("Failed: exit code 1 · CUDA out of memory")
    expect(reader.get_by_role("button", name="Copy the config as JSON")).to_be_visible()
    ending.get_by_role("link", name="Open the log").click()
    reader.wait_for_url("**/oom/logs")


def test_all_pictures_of_a_panel_fit_and_only_enlarged_ones_show_their_pixels(
    reader: Page, server: Server
) -> None:
    reader.goto(f"{server.base_url}/local/readable-media")
    grid = reader.get_by_role("region", name="Media of grid")
    expect(grid.locator("img")).to_have_count(8)
    reader.wait_for_function(
        """() => {
          const box = document.querySelector("[aria-label='Media of grid']");
          const tall = parseFloat(box.style.getPropertyValue('--tall'));
          return tall >= 48 && box.scrollHeight <= box.clientHeight;
        }"""
    )
    rendering = "image => getComputedStyle(image).imageRendering"
    large = reader.get_by_role("region", name="Media of large").locator("img")
    expect(large).to_be_visible()
    assert large.evaluate(rendering) == "auto"
    panel = reader.get_by_role("region", name="large", exact=True)
    panel.hover()
    panel.get_by_role("button", name="Explore large").click()
    zoomed = reader.get_by_role("dialog").locator(".zoomed")
    expect(zoomed).to_be_visible()
    zoomed.hover()
    reader.mouse.wheel(0, -400)
    expect(zoomed).to_have_attribute("style", re.compile(r"scale\((?!1\))"))
    reader.mouse.dblclick(*middle(zoomed))
    expect(zoomed).to_have_attribute("style", re.compile(r"scale\(1\)"))
    reader.keyboard.press("Escape")


def test_a_long_text_of_a_table_opens_whole_and_nan_is_sorted_last(
    reader: Page, server: Server
) -> None:
    reader.goto(f"{server.base_url}/local/readable-media")
    table = reader.get_by_role("region", name="Rows of table of pictures")
    text = table.get_by_role("button", name="first line")
    text.click()
    assert text.inner_text() == "first line\nsecond line"
    for _ in range(2):
        table.get_by_role("button", name="score").click()
        expect(table.get_by_role("row").last).to_contain_text("NaN")


def test_the_layer_map_is_two_columns_wide_and_names_its_rows_and_plain_values(
    long: Page, server: Server
) -> None:
    long.goto(f"{server.base_url}/local/readable-long?q=gradients")
    wait_for_panel(long, "layers gradients", f"panel.data.rows?.length === {len(LAYERS)}")
    layers = long.get_by_role("region", name="Layer map of gradients")
    lines = long.get_by_role("region", name="RMS of all gradients")
    wide, narrow = layers.bounding_box(), lines.bounding_box()
    assert wide is not None and narrow is not None
    assert wide["width"] > 1.8 * narrow["width"]
    names = {text["text"] for text in texts_of(long, "Layer map of gradients")}
    assert {"…layers.0…q…", "…layers.17…v…"} <= names
    layers.locator(".plot").hover()
    expect(long.locator(".chart-tip")).to_contain_text(re.compile(r"RMS\s*\d"))
    expect(lines).to_contain_text("first layer")
    long.mouse.move(0, 0)


def test_arrow_keys_move_the_crosshair_of_a_focused_chart_and_its_values_are_said(
    long: Page,
) -> None:
    plot = long.get_by_role("region", name="train/loss", exact=True).locator(".plot")
    plot.focus()
    for _ in range(3):
        long.keyboard.press("ArrowRight")
    said = long.get_by_role("status", name="Values at the crosshair")
    expect(said).to_have_text(re.compile(rf"^Step 2: .*{re.escape(RUNS[0])} 5\.544"))
    moment = long.evaluate(PANEL, "scalar tokens")["data"]["moment"]
    assert moment["x"] == 2
    long.keyboard.press("ArrowLeft")
    expect(said).to_have_text(re.compile("^Step 1: "))
    long.get_by_role("button", name="Help and shortcuts").focus()


@pytest.mark.parametrize("path", ["", "/runs"])
def test_a_list_of_runs_is_one_tab_stop_with_arrows_inside(
    long: Page, server: Server, path: str
) -> None:
    long.goto(f"{server.base_url}/local/readable-long{path}")
    links = [long.get_by_role("link", name=name, exact=True) for name in reversed(RUNS)]
    expect(links[0]).to_be_visible()
    links[0].focus()
    long.keyboard.press("ArrowDown")
    expect(links[1]).to_be_focused()
    long.keyboard.press("ArrowLeft")
    expect(long.locator(":focus")).to_have_attribute("aria-label", re.compile("^(Hide|Show) "))
    long.keyboard.press("ArrowRight")
    expect(links[1]).to_be_focused()
    stops = long.evaluate(
        """() => [...document.querySelectorAll('.listrow, tbody tr')]
          .flatMap(row => [...row.querySelectorAll('a, button, input')])
          .filter(control => control.tabIndex === 0).length"""
    )
    assert stops == 1


def test_the_first_tab_skips_to_the_content(long: Page) -> None:
    long.reload()
    wait_for_panel(long, "scalar train/loss")
    long.keyboard.press("Tab")
    expect(long.get_by_role("button", name="Skip to the content")).to_be_focused()
    long.keyboard.press("Enter")
    expect(long.get_by_role("region", name="Panels", exact=True)).to_be_focused()


def test_on_a_phone_a_tap_shows_the_values_below_the_chart(
    browser: Browser, reader: Page, server: Server
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    phone = context.new_page()
    open_panel(phone, f"{server.base_url}/local/readable-long", "scalar train/loss")
    plot = phone.get_by_role("region", name="train/loss", exact=True).locator(".plot")
    box = plot.bounding_box()
    assert box is not None
    phone.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = phone.locator(".chart-tip")
    expect(tip).to_be_visible()
    shown = tip.bounding_box()
    assert shown is not None
    assert shown["y"] >= box["y"] + box["height"] - 1 and shown["width"] == 390
    expect(phone.locator(".crumb")).to_contain_text("readable-long")
    phone.goto(f"{server.base_url}/local/readable-ends/runs/again/artifacts")
    current = phone.get_by_role("navigation", name="Views").locator("[aria-current]")
    expect(current).to_be_in_viewport()
    expect(phone.locator(".crumb")).to_contain_text("readable-ends")
    context.close()


def test_the_page_in_a_notebook_has_no_bars(reader: Page, server: Server) -> None:
    reader.set_viewport_size({"width": 900, "height": 420})
    address = f"{server.base_url}/local/readable-long/runs/r0?jupyter=true"
    open_panel(reader, address, "scalar train/loss")
    expect(reader.locator(".top, .bar, .runhead").locator("visible=true")).to_have_count(0)
    panel = reader.get_by_role("region", name="train/loss", exact=True).bounding_box()
    assert panel is not None and panel["y"] < 60


PAGES = [
    "/",
    "/local/readable-long",
    "/local/readable-long/runs",
    "/local/readable-long/runs/r0",
    "/local/readable-long?q=gradients",
    "/local/readable-once",
    "/local/readable-machine/runs/m/system",
    "/local/readable-ends",
    "/local/readable-ends/runs/oom/overview",
    "/local/readable-media",
]


@pytest.mark.parametrize("width", SIZES)
def test_no_two_texts_lie_over_each_other(reader: Page, server: Server, width: int) -> None:
    reader.set_viewport_size({"width": width, "height": SIZES[width]})
    found = {}
    for path in PAGES:
        reader.goto(server.base_url + path)
        reader.locator("main:not([aria-busy])").first.wait_for()
        reader.wait_for_function("() => !document.querySelector('.prog, [aria-busy=true]')")
        reader.wait_for_timeout(300)
        count, over = overlaps(reader)
        assert count > 10, path
        if over:
            found[path] = over
    assert found == {}
