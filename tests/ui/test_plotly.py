"""Figures of Plotly and matplotlib: every trace is drawn, in its panel's size, legible in the
dark."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import PIL.Image
import plotly.express as px
import plotly.graph_objects as go
import pytest
from matplotlib.figure import Figure
from playwright.sync_api import FrameLocator, Locator, Page, expect

import lossboard

from .conftest import Server, start_run, wait_for_panel
from .gallery import figures

mpl.use("Agg")
SIZE = """plot => ({
  width: plot._fullLayout.width,
  height: plot._fullLayout.height,
  inner: [plot._fullLayout._size.w, plot._fullLayout._size.h],
  frame: [document.documentElement.clientWidth, document.documentElement.clientHeight],
})"""
# Of a colour as the browser gives it, from 0 to 255.
BRIGHTNESS = """(element, property) => Math.max(
  ...getComputedStyle(element)[property].match(/\\d+/g).slice(0, 3).map(Number))"""
STATE = """plot => ({
  types: (plot._fullData ?? []).filter(trace => trace.visible === true).map(({ type }) => type),
  excuses: [...plot.querySelectorAll('.no-webgl')].map(one => one.textContent),
})"""


def matplotlib_figure() -> Any:
    figure = Figure(figsize=(14, 9))
    axes = figure.subplots()
    axes.plot([0, 1, 2], [0, 1, 4], color="red", linewidth=4)
    axes.set_title(r"$\alpha^2$ and $x_{10}$")
    axes.set_xlabel("epoch")
    return figure


def logged_figures() -> dict[str, Any]:
    scatter = px.scatter(x=np.arange(1500), y=np.arange(1500) % 7)
    dark = go.Figure(go.Scatter(y=[1, 2, 3], line={"color": "black"}))
    dark.update_layout(title={"text": "title", "font": {"color": "#101010"}}, template="seaborn")
    return {
        "express": lossboard.Plotly(scatter),
        "matplotlib": lossboard.Plotly(matplotlib_figure()),
        "dark": lossboard.Plotly(dark),
    }


@pytest.fixture(scope="module")
def shown(server: Server) -> str:
    with start_run(server.base_url, "plotly", name="a", id="a") as run:
        for step, figure in enumerate(figures().values()):
            run.log({"figure": lossboard.Plotly(figure)}, step=step)
        run.log(logged_figures())
    return f"{server.base_url}/local/plotly/runs/a"


def opened(page: Page, shown: str, key: str) -> Locator:
    page.goto(f"{shown}?q=^{key}$")
    wait_for_panel(page, f"media {key}", "panel.data.step !== null")
    return page.get_by_role("region", name=key, exact=True)


def plot_in(panel: Locator) -> tuple[FrameLocator, Locator]:
    frame = panel.frame_locator("iframe")
    plot = frame.locator(".js-plotly-plot")
    expect(plot.locator(".main-svg").first).to_be_attached(timeout=30_000)
    return frame, plot


def red_pixels(taken: bytes) -> int:
    pixels = np.asarray(PIL.Image.open(io.BytesIO(taken)).convert("RGB")).astype(int)
    return int(((pixels[..., 0] - pixels[..., 1:].max(axis=2)) > 60).sum())


def test_every_trace_of_plotly_is_drawn_under_the_policy_of_the_page(
    page: Page, shown: str
) -> None:
    panel = opened(page, shown, "figure")
    step_field = panel.get_by_label("Step of figure", exact=True)
    assert set(go.Figure()._data_validator.class_strs_map) <= set(figures())
    missing = []
    for step, name in enumerate(figures()):
        step_field.fill(str(step))
        wait_for_panel(page, "media figure", f"panel.data.step === {step}")
        _, plot = plot_in(panel)
        frame = panel.locator("iframe")
        page.wait_for_function("plot => plot._promises?.length === 0", arg=plot.element_handle())
        state = plot.evaluate(STATE)
        drawn = any(red_pixels(frame.screenshot()) > 20 for _ in range(20))
        if state["excuses"] or not state["types"] or not drawn:
            missing.append((name, state))
    assert missing == []


@pytest.mark.parametrize("key", ["express", "matplotlib"])
def test_a_figure_takes_the_size_of_its_panel(page: Page, shown: str, key: str) -> None:
    frame, plot = plot_in(opened(page, shown, key))
    size = plot.evaluate(SIZE)
    assert [size["width"], size["height"]] == size["frame"]
    wide, high = (part / whole for part, whole in zip(size["inner"], size["frame"], strict=True))
    assert wide > 0.6 and high > 0.5
    if key == "matplotlib":
        expect(frame.locator(".gtitle")).to_have_text("α2 and x10")


def test_a_figure_is_legible_in_the_dark(page: Page, shown: str) -> None:
    page.emulate_media(color_scheme="dark")
    frame, _ = plot_in(opened(page, shown, "dark"))
    title, line = frame.locator(".gtitle"), frame.locator(".scatterlayer .js-line")
    assert title.evaluate(BRIGHTNESS, "fill") > 128
    assert line.evaluate(BRIGHTNESS, "stroke") > 128
    assert frame.locator(".main-svg").first.evaluate(BRIGHTNESS, "background") < 60
    for words in (frame.locator(".xtick text"), frame.locator(".ytick text")):
        assert words.first.evaluate(BRIGHTNESS, "fill") > 128
