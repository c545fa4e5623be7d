"""Every stored event of a histogram, also of those that share a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossboard.connection import Connection
from lossboard.histogram import Histogram, from_parts
from lossboard.wire import HistogramData, TensorPart

__all__ = ["StoredHistogram", "stored_histograms"]

_PAGE: Final = 500

Column = NDArray[np.float64]


class StoredHistogram(NamedTuple):
    """One event: the step and time (seconds since the epoch) at which it was stored, and how
    many training backwards the watched model had seen; None for one that was logged.

    Where several processes trained the model `part` says what of the tensor this is, and
    `parts_found` of how many parts it was joined."""

    step: int
    batch: int | None
    time: float
    histogram: Histogram
    part: TensorPart | None = None
    parts_found: int = 1


def stored_histograms(connection: Connection, run_uid: int, key: str) -> Iterator[StoredHistogram]:
    """All events of one key, in order of step and arrival, fetched page by page."""
    first = 0
    while True:
        body = {
            "runs": [run_uid],
            "keys": [key],
            "limit": _PAGE,
            "ordinals": [first, first + _PAGE - 1],
        }
        series = connection.query("histograms", body)["series"]
        found = list(_events(series[0])) if series else []
        yield from found
        if len(found) < _PAGE:
            return
        first += _PAGE


def _events(series: Mapping[str, Any]) -> Iterator[StoredHistogram]:
    columns = {name: _column(column) for name, column in series["columns"].items()}
    counts = _Cursor(columns["counts"])
    edges = _Cursor(columns["edges"])
    keys, amounts = _Cursor(columns["magnitude_keys"]), _Cursor(columns["magnitude_counts"])
    for index in range(len(columns["step"])):
        bins, magnitudes = _at(columns, "bins", index), _at(columns, "magnitude_bins", index)
        edged = bins + 1 if _at(columns, "edged", index) else 0
        data = _data(
            columns,
            index,
            counts=counts.take(bins),
            edges=edges.take(edged),
            magnitude_keys=keys.take(magnitudes),
            magnitude_counts=amounts.take(magnitudes),
        )
        batch = _at(columns, "batch", index)
        yield StoredHistogram(
            step=_at(columns, "step", index),
            batch=None if batch < 0 else batch,
            time=float(columns["time_us"][index]) / 1e6,
            histogram=Histogram.from_data(data),
            part=_part(columns, index),
            parts_found=_at(columns, "part_found", index) if "part_found" in columns else 1,
        )


def _part(columns: Mapping[str, Column], index: int) -> TensorPart | None:
    if "part_ranks" not in columns or not columns["part_ranks"][index]:
        return None
    fields = TensorPart.__struct_fields__
    return TensorPart(**{name: _at(columns, f"part_{name}", index) for name in fields})


def _data(
    columns: Mapping[str, Column],
    index: int,
    *,
    counts: Column,
    edges: Column,
    magnitude_keys: Column,
    magnitude_counts: Column,
) -> HistogramData:
    whole = bool((counts == np.floor(counts)).all())
    return from_parts(
        float(columns["lo"][index]),
        float(columns["hi"][index]),
        counts.astype(np.int64) if whole else counts,
        _at(columns, "nan", index),
        _at(columns, "pos_inf", index),
        _at(columns, "neg_inf", index),
        zeros=_at(columns, "zeros", index),
        total=float(columns["total"][index]),
        squares=float(columns["squares"][index]),
        edges=edges,
        magnitude_keys=magnitude_keys,
        magnitude_counts=magnitude_counts,
        flags=_at(columns, "flags", index),
    )


class _Cursor:
    """Hands out a column piece by piece."""

    def __init__(self, column: Column) -> None:
        self._column = column
        self._place = 0

    def take(self, count: int) -> Column:
        self._place += count
        return self._column[self._place - count : self._place]


def _column(column: bytes | list[float]) -> Column:
    if isinstance(column, bytes):
        return np.frombuffer(column, "<f8")
    return np.asarray(column, dtype=np.float64)


def _at(columns: Mapping[str, Column], name: str, index: int) -> int:
    return int(columns[name][index])
