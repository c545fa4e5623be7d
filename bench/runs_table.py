"""The runs table with 10,000 runs in headless Chromium: scrolling, sorting, opening.

A frame is the time between two painted frames while the table is scrolled by 120 pixels in each
(16.7 ms is 60 a second, the fastest there is). "main thread" is the CPU time of JavaScript, style,
layout and painting in it, which other work on the machine changes less. `python -m
bench.runs_table DIR...` compares builds of the dashboard on one server, taking turns.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from bench.charts import ARGUMENTS
from bench.harness import Goal, Row, median, percentile
from bench.processes import Server, running_server, temporary_directory
from bench.writers import FIRST_US, US_PER_STEP, send
from lossboard.wire import (
    TYPE_FLOAT,
    WIRE_VERSION,
    Column,
    Exit,
    MetricDefinition,
    Record,
    Rows,
    RunStart,
    encode_record,
)

__all__ = ["measure"]

WEB = Path(__file__).resolve().parents[1] / "web" / "dist"
RUNS = 10_000
STEPS = 20
KEYS = ("val/loss", "val/accuracy", "train/loss", "grad_norm")
OPTIMIZERS = ("sgd", "adamw", "lamb")
FRAMES = 240
ROUNDS = 3
OPEN_MS = 120_000
TRACED = ["disabled-by-default-devtools.timeline", "__metadata"]
FULL_RATE = Goal(at_most=1000 / 60 * 1.05)

SCROLL = """async (frames) => {
  const box = document.querySelector('section[aria-label="Runs"]');
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const taken = [];
  let last = await frame();
  for (let i = 0; i < frames; i++) {
    box.scrollTop += 120;
    const now = await frame();
    taken.push(now - last);
    last = now;
  }
  return taken;
}"""
CLICK = """async (selector) => {
  const begun = performance.now();
  document.querySelector(selector).click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}"""


def measure() -> list[Row]:
    with running_server(web_dir=str(WEB)) as server:
        fill(server)
        found = samples(server, ROUNDS)
    return rows(found)


def fill(server: Server) -> None:
    generator = np.random.default_rng(0)
    for number in range(RUNS):
        send(server, [record(number, generator)])
    server.settle()


def record(number: int, generator: np.random.Generator) -> bytes:
    """A whole run in one record."""
    optimizer = OPTIMIZERS[number % len(OPTIMIZERS)]
    config = {
        "optimizer": optimizer,
        "lr": float(10 ** generator.uniform(-4, -1)),
        "batch_size": int(2 ** generator.integers(5, 9)),
        "weight_decay": [0.0, 1e-4, 0.05][number % 3],
    }
    opening = RunStart(
        entity="local",
        project="bench",
        run_id=f"run-{number:05}",
        name=f"r50-{optimizer}-{number:05}",
        started_us=FIRST_US,
        tags=("imagenet", f"seed-{number % 7}"),
        config=config,
    )
    steps = np.arange(STEPS, dtype="<i8")
    times = FIRST_US + steps * US_PER_STEP
    columns = [
        Column(key, generator.lognormal(0, 0.3, STEPS).astype("<f8").tobytes(), bytes([TYPE_FLOAT]))
        for key in KEYS
    ]
    return encode_record(
        Record(
            version=WIRE_VERSION,
            start=opening,
            rows=Rows(steps.tobytes(), times.tobytes(), columns),
            metrics=[MetricDefinition(name="val/loss", goal="minimize")],
            exit=Exit(code=0, time_us=int(times[-1])),
        )
    )


def samples(server: Server, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each action, from `rounds` fresh pages."""
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for _ in range(rounds):
            for name, values in visit(browser, server.address).items():
                found.setdefault(name, []).extend(values)
        browser.close()
    return found


def visit(browser: Browser, address: str) -> dict[str, list[float]]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    begun = time.perf_counter()
    page.goto(f"{address}/local/bench/runs")
    page.wait_for_selector(".rowlink", timeout=OPEN_MS)
    opened = (time.perf_counter() - begun) * 1000
    frames, main_thread = scroll(browser, page)
    ordered = page.evaluate(CLICK, '[title="summary.val/loss"] button')
    page.close()
    return {
        "open": [opened],
        "frame": frames,
        "main thread": [main_thread],
        "sort": [ordered],
    }


def scroll(browser: Browser, page: Page) -> tuple[list[float], float]:
    """Milliseconds of each frame, and the CPU time of the main thread in one of them."""
    page.evaluate(SCROLL, 30)  # warm
    browser.start_tracing(page=page, categories=TRACED)
    frames: list[float] = page.evaluate(SCROLL, FRAMES)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    return frames, main_thread_ms(events) / FRAMES


def main_thread_ms(events: list[dict[str, Any]]) -> float:
    """CPU time of the tasks of that renderer's main thread that has done the most."""
    names = [event for event in events if event["name"] == "thread_name"]
    mains = {(e["pid"], e["tid"]) for e in names if e["args"]["name"] == "CrRendererMain"}
    totals = dict.fromkeys(mains, 0.0)
    for event in events:
        thread = (event["pid"], event["tid"])
        if event["name"] == "RunTask" and thread in totals:
            totals[thread] += event.get("tdur", 0) / 1000
    return max(totals.values())


def rows(found: dict[str, list[float]]) -> list[Row]:
    table = f"runs table of {RUNS:,} runs"
    frames = len(found["frame"])

    def row(what: str, value: float, count: int, goal: Goal | None = None) -> Row:
        return Row(f"{table}: {what}", "ms", value, {}, count, goal or Goal())

    return [
        row("scrolled frame, median", median(found["frame"]), frames, FULL_RATE),
        row("scrolled frame, 95th percentile", percentile(found["frame"], 95), frames),
        row("scrolled frame, CPU time of the main thread", median(found["main thread"]), ROUNDS),
        row("sort by a metric", median(found["sort"]), ROUNDS),
        row("open", median(found["open"]), ROUNDS),
    ]


def compare(builds: Sequence[Path]) -> Iterator[str]:
    """A line for each build, measured in turns on the same runs."""
    with temporary_directory() as directory:
        link = directory / "web"
        link.symlink_to(builds[0].resolve())
        with running_server(web_dir=str(link)) as server:
            fill(server)
            found: dict[Path, dict[str, list[float]]] = {build: {} for build in builds}
            for _, build in itertools.product(range(ROUNDS), builds):
                link.unlink()
                link.symlink_to(build.resolve())
                for name, values in samples(server, 1).items():
                    found[build].setdefault(name, []).extend(values)
    for build, measured in found.items():
        for row in rows(measured):
            yield f"{build}  {row.what}: {row.ours:.1f} {row.unit}"


if __name__ == "__main__":
    for line in compare([Path(argument) for argument in sys.argv[1:]]):
        print(line)
