"""Watched gradients and weights: heatmaps, layer map, one step with its density."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import BACKWARDS, LOG_FREQ, Server, Watch, open_panel, wait_for_panel

KEY = "gradients/0.weight"
HEAT = f"histogram {KEY}"
STEP = f"step {KEY}"
EVENTS = BACKWARDS // LOG_FREQ


@pytest.fixture
def heatmap(page: Page, server: Server, logged: str) -> Page:
    page.goto(f"{server.base_url}/local/{logged}?q=gradients")
    wait_for_panel(page, HEAT, "panel.data.kind === 'heatmap'")
    return page


@pytest.fixture
def focus(page: Page, server: Server, logged: str) -> Page:
    address = f"{server.base_url}/local/{logged}?focus={KEY}"
    open_panel(page, address, STEP, "panel.data.overlays?.length === 1")
    return page


def shown_step(page: Page, condition: str = "true") -> Any:
    return wait_for_panel(page, STEP, f"panel.data.overlays?.length && {condition}")["data"]


def test_every_watch_event_is_a_column_of_the_heatmap(heatmap: Page) -> None:
    data = wait_for_panel(heatmap, HEAT)["data"]
    assert data["events"] == EVENTS
    assert data["columns"] == EVENTS
    masses = [m["inside"] + m["below"] + m["above"] for m in data["mass"]]
    assert masses == pytest.approx([32] * EVENTS)  # 8 x 4 weights in each event


def test_a_click_in_the_heatmap_opens_that_step_with_its_density(heatmap: Page) -> None:
    panel = heatmap.get_by_role("region", name=KEY, exact=True)
    panel.locator(".plot").click(position={"x": 120, "y": 60})
    overlay = shown_step(heatmap)["overlays"][0]
    assert sum(overlay["counts"]) == pytest.approx(32)
    assert max(overlay["kde"]["heights"]) > 0
    heatmap.go_back()
    wait_for_panel(heatmap, HEAT, "panel.data.kind === 'heatmap'")


def test_the_views_of_a_histogram_switch_without_a_request(heatmap: Page, watch: Watch) -> None:
    asked = [url for url in watch.requests if "/api/query" in url]
    for view, kind in (("ridgeline", "ridgeline"), ("percentiles", "percentiles")):
        heatmap.get_by_label("Histograms", exact=True).select_option(view)
        wait_for_panel(heatmap, HEAT, f"panel.kind === '{kind}'")
    heatmap.get_by_label("Histograms", exact=True).select_option("heatmap")
    wait_for_panel(heatmap, HEAT, "panel.data.kind === 'heatmap'")
    assert [url for url in watch.requests if "/api/query" in url] == asked


def test_the_single_step_view_overlays_all_shown_runs(heatmap: Page) -> None:
    heatmap.get_by_label("Histograms", exact=True).select_option("step")
    panel = wait_for_panel(heatmap, HEAT, "panel.data.overlays?.length === 3")
    assert {overlay["label"] for overlay in panel["data"]["overlays"]} == {
        "run-0",
        "run-1",
        "run-2",
    }


def test_the_slider_is_exactly_as_wide_as_the_heatmap(focus: Page) -> None:
    slider = focus.get_by_label("Step of B", exact=True)
    thumb = 14  # the thumb stops half of its width from either end
    drawn = focus.locator(".over .plot").evaluate(
        "e => { const box = e.getBoundingClientRect(); return [box.left, box.right]; }"
    )
    box = slider.bounding_box()
    assert box is not None
    track = (box["x"] + thumb / 2, box["x"] + box["width"] - thumb / 2)
    assert drawn[0] < track[0] < track[1] < drawn[1]
    heat = focus.evaluate("window.lossboard.panels.find(p => p.data?.kind === 'heatmap').data.plot")
    assert track == pytest.approx((drawn[0] + heat["left"], drawn[0] + heat["right"]), abs=1)


def test_arrow_keys_go_from_event_to_event(focus: Page) -> None:
    last = shown_step(focus)["overlays"][0]["step"]
    focus.keyboard.press("ArrowLeft")
    overlay = shown_step(focus, f"panel.data.overlays[0].step < {last}")["overlays"][0]
    assert overlay["step"] == last - LOG_FREQ
    focus.wait_for_url(re.compile(r"ev=\d+"))
    expect(focus.get_by_label("Step of B as a number")).to_have_value(str(overlay["step"]))


def test_a_typed_step_is_shown(focus: Page) -> None:
    field = focus.get_by_label("Step of B as a number")
    field.fill("8")
    field.press("Enter")
    shown_step(focus, "panel.data.overlays[0].step === 8")


def test_steps_are_played_one_by_one_from_the_shown_one(focus: Page) -> None:
    focus.get_by_label("Step of B as a number").fill("0")
    focus.get_by_label("Step of B as a number").press("Enter")
    first = shown_step(focus, "panel.data.overlays[0].step < 10")["overlays"][0]["step"]
    focus.get_by_role("button", name="Play the steps").click()
    shown_step(focus, f"panel.data.overlays[0].step > {first + 2 * LOG_FREQ}")
    focus.get_by_role("button", name="Stop", exact=True).click()
    stopped = shown_step(focus)["overlays"][0]["step"]
    focus.wait_for_timeout(400)
    assert shown_step(focus)["overlays"][0]["step"] == stopped


def test_a_pinned_reference_is_compared_in_numbers(focus: Page) -> None:
    focus.keyboard.press("a")
    focus.keyboard.press("Shift+ArrowLeft")
    overlays = shown_step(focus, "panel.data.overlays.length === 2")["overlays"]
    assert overlays[0]["step"] < overlays[1]["step"]
    expect(focus.get_by_role("row", name="change from A to B")).to_contain_text("%")


def test_other_runs_stand_at_the_same_step(focus: Page) -> None:
    focus.get_by_label("Compare with 2 other runs").check()
    overlays = shown_step(focus, "panel.data.overlays.length === 3")["overlays"]
    assert len({overlay["step"] for overlay in overlays}) == 1


def test_j_goes_to_the_next_tensor(focus: Page) -> None:
    focus.keyboard.press("j")
    wait_for_panel(focus, "step gradients/0.bias", "panel.data.overlays?.length")
    focus.keyboard.press("k")
    shown_step(focus)


def test_bandwidth_scales_the_density(focus: Page) -> None:
    before = shown_step(focus)["overlays"][0]["bandwidth"]
    field = focus.get_by_label("Bandwidth as a number")
    field.fill("2")
    field.press("Enter")
    after = shown_step(focus, f"panel.data.overlays[0].bandwidth > {before}")["overlays"][0]
    assert after["bandwidth"] == pytest.approx(2 * before)


def test_y_is_a_count_or_a_density_and_values_stand_on_a_symlog_axis(focus: Page) -> None:
    counted = shown_step(focus)
    assert not counted["density"]
    focus.get_by_label("Y axis").select_option("density")
    dense = shown_step(focus, "panel.data.density")
    areas = [
        height * (right - left)
        for overlay in dense["overlays"]
        for height, left, right in zip(
            overlay["bars"], overlay["edges"][:-1], overlay["edges"][1:], strict=True
        )
    ]
    assert sum(areas) == pytest.approx(1)
    focus.get_by_label("Value axis").select_option("symlog")
    edges = counted["overlays"][0]["edges"]
    shown = shown_step(focus, f"panel.data.overlays[0].edges[1] !== {edges[1]}")
    assert sum(shown["overlays"][0]["counts"]) == pytest.approx(32)
    focus.wait_for_url("**fscale=symlog**")


def test_the_layer_map_shows_all_layers_and_a_click_opens_one(heatmap: Page) -> None:
    panel = wait_for_panel(heatmap, "layers gradients", "panel.data.rows?.length === 4")
    assert [row["key"] for row in panel["data"]["rows"]] == [
        f"gradients/{layer}" for layer in ("0.weight", "0.bias", "2.weight", "2.bias")
    ]
    lines = wait_for_panel(heatmap, "rms gradients", "panel.data.lines?.length === 4")
    assert all(value > 0 for value in lines["data"]["lines"][0]["original"])
    region = heatmap.get_by_role("region", name="Layer map of gradients")
    region.locator(".plot").click(position={"x": 150, "y": 140})
    cell = "() => window.lossboard.panels.some(p => p.id.startsWith('cell ') && p.data?.overlays)"
    heatmap.wait_for_function(cell)


def choose_axis(page: Page, axis: str) -> Any:
    page.get_by_role("region", name=KEY, exact=True).hover()
    page.get_by_role("button", name=f"Views of {KEY}").click()
    page.get_by_label("X of the histograms").select_option(axis)
    page.keyboard.press("Escape")
    return wait_for_panel(page, HEAT, f"panel.data.axis === '{axis}'")["data"]


def test_events_lie_by_step_batch_or_time_and_the_link_says_so(heatmap: Page) -> None:
    assert wait_for_panel(heatmap, HEAT)["data"]["x"][0] == 0  # step of the first backward
    by_batch = choose_axis(heatmap, "batch")
    assert by_batch["x"] == [LOG_FREQ, BACKWARDS + LOG_FREQ]  # the last event has a width too
    expect(heatmap.get_by_role("region", name=KEY, exact=True)).to_contain_text("by batch")
    heatmap.reload()
    again = wait_for_panel(heatmap, HEAT, "panel.data.axis === 'batch'")["data"]
    assert again["mass"] == by_batch["mass"]
    heatmap.go_back()
    wait_for_panel(heatmap, HEAT, "panel.data.axis === 'step'")
    by_time = choose_axis(heatmap, "time")
    now_us = heatmap.evaluate("Date.now()") * 1000
    assert now_us - 3600e6 < by_time["x"][0] < by_time["x"][1] < now_us


def test_a_zoom_by_batch_holds_only_there(heatmap: Page) -> None:
    whole = choose_axis(heatmap, "batch")
    box = heatmap.get_by_role("region", name=KEY, exact=True).locator(".plot").bounding_box()
    assert box is not None
    heatmap.mouse.move(box["x"] + 100, box["y"] + 60)
    heatmap.mouse.down()
    heatmap.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
    heatmap.mouse.up()
    near = f"panel.data.x[1] < {whole['x'][1]}"
    low, high = wait_for_panel(heatmap, HEAT, near)["data"]["x"]
    assert whole["x"][0] < low < high
    assert choose_axis(heatmap, "step")["x"][0] == 0


def test_the_slider_goes_along_the_axis_of_the_heatmap(heatmap: Page) -> None:
    choose_axis(heatmap, "batch")
    panel = heatmap.get_by_role("region", name=KEY, exact=True)
    panel.get_by_role("button", name=KEY, exact=True).click()
    shown_step(heatmap)
    slider = heatmap.get_by_label("Step of B", exact=True)
    assert float(slider.get_attribute("max") or 0) == BACKWARDS + LOG_FREQ
    assert float(slider.input_value()) == BACKWARDS


def test_wall_time_of_the_workspace_holds_for_histograms(heatmap: Page) -> None:
    heatmap.get_by_label("X axis").select_option("time")
    wait_for_panel(heatmap, HEAT, "panel.data.axis === 'time'")


def test_colours_and_values_of_a_heatmap_are_chosen_and_kept_in_the_link(heatmap: Page) -> None:
    plot = heatmap.get_by_role("region", name=KEY, exact=True).locator(".plot")
    plot.scroll_into_view_if_needed()
    pictures = [plot.screenshot()]
    for label, choice in (
        ("Colour of the cells", "linear"),
        ("Colour of the cells", "event"),
        ("Axis of the values", "symlog"),
    ):
        heatmap.get_by_role("region", name=KEY, exact=True).hover()
        heatmap.get_by_role("button", name=f"Views of {KEY}").click()
        heatmap.get_by_label(label).select_option(choice)
        heatmap.keyboard.press("Escape")
        panel = wait_for_panel(
            heatmap, HEAT, f"[panel.data.color, panel.data.scale].includes('{choice}')"
        )
        masses = [m["inside"] + m["below"] + m["above"] for m in panel["data"]["mass"]]
        assert masses == pytest.approx([32] * EVENTS)
        heatmap.mouse.move(5, 5)
        heatmap.wait_for_timeout(200)
        pictures.append(plot.screenshot())
    assert len(set(pictures)) == len(pictures)
    heatmap.reload()
    wait_for_panel(heatmap, HEAT, "panel.data.color === 'event' && panel.data.scale === 'symlog'")
