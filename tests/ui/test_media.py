"""Media panels: what was logged is shown, and can do nothing to the dashboard."""

from __future__ import annotations

import base64
import io
import time
from typing import Any

import numpy as np
import PIL.Image
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page, expect

import lossboard

from .conftest import Server, start_run, wait_for_panel

STEPS = [0, 10, 20]
BOX = {"position": {"minX": 0.25, "maxX": 0.75, "minY": 0.5, "maxY": 1.0}, "class_id": 1}
MASK_ALPHA = """document.querySelector('canvas.mask')
  .getContext('2d').getImageData(1, 1, 1, 1).data[3]"""
# Seconds played when it ends, or why it does not.
PLAYED = """media => new Promise((resolve, reject) => {
  media.onended = () => resolve(media.currentTime);
  media.onerror = () => reject(new Error(media.error.message));
  media.play().catch(reject);
})"""
MIDDLE = """media => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d');
  context.drawImage(media, media.videoWidth / 2, media.videoHeight / 2, 1, 1, 0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
}"""
# Half a second of red and of green, in the format of this browser's recorder.
RECORDED = """async () => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 64;
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise(resolve => { recorder.onstop = resolve; });
  recorder.start();
  for (const color of ['#ff0000', '#00ff00']) {
    for (let frame = 0; frame < 10; frame++) {
      context.fillStyle = color;
      context.fillRect(0, 0, 64, 64);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
  recorder.stop();
  await ended;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}"""
HOSTILE = """<p id="said">start</p><script>
const say = text => { document.getElementById('said').textContent += ' ' + text; };
try { parent.document.title = 'broken'; say('REACHED'); } catch { say('no parent'); }
try { localStorage.setItem('x', '1'); say('STORED'); } catch { say('no storage'); }
fetch('/api/projects').then(() => say('ASKED'), () => say('no request'));
</script>"""


def picture(red: int) -> Any:
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[..., 0] = red
    return pixels


@pytest.fixture(scope="module")
def film(browser: Browser) -> io.BytesIO:
    """A short film, recorded by the browser: no other encoder is at hand."""
    page = browser.new_page()
    recorded = page.evaluate(RECORDED)
    page.close()
    return io.BytesIO(base64.b64decode(recorded))


@pytest.fixture(scope="module")
def shown(server: Server, film: io.BytesIO) -> str:
    for name in ("a", "b"):
        run = start_run(server.base_url, "media", name=name, id=name)
        for step in STEPS:
            run.log(media_at(step), step=step)
        run.log(films(film))
        run.finish()
    return f"{server.base_url}/local/media"


def films(film: io.BytesIO) -> dict[str, Any]:
    frames = np.zeros((2, 3, 16, 16), np.uint8)
    frames[1, 0] = 255
    return {
        "film": lossboard.Video(film, caption="red, then green", format="webm"),
        "frames": lossboard.Video(frames, caption="dark, then red", fps=4),
    }


def media_at(step: int) -> dict[str, Any]:
    mask = np.zeros((16, 16), np.uint8)
    mask[:8] = 2
    layers = {
        "boxes": {"pred": {"box_data": [BOX], "class_labels": {1: "dog"}}},
        "masks": {"seg": {"mask_data": mask, "class_labels": {2: "road"}}},
    }
    rows = [[i, f"name {i}"] for i in range(120)]
    return {
        "image": lossboard.Image(picture(step), caption=f"at {step}", **layers),
        "images": [lossboard.Image(picture(step + i), caption=f"no. {i}") for i in range(3)],
        "sizes": [
            lossboard.Image(np.zeros(size, np.uint8)) for size in ((4, 4), (8, 16), (5, 900))
        ],
        "audio": lossboard.Audio(np.zeros(800), sample_rate=8000),
        "page": lossboard.Html(HOSTILE),
        "figure": lossboard.Plotly(go.Figure(go.Bar(y=[1, 2, step]))),
        "table": lossboard.Table(columns=["n", "name"], data=rows),
    }


def open_media(page: Page, address: str, key: str) -> Any:
    """The panel's region, with only this panel on the page."""
    page.goto(f"{address}?q=^{key}$")
    wait_for_panel(page, f"media {key}", "panel.data.step !== null")
    return page.get_by_role("region", name=key, exact=True)


def test_an_image_has_its_caption_and_pixels_at_each_step(page: Page, shown: str) -> None:
    panel = open_media(page, f"{shown}/runs/a", "image")
    expect(panel.locator("figcaption")).to_have_text("at 20")
    panel.get_by_label("Step of image", exact=True).fill("0")
    expect(panel.locator("figcaption")).to_have_text("at 0")
    panel.get_by_label("Step of image as a number").fill("11")
    panel.get_by_label("Step of image as a number").press("Enter")
    expect(panel.locator("figcaption")).to_have_text("at 10")
    page.wait_for_url("**m.image=10**")
    red = panel.locator("img").evaluate(
        """async image => {
          await image.decode();
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 16;
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          return context.getImageData(3, 3, 1, 1).data[0];
        }"""
    )
    assert red == 10


def test_boxes_and_masks_lie_where_they_were_logged(page: Page, shown: str) -> None:
    panel = open_media(page, f"{shown}/runs/a", "image")
    box = panel.locator(".box")
    expect(box).to_contain_text("dog")
    image, inner = panel.locator("img").bounding_box(), box.bounding_box()
    assert inner["x"] == pytest.approx(image["x"] + image["width"] / 4, abs=1)
    assert inner["y"] == pytest.approx(image["y"] + image["height"] / 2, abs=1)
    panel.get_by_role("button", name="dog").click()
    expect(box).to_have_count(0)
    page.wait_for_function(f"() => {MASK_ALPHA} > 0")
    panel.get_by_role("button", name="road").click()
    page.wait_for_function(f"() => {MASK_ALPHA} === 0")


def test_several_runs_stand_side_by_side_at_one_step(page: Page, shown: str) -> None:
    panel = open_media(page, shown, "images")
    expect(panel.locator("h3")).to_have_count(2)
    expect(panel.locator("img")).to_have_count(6)
    drawn = wait_for_panel(page, "media images")["data"]
    assert [run["step"] for run in drawn["runs"]] == [20, 20]


def test_runs_share_the_width_and_pictures_keep_their_proportions(page: Page, shown: str) -> None:
    panel = open_media(page, shown, "sizes")
    first, second = (heading.bounding_box() for heading in panel.locator("h3").all())
    assert first["y"] == second["y"]
    wide = panel.bounding_box()["width"] / 2
    for image, ratio in zip(panel.locator("img").all(), (1, 2, 180) * 2, strict=True):
        image.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 0", arg=image.element_handle())
        box = image.bounding_box()
        assert box["width"] <= wide
        assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.05)


def test_a_table_is_sorted_and_filtered(page: Page, shown: str) -> None:
    panel = open_media(page, f"{shown}/runs/a", "table")
    first = panel.locator("tbody tr").first
    panel.get_by_role("button", name="n", exact=True).click()
    panel.get_by_role("button", name="n", exact=True).click()
    expect(first).to_contain_text("name 119")
    panel.get_by_label("Filter rows").fill("NAME 7")
    expect(panel.get_by_text("11 of 120 rows")).to_be_visible()
    expect(first).to_contain_text("name 79")


@pytest.mark.covers("Table")
def test_a_table_that_grows_has_all_rows_up_to_the_step(page: Page, server: Server) -> None:
    table = lossboard.Table(columns=["n"], log_mode="INCREMENTAL")
    with start_run(server.base_url, "growing", name="a", id="a") as run:
        for n in range(4):
            table.add_data(n)
            run.log({"table": table, "loss": n})
    panel = open_media(page, f"{server.base_url}/local/growing/runs/a", "table")
    expect(panel.locator("tbody td")).to_have_text(["0", "1", "2", "3"])
    panel.get_by_label("Step of table", exact=True).fill("1")
    expect(panel.locator("tbody td")).to_have_text(["0", "1"])


def test_figures_are_drawn_by_plotly(page: Page, shown: str) -> None:
    panel = open_media(page, f"{shown}/runs/a", "figure")
    plot = panel.frame_locator("iframe").locator(".js-plotly-plot")
    expect(plot).to_be_visible(timeout=30_000)
    bars = "plot => Array.from(plot.data[0].y._inputArray ?? plot.data[0].y)"
    assert plot.evaluate(bars) == [1, 2, 20]


def test_sound_is_played_to_its_end(page: Page, shown: str) -> None:
    sound = open_media(page, f"{shown}/runs/a", "audio").locator("audio")
    assert sound.evaluate(PLAYED) == pytest.approx(0.1, abs=0.01)
    assert sound.evaluate("sound => sound.duration") == pytest.approx(0.1)


def test_a_film_is_played_with_its_frames(page: Page, shown: str) -> None:
    film = open_media(page, f"{shown}/runs/a", "film").locator("video")
    film.evaluate("film => { film.loop = false; }")
    assert film.evaluate(PLAYED) > 0.3
    red, green, *_ = film.evaluate(MIDDLE)
    assert green > 150 > 100 > red, "the last frame is green"
    expect(film).to_have_attribute("aria-label", "red, then green")


def test_frames_become_a_moving_picture(page: Page, shown: str) -> None:
    picture = open_media(page, f"{shown}/runs/a", "frames").locator("img")
    expect(picture).to_have_attribute("alt", "dark, then red")
    reds: set[int] = set()
    deadline = time.monotonic() + 30
    while len(reds) < 2 and time.monotonic() < deadline:
        shot = PIL.Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
        reds.add(round(shot.getpixel((shot.width // 2, shot.height // 2))[0] / 255))
    assert reds == {0, 1}


def test_a_logged_page_can_do_nothing_to_the_dashboard(page: Page, shown: str, watch: Any) -> None:
    panel = open_media(page, f"{shown}/runs/a", "page")
    said = panel.frame_locator("iframe").locator("#said")
    expect(said).to_have_text("start no parent no storage no request")
    assert page.title().startswith("a ·")
    watch.faults[:] = [fault for fault in watch.faults if "Content Security Policy" not in fault]


def test_a_table_of_one_row_says_so(page: Page, server: Server) -> None:
    with start_run(server.base_url, "single", name="a", id="a") as run:
        run.log({"table": lossboard.Table(columns=["n"], data=[[1]])})
    panel = open_media(page, f"{server.base_url}/local/single/runs/a", "table")
    expect(panel.get_by_text("1 row", exact=True)).to_be_visible()
