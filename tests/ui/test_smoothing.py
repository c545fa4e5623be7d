"""Smoothing that one can see, on short lines and long ones."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from .conftest import Server, open_panel, start_run, wait_for_panel
from .test_workspace import line_of, smooth_by, twema

LENGTHS = (108, 1_000, 20_000)
STEPS_OF_AN_EPOCH = 9


def noisy(steps: int) -> list[float]:
    rng = np.random.default_rng(steps)
    return (2 * np.exp(-3 * np.arange(steps) / steps) + rng.normal(0, 0.2, steps)).tolist()


@pytest.fixture(scope="module")
def noise(server: Server) -> str:
    """Prefix of projects of one run of 108, 1,000 and 20,000 points: a falling loss under noise."""
    name = f"noise-{uuid.uuid4().hex[:8]}"
    for steps in LENGTHS:
        with start_run(server.base_url, f"{name}-{steps}", name="noisy") as run:
            for step, loss in enumerate(noisy(steps)):
                row: dict[str, Any] = {"loss": loss}
                if steps == LENGTHS[0]:
                    row["epoch"] = step // STEPS_OF_AN_EPOCH
                run.log(row, step=step)
    return name


def roughness(values: list[float]) -> float:
    """The spread of what is left from one point to the next, past the start."""
    return float(np.diff(np.array(values)[len(values) // 5 :]).std())


@pytest.mark.parametrize("steps", LENGTHS)
def test_the_default_shows_a_trend_on_short_and_long_lines(
    page: Page, server: Server, noise: str, steps: int
) -> None:
    address = f"{server.base_url}/local/{noise}-{steps}"
    panel = open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    line = line_of(panel, "noisy")
    assert roughness(line["smoothed"]) < 0.4 * roughness(line["original"])
    assert np.abs(np.array(line["smoothed"]) - line["original"]).max() < 1


def test_the_whole_slider_smooths_in_even_steps_and_says_how_many_points_it_averages(
    page: Page, server: Server, noise: str
) -> None:
    address = f"{server.base_url}/local/{noise}-{LENGTHS[0]}"
    open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    slider = page.get_by_label("Smoothing amount", exact=True)
    left = []
    for place in ("0", "0.2", "0.4", "0.6", "0.8", "1"):
        before = line_of(wait_for_panel(page, "scalar loss"), "noisy")["smoothed"][60]
        slider.fill(place)
        changed = f"panel.data.lines[0].smoothed[60] !== {before}"
        left.append(
            roughness(line_of(wait_for_panel(page, "scalar loss", changed), "noisy")["smoothed"])
        )
    assert left[0] == roughness(noisy(LENGTHS[0]))
    assert all(after < 0.8 * before for before, after in zip(left, left[1:], strict=False))
    smooth_by(page, "0.97")
    kept = 0.97 ** (500 / 107)
    averaged = f"{(1 + kept) / (1 - kept):.0f}"
    expect(page.get_by_role("status").filter(has_text="about")).to_have_text(
        f"about {averaged} points"
    )
    expect(slider).to_have_attribute("aria-valuetext", f"about {averaged} points")


def test_a_typed_amount_keeps_the_meaning_that_it_has_at_wandb(
    page: Page, server: Server, noise: str
) -> None:
    address = f"{server.base_url}/local/{noise}-{LENGTHS[0]}?smooth=twema%3A0.6"
    panel = open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    losses = noisy(LENGTHS[0])
    expected = twema(range(len(losses)), losses, 0.6)
    assert line_of(panel, "noisy")["smoothed"] == pytest.approx(expected, rel=1e-9)
    expect(page.get_by_label("Smoothing amount as a number")).to_have_value("0.60")


def test_counters_such_as_the_epoch_are_not_smoothed(
    page: Page, server: Server, noise: str
) -> None:
    address = f"{server.base_url}/local/{noise}-{LENGTHS[0]}?smooth=ema%3A0.95"
    panel = open_panel(page, address, "scalar epoch", "panel.data.lines?.length === 1")
    counted = [step // STEPS_OF_AN_EPOCH for step in range(LENGTHS[0])]
    assert line_of(panel, "noisy")["smoothed"] == counted


@pytest.mark.parametrize("steps", LENGTHS)
def test_showing_the_original_changes_the_picture(
    page: Page, server: Server, noise: str, steps: int
) -> None:
    address = f"{server.base_url}/local/{noise}-{steps}"
    open_panel(page, address, "scalar loss", "panel.data.lines?.length === 1")
    page.mouse.move(2, 2)
    picture(page)
    page.get_by_label("Show original").uncheck()
    page.wait_for_url("**only**")
    assert picture(page) > 1000


def picture(page: Page) -> int:
    """How many pixels of the plot look otherwise than the last time, two frames later."""
    return int(
        page.evaluate(
            """async () => {
              const frame = () => new Promise(done => requestAnimationFrame(done));
              for (let i = 0; i < 4; i++) await frame();
              const pixels = [];
              for (const canvas of document.querySelectorAll('[aria-label="loss"] canvas')) {
                const context = canvas.getContext('2d');
                pixels.push(context.getImageData(0, 0, canvas.width, canvas.height).data);
              }
              const before = window.before ?? pixels;
              window.before = pixels;
              let changed = 0;
              pixels.forEach((data, layer) => {
                for (let i = 0; i < data.length; i += 4) {
                  const far = c => Math.abs(data[i + c] - before[layer][i + c]) > 24;
                  changed += [0, 1, 2, 3].some(far);
                }
              });
              return changed;
            }"""
        )
    )
