"""Histograms can be read off: atoms, exploding events, one x in all views, whose a panel is."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import lossboard

from .conftest import Server, open_panel, start_run, wait_for_panel

WEIGHTS = "histogram weights"


def log_events(server: Server, events: Sequence[Any], names: Sequence[str] = ("run",)) -> str:
    """A run of each name with these histograms, one at each tenth step; its project's address."""
    project = f"read-{uuid.uuid4().hex[:8]}"
    for name in names:
        with start_run(server.base_url, project, name=name, id=name) as run:
            for number, values in enumerate(events):
                run.log({"weights": lossboard.Histogram(values)}, step=10 * number)
    return f"{server.base_url}/local/{project}"


def normal(size: int, scale: float = 1.0) -> Any:
    return np.random.default_rng(0).normal(scale=scale, size=size)


def test_constant_and_very_narrow_distributions_are_lines_of_the_ridgeline(
    page: Page, server: Server
) -> None:
    wide, constant = normal(500), np.full(200, 0.5)
    narrow = 1 + normal(300, 1e-6)
    address = log_events(server, [wide, constant, narrow, wide])
    there = "panel.data.curves?.length === 4"
    curves = open_panel(page, f"{address}?hist=ridgeline", WEIGHTS, there)["data"]["curves"]
    atoms = [curve["atom"] for curve in curves]
    assert [atom and atom["count"] for atom in atoms] == [None, 200, 300, None]
    assert atoms[1]["value"] == 0.5
    assert atoms[2]["value"] == pytest.approx(1, abs=1e-4)
    assert max(curves[0]["density"]) > 0


def test_one_exploding_event_of_few_leaves_the_axis_to_the_others_and_is_counted(
    page: Page, server: Server
) -> None:
    events = [normal(500) for _ in range(19)]
    events.insert(10, normal(500, 1e6))
    address = log_events(server, events)
    data = open_panel(page, address, WEIGHTS, "panel.data.events === 20")["data"]
    assert max(map(abs, data["value"])) < 20
    outside = sum(column["below"] + column["above"] for column in data["mass"])
    assert outside > 400
    assert any("beyond the axis" in note for note in data["notes"])


def test_the_bar_of_a_constant_has_its_count_on_an_axis_called_count(
    page: Page, server: Server
) -> None:
    address = log_events(server, [np.full(1234, 0.5)])
    data = open_panel(page, f"{address}?hist=step", WEIGHTS, "panel.data.overlays?.length")["data"]
    assert data["overlays"][0]["bars"] == [1234]
    assert data["yMax"] >= 1234
    assert data["titles"]["y"] == "count"


def test_heatmap_percentiles_and_slider_share_x_and_the_chosen_step_is_marked_in_all(
    page: Page, server: Server
) -> None:
    address = log_events(server, [normal(300) for _ in range(30)])
    open_panel(page, address, WEIGHTS, "panel.data.events === 30")
    region = page.get_by_role("region", name="weights", exact=True)
    region.get_by_role("button", name="weights", exact=True).click()
    slider = page.get_by_label("Step of B", exact=True)
    slider.focus()
    slider.press("ArrowLeft")
    page.wait_for_url(re.compile(r"ev=\d+"))
    focused = page.url
    marks, tracks = [], []
    for view in ("heatmap", "percentiles", "ridgeline"):
        page.goto(f"{focused}&fview={view}")
        pinned = f"panel.data.kind === '{view}' && panel.data.pins.length === 1"
        data = wait_for_panel(page, WEIGHTS, pinned)["data"]
        marks.append([(pin["label"], pin["text"]) for pin in data["pins"]])
        track = slider.bounding_box()
        assert track is not None
        tracks.append((round(track["x"]), round(track["width"])))
        if "plot" in data:
            drawn = data["plot"]["right"] - data["plot"]["left"]
            assert track["width"] - 14 == pytest.approx(drawn, abs=1)
    assert marks == [[("B", "280")]] * 3
    assert len(set(tracks)) == 1


def test_a_histogram_of_the_project_page_says_whose_it_is_and_shows_all_runs_side_by_side(
    page: Page, server: Server
) -> None:
    address = log_events(server, [normal(200), normal(200)], ["first", "second", "third"])
    open_panel(page, address, WEIGHTS, "panel.data.events === 2")
    region = page.get_by_role("region", name="weights", exact=True)
    label = wait_for_panel(page, WEIGHTS)["data"]["label"]
    expect(region.locator(".owner")).to_have_text(label)
    expect(region.locator(".owner .dot")).to_be_visible()
    region.hover()
    page.get_by_role("button", name="Views of weights", exact=True).click()
    page.get_by_role("checkbox", name="All shown runs").check()
    owners = region.locator(".multiples .owner")
    expect(owners).to_have_count(3)
    assert set(owners.all_inner_texts()) == {"first", "second", "third"}
    page.wait_for_function(
        """() => window.lossboard.panels
          .filter(panel => panel.key === 'weights' && panel.data?.events === 2).length === 3"""
    )
    page.reload()
    expect(owners).to_have_count(3)


def test_tensors_of_another_door_have_a_layer_map_in_the_order_of_the_model(
    page: Page, server: Server
) -> None:
    """Bins made elsewhere, in the order of the letters, as the client of W&B sends them."""
    project = f"bins-{uuid.uuid4().hex[:8]}"
    names = [f"h.{layer}.{part}" for layer in (0, 2, 10) for part in ("weight", "bias")]
    with start_run(server.base_url, project, name="imported") as run:
        for step in range(4):
            bins = np.histogram(normal(4000, 0.5), 64)
            row = {f"gradients/{name}": lossboard.Histogram(np_histogram=bins) for name in names}
            run.log(dict(sorted(row.items())), step=step)
    page.goto(f"{server.base_url}/local/{project}")
    layers = wait_for_panel(page, "layers gradients", "panel.data.rows?.length === 6")["data"]
    assert [row["key"].removeprefix("gradients/") for row in layers["rows"]] == names
    region = page.get_by_role("region", name="Layer map of gradients")
    expect(region.locator(".badge", has_text="from bins")).to_be_visible()
    rms = wait_for_panel(page, "rms gradients", "panel.data.lines?.length === 6")["data"]
    exact = float(np.sqrt((normal(4000, 0.5) ** 2).mean()))
    for line in rms["lines"]:
        assert line["original"] == pytest.approx([exact] * 4, rel=0.005)


def test_a_logged_graph_says_the_order_of_tensors_whose_names_do_not(
    page: Page, server: Server
) -> None:
    """The file that `wandb.watch(log_graph=True)` keeps in the summary."""
    project = f"graph-{uuid.uuid4().hex[:8]}"
    layers = {"stem": ["weight", "bias"], "body": ["conv.weight"], "head": ["weight"]}
    names = [f"{layer}.{own}" for layer, parts in layers.items() for own in parts]
    graph = lossboard.Graph("torch")
    for layer, parts in layers.items():
        graph.add_node(layer, name=layer, parameters=[[own, [4]] for own in parts])
    with start_run(server.base_url, project, name="imported") as run:
        for step in range(2):
            bins = np.histogram(normal(400, 0.5), 64)
            row = {f"gradients/{name}": lossboard.Histogram(np_histogram=bins) for name in names}
            run.log(dict(sorted(row.items())), step=step)
        run.summary["graph_0"] = graph
    page.goto(f"{server.base_url}/local/{project}")
    in_order = json.dumps([f"gradients/{name}" for name in names])
    rows = "JSON.stringify(panel.data.rows?.map(row => row.key))"
    wait_for_panel(page, "layers gradients", f"{rows} === JSON.stringify({in_order})")
    lines = "JSON.stringify(panel.data.lines?.map(line => line.id))"
    wait_for_panel(page, "rms gradients", f"{lines} === JSON.stringify({in_order})")
