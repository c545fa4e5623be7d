"""Point clouds, models and molecules: drawn as logged, turned and neared by mouse and keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

import lossboard

from . import scenes
from .conftest import Server, start_run

CORNERS = [[x, y, z] for x in (0, 2) for y in (0, 1) for z in (0, 1)]
RED = [255, 0, 0]
SCENE = """key => window.lossboard.panels
  .find(panel => panel.kind === 'scene' && panel.key.startsWith(key))?.data"""
INKED = """canvas => canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data
  .reduce((count, value, i) => count + (i % 4 === 3 && value > 0), 0)"""
REDDISH = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 200 && data[i] > 200 && data[i + 1] < 40 && data[i + 2] < 40) count += 1;
  return count;
}"""


@pytest.fixture(scope="module")
def shown(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("scenes")
    run = start_run(server.base_url, "scenes", name="a", id="a")
    run.log(clouds() | models(folder) | molecules(folder))
    run.finish()
    return f"{server.base_url}/local/scenes/runs/a"


def clouds() -> dict[str, Any]:
    box = {"corners": CORNERS, "label": "car", "color": RED}
    arrow = {"start": [0, 0, 0], "end": [1, 1, 1]}
    return {
        "plain": lossboard.Object3D(np.array([[1.0, 2, 3], [-4, 5, -6]]), caption="two"),
        "red": lossboard.Object3D(np.array([[0, 0, 0, *RED], [1, 1, 1, *RED]])),
        "unfinite": lossboard.Object3D(np.array([[0.0, 0, 0], [np.nan, 1, 1], [1, 1, 1]])),
        "scene": lossboard.Object3D(
            {"type": "lidar/beta", "points": [[0, 0, 0]], "boxes": [box], "vectors": [arrow]}
        ),
    }


def models(folder: Path) -> dict[str, Any]:
    other = folder / "other.gltf"
    outside = {"asset": {"version": "2.0"}, "buffers": [{"uri": "https://a.b/c", "byteLength": 1}]}
    other.write_text(json.dumps(outside))
    files = scenes.model_files(folder)
    logged: dict[str, Any] = {key: lossboard.Object3D(path) for key, path in files.items()}
    return logged | {"outside": lossboard.Object3D(other)}


def molecules(folder: Path) -> dict[str, Any]:
    broken = folder / "broken.pdb"
    broken.write_text("REMARK nothing here")
    unread = folder / "unread.mmtf"
    unread.write_bytes(b"\x00")
    files = scenes.molecules(folder)
    return {
        "mols": [lossboard.Molecule(path, caption=path.name) for path in files.values()],
        "broken": lossboard.Molecule(broken),
        "unread": lossboard.Molecule(unread),
    }


def open_scene(page: Page, address: str, key: str) -> Locator:
    page.goto(f"{address}?q=^{key}$")
    return page.get_by_role("region", name=key, exact=True)


def drawn(page: Page, path: str) -> Any:
    """What the scene of the file whose path begins so has drawn."""
    page.wait_for_function(f"key => !!({SCENE})(key)", arg=path)
    return page.evaluate(SCENE, path)


@pytest.mark.parametrize(
    ("key", "counts", "bounds"),
    [
        ("plain", {"points": 2}, [[-4, 2, -6], [1, 5, 3]]),
        ("unfinite", {"points": 2, "left": 1}, [[0, 0, 0], [1, 1, 1]]),
        ("scene", {"points": 1, "boxes": 1, "vectors": 1}, [[0, 0, 0], [2, 1, 1]]),
    ],
)
def test_a_cloud_is_drawn_where_its_points_are(
    page: Page, shown: str, key: str, counts: dict[str, int], bounds: list[list[float]]
) -> None:
    panel = open_scene(page, shown, key)
    data = drawn(page, f"media/object3D/{key}_")
    assert data["counts"] == {"points": 0, "boxes": 0, "vectors": 0, "left": 0} | counts
    assert data["bounds"] == [pytest.approx(corner, abs=0.2) for corner in bounds]
    canvas = panel.get_by_role("application")
    expect(canvas).to_have_accessible_name(re.compile(rf"{counts['points']} points?,"))
    assert canvas.evaluate(INKED) > 100


@pytest.mark.parametrize("key", ["red", "scene"])
def test_points_and_boxes_have_their_own_colours(page: Page, shown: str, key: str) -> None:
    open_scene(page, shown, key)
    drawn(page, f"media/object3D/{key}_")
    page.wait_for_function(f"() => ({REDDISH})(document.querySelector('.stage canvas')) > 20")


def test_keys_turn_move_and_zoom(page: Page, shown: str) -> None:
    canvas = open_scene(page, shown, "scene").get_by_role("application")
    start = drawn(page, "media/object3D/scene_")["pose"]
    canvas.focus()
    poses = []
    for key in ("ArrowRight", "ArrowUp", "+", "Shift+ArrowLeft", "Home"):
        page.keyboard.press(key)
        poses.append(drawn(page, "media/object3D/scene_")["pose"])
    assert poses[0]["turn"] > start["turn"]
    assert poses[1]["tilt"] > poses[0]["tilt"]
    assert poses[2]["distance"] < start["distance"]
    assert poses[3]["offset"] != [0, 0, 0]
    assert poses[4] == start


def test_the_mouse_turns_and_zooms_once_it_has_clicked(page: Page, shown: str) -> None:
    panel = open_scene(page, shown, "scene")
    start = drawn(page, "media/object3D/scene_")["pose"]
    box = panel.get_by_role("application").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.wheel(0, -200)
    assert drawn(page, "media/object3D/scene_")["pose"] == start, "the wheel belongs to the page"
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1] + 10, steps=4)
    page.mouse.up()
    turned = drawn(page, "media/object3D/scene_")["pose"]
    assert turned["turn"] < start["turn"]
    assert turned["tilt"] > start["tilt"]
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"() => ({SCENE})('media/object3D/scene_').pose.distance < 1")
    panel.get_by_role("button", name="Show all").click()
    assert drawn(page, "media/object3D/scene_")["pose"] == start


@pytest.mark.parametrize("suffix", ["obj", "stl", "gltf", "glb"])
def test_a_model_is_drawn_from_its_file(page: Page, shown: str, suffix: str) -> None:
    panel = open_scene(page, shown, suffix)
    data = drawn(page, f"media/object3D/{suffix}_")
    assert data["counts"] == {"triangles": 12}
    assert data["bounds"] == [[0, 0, 0], [2, 3, 4]]
    expect(panel).to_contain_text("12 triangles, x 0…2, y 0…3, z 0…4")
    inked = f"() => ({INKED})(document.querySelector('.stage canvas')) > 2000"
    page.wait_for_function(inked)


def test_a_model_that_refers_elsewhere_asks_nobody(page: Page, shown: str) -> None:
    panel = open_scene(page, shown, "outside")
    expect(panel).to_contain_text('it refers to "https://a.b/c", which was not logged with it')
    expect(panel.locator("a[download]")).to_be_visible()


def test_molecules_have_their_atoms_and_bonds(page: Page, shown: str) -> None:
    panel = open_scene(page, shown, "mols")
    names = ["H₂O, 3 atoms, 2 bonds", "C₂H₆O, 9 atoms, 8 bonds", "CO₂, 3 atoms, 2 bonds"]
    expect(panel.locator("figure")).to_have_count(3)
    for figure, name in zip(panel.locator("figure").all(), names, strict=True):
        expect(figure).to_contain_text(name)
        expect(figure.get_by_role("application")).to_be_visible()
    page.wait_for_function(
        "() => window.lossboard.panels.filter(({ kind }) => kind === 'scene').length === 3"
    )


def test_what_cannot_be_drawn_is_said_and_downloaded(page: Page, shown: str) -> None:
    panel = open_scene(page, shown, "broken")
    expect(panel).to_contain_text("no atoms with coordinates could be read from this .pdb file")
    expect(panel.locator("a[download]")).to_be_visible()
    panel = open_scene(page, shown, "unread")
    expect(panel).to_contain_text("Files of the type .mmtf are not drawn here.")
    expect(panel.locator("a[download]")).to_be_visible()
