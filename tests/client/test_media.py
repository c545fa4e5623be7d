"""Media become W&B's JSON and files that hold what was logged."""

from __future__ import annotations

import hashlib
import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch

from lossboard import plot, wire
from lossboard.errors import Error
from lossboard.faults import Fault
from lossboard.histogram import Histogram
from lossboard.media import Audio, Html, Image, Molecule, Object3D, Plotly, Table, Video, bind_all
from lossboard.media.plotly import figure_media


class MemoryHome:
    """A run that keeps its files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.config: dict[tuple[str, ...], Any] = {}
        self.faults: list[Fault] = []

    def tell(self, fault: Fault) -> None:
        self.faults.append(fault)

    def put_file(self, source: bytes | Path, *, name: str, mime_type: str) -> wire.FileEntry:
        content = source if isinstance(source, bytes) else source.read_bytes()
        self.files[name] = content
        sha256 = hashlib.sha256(content).hexdigest()
        return wire.FileEntry(name, sha256, len(content), 0, mime_type)

    def put_config(self, path: Any, value: Any) -> None:
        self.config[tuple(path)] = value

    def put_table(self, key: str, table: Any) -> dict[str, str]:
        return {"artifact_path": f"artifact-of-{key}"}


@pytest.fixture
def home() -> MemoryHome:
    return MemoryHome()


def pixels(home: MemoryHome, value: dict[str, Any]) -> Any:
    return np.asarray(PIL.Image.open(io.BytesIO(home.files[value["path"]])))


def test_an_image_keeps_its_pixels_and_names_its_file_by_hash(home: MemoryHome) -> None:
    data = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    value = Image(data, caption="c").bind(home, "img", 7)
    assert (value["_type"], value["width"], value["height"]) == ("image-file", 6, 4)
    assert value["caption"] == "c"
    assert value["path"] == f"media/images/img_7_{value['sha256'][:20]}.png"
    assert np.array_equal(pixels(home, value), data)


@pytest.mark.covers("Image")
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(np.array([[0.0, 1.0]]), [[0, 255]], id="0..1"),
        pytest.param(np.array([[-1.0, 1.0]]), [[0, 255]], id="-1..1"),
        pytest.param(np.array([[0.0, 200.0]]), [[0, 200]], id="0..255"),
        pytest.param(np.array([[True, False]]), [[255, 0]], id="bool"),
        pytest.param(torch.tensor([[[0.0, 1.0]]]), [[0, 255]], id="tensor"),
        pytest.param(torch.tensor([[0.0, 1.0]]).bfloat16(), [[0, 255]], id="bfloat16"),
    ],
)
def test_values_of_an_image_are_scaled_as_people_expect(
    home: MemoryHome, data: Any, expected: Any
) -> None:
    assert pixels(home, Image(data).bind(home, "i", 0)).tolist() == expected


def test_an_image_of_a_wrong_shape_is_refused_with_the_shapes_it_takes() -> None:
    with pytest.raises(ValueError, match=r"\(2, 3, 5\)"):
        _ = Image(np.zeros((2, 3, 5))).image


def test_a_missing_image_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.png"):
        _ = Image("nowhere.png").image


@pytest.mark.covers("Image.masks")
def test_masks_and_boxes_are_files_and_their_labels_are_config(home: MemoryHome) -> None:
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": np.int64(1)}
    image = Image(
        np.zeros((4, 4)),
        masks={"m": {"mask_data": np.eye(4, dtype=int), "class_labels": {1: "fg"}}},
        boxes={"b": {"box_data": [box], "class_labels": {1: "dog"}}},
    )
    value = image.bind(home, "img", 0)
    assert np.array_equal(pixels(home, value["masks"]["m"]), np.eye(4))
    stored = json.loads(home.files[value["boxes"]["b"]["path"]])
    assert stored == {"box_data": [{**box, "class_id": 1}], "class_labels": {"1": "dog"}}
    assert home.config["mask/class_labels", "img_wandb_delimeter_m"]["value"] == {"1": "fg"}


def test_a_list_of_images_is_batched_and_a_mixed_list_is_not(home: MemoryHome) -> None:
    images = [Image(np.zeros((2, 2)), caption="a"), Image(np.ones((2, 2)))]
    batch = bind_all(images, home, "i", 1)
    assert isinstance(batch, dict)
    assert (batch["_type"], batch["count"], batch["captions"]) == ("images/separated", 2, ["a", ""])
    mixed = bind_all([images[0], Html("<p>")], home, "i", 1)
    assert [one["_type"] for one in mixed if isinstance(one, dict)] == ["image-file", "html-file"]


def test_the_same_object_logged_twice_keeps_its_first_file(home: MemoryHome) -> None:
    image = Image(np.zeros((2, 2)))
    assert image.bind(home, "i", 1) == image.bind(home, "i", 2)


def test_dots_in_a_key_lead_out_of_no_folder(home: MemoryHome) -> None:
    value = Image(np.zeros((2, 2))).bind(home, "/../a/../b", 0)
    assert ".." not in value["path"].split("/")
    assert value["path"].startswith("media/images/")


@pytest.mark.covers("Audio")
def test_audio_is_sixteen_bit_wav(home: MemoryHome) -> None:
    value = Audio(np.array([0.0, 1.0, -1.0]), sample_rate=8000).bind(home, "a", 0)
    with wave.open(io.BytesIO(home.files[value["path"]])) as file:
        frames = np.frombuffer(file.readframes(3), "<i2")
    assert (file.getframerate(), frames.tolist()) == (8000, [0, 32767, -32767])


def test_audio_without_a_rate_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="sample_rate"):
        _ = Audio(np.zeros(3))._content


@pytest.mark.covers("Audio")
def test_frames_become_a_gif_of_that_many_pictures(home: MemoryHome) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (5, 3, 8, 9), dtype=np.uint8)
    value = Video(frames, fps=10).bind(home, "v", 0)
    gif = PIL.Image.open(io.BytesIO(home.files[value["path"]]))
    assert (value["width"], value["height"]) == gif.size == (9, 8)
    assert getattr(gif, "n_frames", 0) == 5


@pytest.mark.covers("Html")
def test_html_keeps_the_page_and_gets_a_base_target(home: MemoryHome) -> None:
    value = Html("<head></head><p>hi</p>").bind(home, "h", 0)
    text = home.files[value["path"]].decode()
    assert text == '<head><base target="_blank"></head><p>hi</p>'


@pytest.mark.covers("Html")
def test_points_are_stored_as_they_are(home: MemoryHome) -> None:
    value = Object3D(np.array([[1.0, 2.0, 3.0]])).bind(home, "o", 0)
    assert json.loads(home.files[value["path"]]) == [[1.0, 2.0, 3.0]]
    with pytest.raises(ValueError, match=r"\(1, 5\)"):
        _ = Object3D(np.zeros((1, 5)))._content


@pytest.mark.covers("Html")
def test_a_molecule_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="xyz"):
        _ = Molecule(io.StringIO(""), file_type="xyz")._file_type


def test_a_table_holds_its_cells_and_the_json_of_its_media(home: MemoryHome) -> None:
    table = Table(columns=["a", "b"], data=[[1, Image(np.zeros((2, 2)))], [float("nan"), None]])
    value = table.bind(home, "t", 3)
    content = json.loads(home.files[value["path"]])
    assert (value["nrows"], value["ncols"], value["artifact_path"]) == (2, 2, "artifact-of-t")
    assert content["data"][0][1]["_type"] == "image-file"
    assert content["data"][1][1] is None


@pytest.mark.covers("Table")
def test_a_table_refuses_rows_that_do_not_fit() -> None:
    table = Table(columns=["a"], data=[[1]])
    with pytest.raises(ValueError, match="1 columns"):
        table.add_data(1, 2)
    with pytest.raises(AssertionError, match="list of rows"):
        Table(columns=["a"], data="x")


def test_an_incremental_table_stores_only_what_was_added(home: MemoryHome) -> None:
    table = Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
    table.bind(home, "t", 0)
    table.add_data(2)
    second = table.bind(home, "t", 1)
    assert (second["_type"], second["nrows"]) == ("incremental-table-file", 2)
    assert json.loads(home.files[second["path"]])["data"] == [[2]]


@pytest.mark.parametrize("add", ["add_column", "add_computed_columns"])
def test_an_incremental_table_takes_no_columns(add: str) -> None:
    table = Table(columns=["a"], data=[[1]], log_mode="INCREMENTAL")
    with pytest.raises(Error, match=f"{add}' is not supported for tables with log_mode='INCREM"):
        getattr(table, add)("b", [2]) if add == "add_column" else getattr(table, add)(dict)


def test_a_changed_mutable_table_is_stored_anew(home: MemoryHome) -> None:
    table = Table(columns=["a"], data=[[1]], log_mode="MUTABLE")
    table.bind(home, "t", 0)
    table.add_column("b", [2])
    value = table.bind(home, "t", 1)
    assert json.loads(home.files[value["path"]]) == {"columns": ["a", "b"], "data": [[1, 2]]}


def test_a_change_of_an_immutable_table_that_was_logged_is_warned_of(
    home: MemoryHome, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table(columns=["a"], data=[[1]])
    table.add_data(2)
    table.bind(home, "t", 0)
    assert capsys.readouterr().err == ""
    table.add_data(3)
    assert "mutating a Table with log_mode='IMMUTABLE'" in capsys.readouterr().err
    assert table.bind(home, "t", 1)["nrows"] == 2


def test_a_cell_of_another_type_than_its_column_is_kept_and_told_once(home: MemoryHome) -> None:
    table = Table(columns=["a"], data=[[1], ["x"], ["y"]], optional=False)
    table.add_column("b", [1, "x", None])
    value = table.bind(home, "t", 0)
    assert json.loads(home.files[value["path"]])["data"] == [[1, 1], ["x", "x"], ["y", None]]
    assert [fault.key for fault in home.faults] == ["t/a", "t/b", "t/b"]
    assert {fault.fate for fault in home.faults} == {"kept"}
    assert "the column takes no None" in home.faults[2].reason
    assert "the column holds number, this is a string" in home.faults[0].reason


def test_cells_that_can_not_be_stored_are_text_or_none_and_told(home: MemoryHome) -> None:
    table = Table(columns=["a", "b"], data=[[object(), 1], [NotImplemented, 2]])
    value = table.bind(home, "t", 0)
    assert json.loads(home.files[value["path"]])["data"] == [[None, 1], ["NotImplemented", 2]]
    assert [fault.fate for fault in home.faults] == ["kept", "left out", "text"]


@pytest.mark.parametrize("arguments", [(), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)])
def test_a_call_that_fits_no_media_raises_at_once(arguments: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match="argument"):
        Image(*arguments)


def test_a_data_frame_becomes_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    table = Table(dataframe=pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert (table.columns, table.data) == (["a", "b"], [[1, "x"], [2, "y"]])


def test_figures_become_plotly_or_an_image_where_plotly_would_lie(home: MemoryHome) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 3])
    assert isinstance(figure_media(figure), Plotly)
    axes.imshow(np.zeros((2, 2)))
    assert isinstance(figure_media(figure), Image)
    pyplot.close(figure)


@pytest.mark.covers("plot.confusion_matrix")
def test_a_confusion_matrix_counts_each_pair() -> None:
    chart = plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["a", "b"])
    assert chart.table.data == [["a", "a", 1], ["a", "b", 0], ["b", "a", 1], ["b", "b", 1]]
    with pytest.raises(ValueError, match="either"):
        plot.confusion_matrix(probs=np.eye(2), y_true=[0, 1], preds=[0, 1])


@pytest.mark.covers("plot.confusion_matrix")
def test_roc_and_pr_curves_match_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth = np.array([0, 1, 1, 0, 1])
    scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7], [0.1, 0.9]])
    rows = [row[1:] for row in plot.roc_curve(truth, scores).table.data if row[0] == "1"]
    expected = np.column_stack(metrics.roc_curve(truth == 1, scores[:, 1])[:2])
    assert np.allclose(rows, expected, atol=5e-4)
    assert len(plot.pr_curve(truth, scores, interp_size=5).table.data) == 10


@pytest.mark.covers("plot")
def test_a_line_series_is_a_row_a_point() -> None:
    chart = plot.line_series([0, 1], [[5, 6], [7, 8]], keys=["a", "b"])
    assert chart.table.data == [[0, "a", 5], [1, "a", 6], [0, "b", 7], [1, "b", 8]]
    spec = chart.spec("k")["panel_config"]
    assert spec["panelDefId"] == "wandb/lineseries/v0"
    assert chart.table_key("k") == "k_table"


def gray16() -> Any:
    return np.array([[0, 40_000]], np.uint16)


@pytest.mark.covers("Image")
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(gray16(), [[0, 40_000]], id="uint16"),
        pytest.param(np.array([[0, 200]], np.uint16), [[0, 200]], id="uint16-of-bytes"),
        pytest.param(np.stack([gray16()] * 3, -1), [[[0] * 3, [156] * 3]], id="uint16-colour"),
        pytest.param(PIL.Image.fromarray(gray16()), [[0, 40_000]], id="I;16"),
        pytest.param(PIL.Image.new("CMYK", (1, 1), (255, 0, 0, 0)), [[[0, 255, 255]]], id="CMYK"),
        pytest.param(PIL.Image.new("F", (1, 1), 0.5), [[127]], id="F"),
        pytest.param(np.array([[0.0, 1.02]]), [[0, 255]], id="a-little-above-1"),
        pytest.param(np.array([[-3.0, 7.0]]), [[0, 255]], id="far-outside"),
        pytest.param(np.array([[0, 1000]]), [[0, 255]], id="ints-above-255"),
    ],
)
def test_images_of_more_than_bytes_keep_what_they_show(
    home: MemoryHome, data: Any, expected: Any
) -> None:
    assert pixels(home, Image(data).bind(home, "i", 0)).tolist() == expected


@pytest.mark.covers("Image")
@pytest.mark.parametrize("batch", [torch.ones(9, 3, 4, 5), np.ones((9, 4, 5, 3))])
def test_a_batch_of_images_is_a_grid(home: MemoryHome, batch: Any) -> None:
    shown = pixels(home, Image(batch).bind(home, "i", 0))
    assert shown.shape == (2 * 6 + 2, 8 * 7 + 2, 3)
    assert int(shown.sum()) == 9 * 4 * 5 * 3 * 255


@pytest.mark.covers("Audio")
@pytest.mark.parametrize("samples", [np.zeros((2, 8000)), torch.zeros(1, 8000)])
def test_audio_takes_channels_first_too(home: MemoryHome, samples: Any) -> None:
    value = Audio(samples, sample_rate=8000).bind(home, "a", 0)
    with wave.open(io.BytesIO(home.files[value["path"]])) as file:
        assert (file.getnchannels(), file.getnframes()) == (len(samples), 8000)


@pytest.mark.covers("Audio")
def test_audio_of_a_thousand_channels_is_refused_and_wide_integers_keep_their_loudness(
    home: MemoryHome,
) -> None:
    with pytest.raises(ValueError, match="at most 64 channels"):
        Audio(np.zeros((1000, 1000)), sample_rate=8000).bind(home, "a", 0)
    value = Audio(np.array([1 << 30], np.int32), sample_rate=8000).bind(home, "b", 0)
    with wave.open(io.BytesIO(home.files[value["path"]])) as file:
        assert np.frombuffer(file.readframes(1), "<i2").tolist() == [1 << 14]


@pytest.mark.covers("Table")
def test_a_histogram_in_a_table_cell_arrives_as_one(home: MemoryHome) -> None:
    table = Table(["h", "i"], [[Histogram([1, 2]), Image(np.zeros((2, 2)))]])
    [[counts, image]] = table.json_with_media(home, "t", 0)["data"]
    assert counts == Histogram([1, 2]).to_json()
    assert image["_type"] == "image-file"
