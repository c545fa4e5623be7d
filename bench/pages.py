"""Whole pages in headless Chromium against a real server: opening, scrolling, live updates.

No peer opens the same data, so the goals are the limits of the design. Times count from the
navigation, with an empty cache; CPU is that of the browser's process that draws the page.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

import lossboard
from bench.charts import ARGUMENTS
from bench.harness import Goal, Row, median, percentile
from bench.processes import Server, running_server
from bench.writers import FIRST_US, US_PER_STEP, random_walk, rows_record, send, start
from lossboard.histogram import from_values
from lossboard.wire import (
    WIRE_VERSION,
    Exit,
    HistogramColumn,
    Record,
    encode_record,
)

__all__ = ["measure"]

ROUNDS = 5
SMALL_RUNS, SMALL_METRICS, SMALL_POINTS = 10, 9, 1000
BIG_RUNS, BIG_METRICS, BIG_POINTS = 200, 300, 200
LAYERS, EVENTS = 200, 50
LIVE_RUNS, LIVE_SECS = 20, 20
PIXEL_ROUNDS = 15
SCROLLED_FRAMES, FRAME_PIXELS = 240, 120
TABS = 20
SETTLE_MS = 2000
EXIT = encode_record(Record(version=WIRE_VERSION, exit=Exit(0, FIRST_US + 10**9)))

# A chart says what it shows once it has lines; to copy them all, as `window.lossboard.panels` does,
# takes longer than to draw them.
WATCH_PAGE = """
const DRAWN = '.plot[aria-label^="Line chart, "]';
window.bench = { drawnMs: {}, seenMs: {}, watching: true };
const look = () => {
  const drawn = document.querySelectorAll(DRAWN).length;
  for (const count of [1, 9]) {
    if (drawn >= count) window.bench.drawnMs[count] ??= performance.now();
  }
  if (location.pathname.endsWith('/pixel')) {
    const panels = window.lossboard?.panels ?? [];
    for (const line of panels.find(({ key }) => key === 'pixel')?.data?.lines ?? []) {
      window.bench.seenMs[line.x.at(-1)] ??= Date.now();
    }
  }
  if (window.bench.watching) requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""

SCROLL = """async ([frames, pixels]) => {
  const sheet = document.querySelector('.sheet');
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < frames; frame++) {
    sheet.scrollTop += pixels;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  return { times, top: sheet.scrollTop };
}"""


def measure() -> list[Row]:
    with running_server() as server, chromium() as browser:
        fill(server, "small", SMALL_RUNS, SMALL_METRICS, SMALL_POINTS, 1)
        fill(server, "big", BIG_RUNS, BIG_METRICS, BIG_POINTS, 10)
        send(server, [*watched_records("big", "watched"), EXIT])
        server.settle()
        rows = [start_row(browser, server)]
        rows += big_rows(browser, server)
        rows += live_rows(browser, server)
    return rows


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


# ---- data


def fill(server: Server, project: str, runs: int, metrics: int, points: int, sections: int) -> None:
    """Runs of `points` steps, with `metrics` metrics in all."""
    for run in range(runs):
        values = {
            f"section{m % sections}/metric{m:03}": random_walk(points, run * metrics + m)
            for m in range(metrics)
        }
        send(server, [rows_record(f"run-{run}", values, project=project), EXIT])


def watched_records(project: str, run_id: str) -> Iterator[bytes]:
    """Gradients and parameters of `LAYERS` layers, an event every tenth step."""
    noise = np.random.default_rng(0).normal(0, 1, (EVENTS, 2000))
    histograms = [from_values(values) for values in noise]
    batches = np.arange(EVENTS, dtype="<i8") * 10
    times = FIRST_US + batches * US_PER_STEP
    for layer in range(LAYERS):
        columns = [
            HistogramColumn(
                f"{kind}/layer{layer:03}.weight",
                batches.tobytes(),
                times.tobytes(),
                histograms,
                batches=batches.tobytes(),
            )
            for kind in ("gradients", "parameters")
        ]
        opening = start(run_id, project) if layer == 0 else None
        yield encode_record(Record(version=WIRE_VERSION, start=opening, histograms=columns))


# ---- opening and scrolling


@contextmanager
def opened(
    browser: Browser,
    address: str,
    *,
    charts: int = 1,
    width: int = 1440,
    height: int = 900,
    watching: bool = False,
) -> Iterator[Page]:
    """A page with an empty cache, once lines are drawn in so many charts (1 or 9).

    Looking at it in each frame forces 60 frames a second: it ends then, unless `watching`.
    """
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.add_init_script(WATCH_PAGE)
    page.goto(address)
    page.wait_for_function("charts => window.bench.drawnMs[charts]", arg=charts)
    page.evaluate("watching => { window.bench.watching = watching; }", watching)
    yield page
    context.close()


def drawn_ms(page: Page, charts: int) -> float:
    return float(page.evaluate("charts => window.bench.drawnMs[charts]", charts))


def start_row(browser: Browser, server: Server) -> Row:
    taken = []
    for _ in range(ROUNDS):
        address = f"{server.address}/local/small"
        with opened(browser, address, charts=9, width=1920, height=1600) as page:
            taken.append(drawn_ms(page, 9))
    what = "page start to 9 charts drawn, empty cache"
    return Row(what, "ms", median(taken), {}, ROUNDS, Goal(at_most=600))


def big_rows(browser: Browser, server: Server) -> list[Row]:
    name = f"{BIG_RUNS} runs, {BIG_METRICS} metrics, {LAYERS} watched layers"
    opens, frames, heaps, processes = [], [], [], []
    for _ in range(ROUNDS):
        with opened(browser, f"{server.address}/local/big") as page:
            opens.append(drawn_ms(page, 1))
            page.wait_for_timeout(SETTLE_MS)
            scrolled = page.evaluate(SCROLL, [SCROLLED_FRAMES, FRAME_PIXELS])
            assert scrolled["top"] > SCROLLED_FRAMES * FRAME_PIXELS / 2, "the page did not scroll"
            frames += scrolled["times"]
            heaps.append(heap_mb(page))
            processes.append(psutil.Process(renderer(page)).memory_full_info().uss / 1e6)
    return [
        Row(f"{name}: first chart", "ms", median(opens), {}, ROUNDS, Goal(at_most=1500)),
        Row(f"{name}: frame while scrolling, median", "ms", median(frames), {}, len(frames)),
        Row(f"{name}: the same, p95", "ms", percentile(frames, 95), {}, len(frames)),
        Row(f"{name}: JS heap after scrolling", "MB", median(heaps), {}, ROUNDS),
        Row(f"{name}: the page's process", "MB", median(processes), {}, ROUNDS, Goal(at_most=200)),
    ]


def heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    metrics = session.send("Runtime.getHeapUsage")
    return float(metrics["usedSize"]) / 1e6


def renderer(page: Page) -> int:
    """The process that draws the page: the one that works hardest while the page is busy."""
    candidates = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "--type=renderer" in (process.info["cmdline"] or [])
    ]
    before: dict[int, float] = {process.pid: cpu_secs(process.pid) for process in candidates}
    page.evaluate("() => { const end = performance.now() + 300; while (performance.now() < end); }")
    return max(before, key=lambda pid: cpu_secs(pid) - before[pid])


def cpu_secs(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


# ---- live


def live_rows(browser: Browser, server: Server) -> list[Row]:
    with opened_live(browser, server) as (page, writers):
        cpu = live_cpu(page, server, writers)
    return [
        Row(
            f"{LIVE_RUNS} running runs, a row of 5 metrics each second: CPU of the page",
            "% of a core",
            cpu,
            {},
            1,
            Goal(at_most=10),
        ),
        *pixel_rows(browser, server),
    ]


@contextmanager
def opened_live(browser: Browser, server: Server) -> Iterator[tuple[Page, list[LiveRun]]]:
    server.connection.close()  # idle for longer than the server keeps one; the next use opens it
    writers = [LiveRun(server, f"run-{number}") for number in range(LIVE_RUNS)]
    for writer in writers:
        writer.log(100)
    with opened(browser, f"{server.address}/local/live") as page:
        page.wait_for_timeout(SETTLE_MS)
        yield page, writers


class LiveRun:
    """A run that goes on, one writer's records in order."""

    def __init__(self, server: Server, run_id: str) -> None:
        self.server, self.run_id = server, run_id
        self.writer, self.sequence, self.step = secrets.token_hex(16), 0, 0

    def log(self, count: int) -> None:
        values = {f"train/metric{m}": random_walk(count, self.step + m) for m in range(5)}
        record = rows_record(self.run_id, values, self.step, "live")
        self.server.request("POST", f"/api/ingest/{self.writer}/{self.sequence}", record)
        self.sequence, self.step = self.sequence + 1, self.step + count


def live_cpu(page: Page, server: Server, writers: list[LiveRun]) -> float:
    """Percent of a core that the page takes while all runs log a row each second."""
    process = renderer(page)
    before, begun = cpu_secs(process), time.monotonic()
    for second in range(1, LIVE_SECS + 1):
        for writer in writers:
            writer.log(1)
        page.wait_for_timeout(max(0.0, begun + second - time.monotonic()) * 1000)
    return 100 * (cpu_secs(process) - before) / (time.monotonic() - begun)


def pixel_rows(browser: Browser, server: Server) -> list[Row]:
    """From `log()` of the real client to the frame that has the point, alone and with 20 tabs."""
    settings = lossboard.Settings(base_url=server.address, silent=True)
    rows = []
    with lossboard.init(project="pixel", dir=str(server.data_dir), settings=settings) as run:
        run.log({"pixel": 0.0}, step=0)
        run.log({"pixel": 1.0}, step=1)
        with opened(browser, f"{server.address}/local/pixel", watching=True) as page:
            alone = pixel_ms(page, run, 2)
            others = [page.context.new_page() for _ in range(TABS - 1)]
            for other in others:
                other.add_init_script(WATCH_PAGE)
                other.goto(f"{server.address}/local/pixel")
                other.wait_for_function("() => window.bench.drawnMs[1]")
            page.bring_to_front()
            crowded = pixel_ms(page, run, 2 + PIXEL_ROUNDS)
        for what, taken in (("", alone), (f", {TABS} tabs open", crowded)):
            label = f"log() to pixel{what}"
            rows.append(Row(label, "ms", median(taken), {}, len(taken), Goal(at_most=1500)))
    return rows


def pixel_ms(page: Page, run: Any, first_step: int) -> list[float]:
    taken = []
    for step in range(first_step, first_step + PIXEL_ROUNDS):
        logged_ms = time.time() * 1000
        run.log({"pixel": 1 / step}, step=step, commit=True)
        page.wait_for_function("step => window.bench.seenMs[step]", arg=step)
        taken.append(float(page.evaluate("step => window.bench.seenMs[step]", step)) - logged_ms)
        time.sleep(0.2 * np.random.default_rng(step).random())
    return taken
