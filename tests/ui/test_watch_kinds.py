"""Kinds of watched tensors in the dashboard, and layer maps of models with many experts."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect
from torch import Tensor, nn

from .conftest import Server, start_run, wait_for_panel

EXPERTS = 20


class Mixture(nn.Module):
    """A layer of experts between two others."""

    def __init__(self, experts: int = EXPERTS) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 4)
        self.layers = nn.ModuleList(
            nn.ModuleDict({"experts": self._experts(experts)}) for _ in range(2)
        )

    def _experts(self, count: int) -> nn.ModuleList:
        return nn.ModuleList(nn.Linear(4, 4, bias=False) for _ in range(count))

    def forward(self, values: Tensor) -> Tensor:
        values = self.embed(values)
        for layer in self.layers:
            values = values + sum(expert(values) for expert in layer["experts"])  # type: ignore[index,union-attr]
        return values


@pytest.fixture(scope="module")
def project(server: Server) -> str:
    """A project with one run of a watched mixture."""
    name = f"kinds-{uuid4().hex[:8]}"
    torch.manual_seed(0)
    run = start_run(server.base_url, name, id="mixture")
    model = Mixture()
    optimizer = torch.optim.Adam(model.parameters())
    run.watch(model, log={"gradients", "updates", "activations"}, log_freq=1)
    for step in range(6):
        optimizer.zero_grad()
        model(torch.randn(8, 4)).square().mean().backward()
        optimizer.step()
        run.log({"loss": 1.0}, step=step)
    run.finish()
    return name


@pytest.fixture
def gradients(page: Page, server: Server, project: str) -> Page:
    page.goto(f"{server.base_url}/local/{project}/runs/mixture?cols=2")
    section = page.get_by_role("region", name="Section gradients")
    section.scroll_into_view_if_needed()
    return page


def switch(page: Page, kind: str) -> None:
    section = page.get_by_role("region", name="Section gradients")
    group = section.get_by_role("group", name="Kind of tensors")
    group.locator("label").filter(has_text=kind).last.click()


MAP = "layers gradients"


def test_one_click_shows_another_kind_in_the_layer_map(gradients: Page) -> None:
    wait_for_panel(gradients, MAP, "panel.data.rows?.[0].key.startsWith('gradients/')")
    switch(gradients, "Activations")
    drawn = wait_for_panel(gradients, MAP, "panel.data.rows?.[0].key.startsWith('activations/')")
    assert drawn["data"]["rows"][0]["key"] == "activations/embed"
    wait_for_panel(gradients, "rms gradients", "panel.data.lines?.length === 41")
    names = ["rms", "zeros", "nonFinite"]
    choices = gradients.get_by_role("region", name="Layer map of gradients").get_by_label(
        "Statistic"
    )
    values = choices.locator("option").evaluate_all("all => all.map(one => one.value)")
    assert values == names


def test_update_ratios_have_a_scale_with_one_thousandth_in_its_middle(gradients: Page) -> None:
    switch(gradients, "Update ratios")
    drawn = wait_for_panel(gradients, MAP, "panel.data.rows?.[0].key.startsWith('update_ratios/')")
    assert drawn["data"]["range"] == [-5, -1]
    region = gradients.get_by_role("region", name="Layer map of gradients")
    expect(region.locator(".scale")).to_have_text("10⁻⁵10⁻³10⁻¹")
    expect(gradients.get_by_role("region", name="All update ratios")).to_be_visible()


def test_the_experts_of_a_layer_are_one_row_that_a_click_unfolds(gradients: Page) -> None:
    folded = "panel.data.rows?.length === 8"  # embed has two, each layer of experts three
    drawn = wait_for_panel(gradients, MAP, folded)["data"]
    assert drawn["tensors"] == 2 + 2 * EXPERTS
    groups = [row["group"] for row in drawn["rows"] if row["group"]]
    assert [group["spread"] for group in groups] == ["highest", "median", "lowest"] * 2
    plot = gradients.get_by_role("region", name="Layer map of gradients").locator(".plot")
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": box["width"] * 0.6, "y": box["height"] * 0.45})
    unfolded = f"panel.data.rows?.length === {8 - 3 + 1 + EXPERTS}"
    wait_for_panel(gradients, MAP, unfolded)


def test_layers_are_found_by_search_and_sorted_by_what_moves_most(gradients: Page) -> None:
    section = gradients.get_by_role("region", name="Section gradients")
    section.get_by_label("Search layers (regex)").fill(r"experts\.[34]\.")
    in_order = wait_for_panel(gradients, MAP, "panel.data.rows?.length === 4")["data"]["rows"]
    section.get_by_label("Order of layers").select_option("movement")
    movement = [np.std(row["values"]) for row in in_order]
    expected = [in_order[i]["key"] for i in np.argsort(movement)[::-1]]
    wait_for_panel(gradients, MAP, f"panel.data.rows?.[0].key === '{expected[0]}'")
    drawn = wait_for_panel(gradients, MAP)["data"]["rows"]
    assert [row["key"] for row in drawn] == expected


def test_the_lines_of_very_many_tensors_are_medians_of_groups_and_the_map_is_tall(
    page: Page, server: Server, project: str
) -> None:
    run = start_run(server.base_url, project, id="many")
    model = Mixture(60)
    run.watch(model, log="gradients", log_freq=1)
    for _ in range(2):
        model(torch.randn(8, 4)).square().mean().backward()
    run.finish()
    page.goto(f"{server.base_url}/local/{project}/runs/many?cols=2")
    page.get_by_role("region", name="Section gradients").scroll_into_view_if_needed()
    drawn = wait_for_panel(page, "rms gradients", "panel.data.lines?.length === 4")["data"]
    labels = [line["label"] for line in drawn["lines"]]
    assert labels[2:] == [f"layers.{layer}.experts.*.weight (60)" for layer in range(2)]
    lines = page.get_by_role("region", name="RMS of all gradients")
    expect(lines.get_by_text("122 tensors in 4 lines: medians of groups")).to_be_visible()
    heights = [
        box["height"]
        for box in (lines.bounding_box(), page.locator(".panel.tall").bounding_box())
        if box is not None
    ]
    assert heights[1] == 2 * heights[0] - 1
