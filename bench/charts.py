"""The dashboard's charts in headless Chromium: smoothing, steps, first draws, heatmaps, hover.

Peer: the same pictures drawn by Plotly, with the plotly.js of the installed `plotly` package.
Times are medians; "frame" is from the call until after the next painted frame (about 17 ms at
least, at 60 Hz), "JS" the time inside the calls.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bench.harness import Goal, Row, median

__all__ = ["measure"]

WEB = Path(__file__).resolve().parents[1] / "web"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
]
ROUNDS = 30
START_SECS = 30


def measure() -> list[Row]:
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/bench.html")
        page.wait_for_function("window.benchReady")
        rows = lossboard_rows(page)
        browser.close()
    return rows


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Vite's server of the sources on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    vite = WEB / "node_modules" / ".bin" / "vite"
    command = [str(vite), "--port", str(port), "--strictPort"]
    server = subprocess.Popen(
        command, cwd=WEB, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        await_answer(f"{address}/bench.html")
        yield address
    finally:
        server.terminate()
        server.wait()


def await_answer(url: str) -> None:
    end = time.monotonic() + START_SECS
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(url).close()
            return
        time.sleep(0.2)
    raise TimeoutError(f"Vite did not answer at {url} within {START_SECS} s; is `npm ci` done?")


def samples(page: Page, call: str) -> tuple[float, float]:
    """Median JS and frame milliseconds of `window.bench.<call>`."""
    taken: list[list[float]] = page.evaluate(f"window.bench.{call}")
    return median(js for js, _ in taken), median(frame for _, frame in taken)


def lossboard_rows(page: Page) -> list[Row]:
    ours: dict[str, Any] = {
        "smoothing": samples(page, f"smoothing({ROUNDS})"),
        "gaussian": samples(page, f"smoothing({ROUNDS}, 'gaussian')"),
        "steps": samples(page, f"steps({ROUNDS})"),
        "nine": samples(page, "firstDraw(9, 10)"),
        "thirty": samples(page, "firstDraw(30, 10)"),
        "heatmaps": samples(page, "heatmaps(10)"),
        "hover": samples(page, f"hover({ROUNDS})"),
    }
    heap = float(page.evaluate("window.bench.heap()"))
    package = importlib.resources.files("plotly") / "package_data" / "plotly.min.js"
    page.add_script_tag(path=str(package))
    plotly = {
        "smoothing": samples(page, "plotlySmoothing(10)"),
        "steps": samples(page, "plotlySteps(10)"),
        "nine": samples(page, "plotlyFirstDraw(9, 3)"),
        "thirty": samples(page, "plotlyFirstDraw(30, 3)"),
        "heatmaps": samples(page, "plotlyHeatmaps(3)"),
        "hover": samples(page, "plotlyHover(10)"),
    }

    def row(what: str, name: str, at_most: float, rounds: int, js: bool = False) -> Row:
        part = 0 if js else 1
        peers = {"Plotly": plotly[name][part]} if name in plotly else {}
        return Row(what, "ms", ours[name][part], peers, rounds, Goal(at_most=at_most))

    nine = "9 panels x 10 runs x 1000 points"
    return [
        row(f"smoothing tick, {nine}: frame", "smoothing", 33, ROUNDS),
        row(f"smoothing tick, {nine}: JS", "smoothing", 20, ROUNDS, js=True),
        row("the same with a gaussian: frame", "gaussian", 66, ROUNDS),
        row("step tick, 9 histogram + KDE panels: frame", "steps", 20, ROUNDS),
        row("step tick, 9 histogram + KDE panels: JS", "steps", 5, ROUNDS, js=True),
        row("first draw of 9 panels x 10 runs: frame", "nine", 60, 10),
        row("first draw of 30 panels x 10 runs: frame", "thirty", 250, 10),
        row("12 heatmaps of 64 x 500: frame", "heatmaps", 70, 10),
        row("hover over 9 synchronised panels: JS a move", "hover", 6, ROUNDS, js=True),
        Row("JS heap of 30 panels x 10 x 1000", "MB", heap, {}, 1, Goal(at_most=25)),
    ]
