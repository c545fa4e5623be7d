"""Values of TensorBoard as those of `log`."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from lossboard.histogram import MAX_BINS, Histogram, from_constant
from lossboard.media.audio import Audio
from lossboard.media.base import optional_module
from lossboard.media.image import Image
from lossboard.media.table import Table
from lossboard.media.video import Video
from lossboard.plot import CustomChart

__all__ = ["Event", "Reader"]

_PURPOSE: Final = "sync_tensorboard"
_SIZES: Final = 2  # the first strings of images: width and height
_CURVE_ROWS: Final = (-1, -2)  # recall and precision, of the rows of a PR curve


class Event(NamedTuple):
    """An event with its values by tag. `wall_secs` is seconds since the epoch; `charts` are those
    values of a tag that are drawn in a way of their own."""

    step: int
    wall_secs: float
    values: dict[str, Any]
    charts: dict[str, CustomChart]
    parameters: dict[str, Any]


class Reader:
    """Reads records of event files. Raises ImportError, with advice, where `tensorboard` is not
    installed."""

    def __init__(self) -> None:
        self._events = optional_module(
            "tensorboard.compat.proto.event_pb2", package="tensorboard", purpose=_PURPOSE
        )
        self._migrate = import_module("tensorboard.data_compat").migrate_event
        self._array = import_module("tensorboard.util.tensor_util").make_ndarray
        self._parameters = import_module("tensorboard.plugins.hparams.plugin_data_pb2")
        self._makers: dict[str, Callable[[Any], Any]] = {
            "": self._plain,
            "scalars": self._plain,
            "histograms": lambda value: _histogram(self._array(value.tensor)),
            "images": lambda value: [_image(one) for one in value.tensor.string_val[_SIZES:]],
            "audio": lambda value: _sounds(self._array(value.tensor)),
            "text": lambda value: _text(self._array(value.tensor)),
            "pr_curves": lambda value: _curve(self._array(value.tensor)),
        }

    def event(self, record: bytes) -> Event | None:
        """The event of a record, or None for one without a summary. Raises what the protocol
        buffers do for a record that is none."""
        event = self._migrate(self._events.Event.FromString(record))
        if not event.HasField("summary"):
            return None
        found = Event(event.step, event.wall_time, {}, {}, {})
        for value in event.summary.value:
            self._take(value, found)
        return found

    def _take(self, value: Any, found: Event) -> None:
        plugin = value.metadata.plugin_data
        if plugin.plugin_name == "hparams":
            found.parameters.update(self._hparams(plugin.content))
        elif plugin.plugin_name in self._makers and value.HasField("tensor"):
            made = self._makers[plugin.plugin_name](value)
            if made is not None:
                found.values[value.tag] = made
            if plugin.plugin_name == "pr_curves":
                found.charts[value.tag] = _chart(value.tag, made)

    def _plain(self, value: Any) -> Any:
        array = self._array(value.tensor)
        if array.dtype.kind == "O":
            return _text(array)
        if array.size == 1 and array.dtype == np.float32:
            return float(str(array.ravel()[0]))  # the digits that it has, as the official client
        return array

    def _hparams(self, content: bytes) -> Iterator[tuple[str, Any]]:
        data = self._parameters.HParamsPluginData.FromString(content)
        for name, value in data.session_start_info.hparams.items():
            kind = value.WhichOneof("kind")
            if kind == "number_value":  # it has no integers
                number = value.number_value
                yield name, int(number) if number.is_integer() else number
            elif kind in ("string_value", "bool_value"):
                yield name, getattr(value, kind)


def _histogram(rows: Any) -> Histogram | None:
    """Rows are left and right edge and count of a bucket each."""
    rows = np.asarray(rows, np.float64)
    wide = rows[rows[:, 1] > rows[:, 0]] if len(rows) else rows
    if len(wide):
        counts, edges = _within_limit(wide[:, 2], np.append(wide[:, 0], wide[-1, 1]))
        return Histogram(np_histogram=(counts, edges))
    if not len(rows):
        return None
    return Histogram.from_data(from_constant(float(rows[0, 0]), int(rows[:, 2].sum())))


def _within_limit(counts: Any, edges: Any) -> tuple[Any, Any]:
    """As many bins as a histogram may have: neighbours are joined, so that counts stay exact."""
    joined = -(-len(counts) // MAX_BINS)
    starts = np.arange(0, len(counts), joined)
    return np.add.reduceat(counts, starts), np.append(edges[starts], edges[-1])


def _image(content: bytes) -> Image | Video:
    if content.startswith(b"GIF"):
        return Video(io.BytesIO(content), format="gif")
    pil = optional_module("PIL.Image", package="pillow", purpose=_PURPOSE)
    return Image(pil.open(io.BytesIO(content)))


def _sounds(strings: Any) -> Any:
    """Each row is an encoded sound and its label."""
    contents = [row[0] if getattr(row, "ndim", 0) else row for row in np.atleast_1d(strings)]
    sounds = [_sound(bytes(content)) for content in contents]
    return sounds[0] if len(sounds) == 1 else sounds


def _sound(content: bytes) -> Audio:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound.wav"
        path.write_bytes(content)
        return Audio(path)


def _text(strings: Any) -> Any:
    texts = [_decoded(text) for text in np.ravel(strings)]
    return texts[0] if len(texts) == 1 else texts


def _decoded(text: Any) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def _curve(data: Any) -> Table:
    """The points of a PR curve, in the order in which they are drawn."""
    recall, precision = (data[row].tolist() for row in _CURVE_ROWS)
    points = zip(recall, precision, strict=True)
    ordered = sorted(points, key=lambda point: (point[0], -point[1]))
    return Table(["recall", "precision"], [list(point) for point in ordered])


def _chart(tag: str, table: Any) -> CustomChart:
    title = {"title": f"{tag} Precision v. Recall"}
    return CustomChart(table, "wandb/line/v0", {"x": "recall", "y": "precision"}, title)
