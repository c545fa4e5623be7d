"""Catalogue entries: what is known of a series without reading it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from lossboard.wire import TYPE_INT
from lossboard_server.storage.histograms import NO_BATCH, Histograms
from lossboard_server.storage.points import Floats, Ints, Points
from lossboard_server.storage.values import Values, media_of

__all__ = ["Entry", "Series", "entry_of", "entry_of_row", "row_of_entry", "scalar"]

Series = Points | Values | Histograms


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Facts of n >= 1 points, values or events in order of arrival.

    `first` and `last` are what arrived first and last: `first` of scalars, `last` of these and of
    JSON values, else None. The fields from `min_value` on are of scalars; the minimum, maximum and
    total of the finite ones.
    """

    n: int
    first_step: int
    last_step: int
    min_step: int
    max_step: int
    first_us: int
    last_us: int
    min_us: int
    max_us: int
    steps_ascend: bool
    times_ascend: bool
    first: Any = None
    last: Any = None
    watched: bool = False
    media: str = ""
    values_ascend: bool = False
    min_value: float | None = None
    max_value: float | None = None
    total: float = 0.0
    finite: int = 0
    nan: int = 0
    pos_inf: int = 0
    neg_inf: int = 0

    def then(self, later: Entry) -> Entry:
        """The facts of these and of those that arrived after them."""
        lows = [x.min_value for x in (self, later) if x.min_value is not None]
        highs = [x.max_value for x in (self, later) if x.max_value is not None]
        return replace(
            later,
            n=self.n + later.n,
            first_step=self.first_step,
            first_us=self.first_us,
            first=self.first,
            min_step=min(self.min_step, later.min_step),
            max_step=max(self.max_step, later.max_step),
            min_us=min(self.min_us, later.min_us),
            max_us=max(self.max_us, later.max_us),
            steps_ascend=_both(self, later, "steps_ascend", self.last_step <= later.first_step),
            times_ascend=_both(self, later, "times_ascend", self.last_us <= later.first_us),
            values_ascend=_both(self, later, "values_ascend") and self.last <= later.first,
            watched=self.watched or later.watched,
            min_value=min(lows, default=None),
            max_value=max(highs, default=None),
            total=self.total + later.total,
            finite=self.finite + later.finite,
            nan=self.nan + later.nan,
            pos_inf=self.pos_inf + later.pos_inf,
            neg_inf=self.neg_inf + later.neg_inf,
        )


def _both(one: Entry, two: Entry, name: str, also: bool = True) -> bool:
    return bool(getattr(one, name) and getattr(two, name) and also)


def scalar(number: float, type_code: int) -> int | float:
    """The number as it was logged: an int, or a float."""
    return int(number) if type_code == TYPE_INT and math.isfinite(number) else float(number)


def entry_of(series: Series) -> Entry:
    """The facts of a series of at least one point, value or event in order of arrival."""
    facts = _place_facts(series.steps, series.times_us)
    if isinstance(series, Points):
        return Entry(**facts, **_point_facts(series))
    if isinstance(series, Values):
        return Entry(**facts, last=series.items[-1], media=media_of(series.items))
    watched = bool((series.statistics.batches != NO_BATCH).any())
    return Entry(**facts, watched=watched)


def _place_facts(steps: Ints, times_us: Ints) -> dict[str, Any]:
    return {
        "n": len(steps),
        "first_step": int(steps[0]),
        "last_step": int(steps[-1]),
        "min_step": int(steps.min()),
        "max_step": int(steps.max()),
        "first_us": int(times_us[0]),
        "last_us": int(times_us[-1]),
        "min_us": int(times_us.min()),
        "max_us": int(times_us.max()),
        "steps_ascend": bool((steps[1:] >= steps[:-1]).all()),
        "times_ascend": bool((times_us[1:] >= times_us[:-1]).all()),
    }


def _point_facts(points: Points) -> dict[str, Any]:
    numbers = points.numbers
    mask = np.isfinite(numbers)
    finite: Floats = numbers if mask.all() else numbers[mask]
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(finite.sum())
    return {
        "first": scalar(float(numbers[0]), int(points.types[0])),
        "last": scalar(float(numbers[-1]), int(points.types[-1])),
        "values_ascend": len(finite) == len(numbers) and bool((finite[1:] >= finite[:-1]).all()),
        "min_value": float(finite.min()) if len(finite) else None,
        "max_value": float(finite.max()) if len(finite) else None,
        "total": total,
        "finite": len(finite),
        "nan": int(np.isnan(numbers).sum()),
        "pos_inf": int((numbers == np.inf).sum()),
        "neg_inf": int((numbers == -np.inf).sum()),
    }


_AS_JSON = {"first": "first_json", "last": "last_json"}
_AS_IS = tuple(field.name for field in fields(Entry) if field.name not in _AS_JSON)


def row_of_entry(entry: Entry) -> dict[str, Any]:
    """The catalogue columns of table `series`; JSON here may hold NaN and Infinity."""
    row = {field.name: getattr(entry, field.name) for field in fields(Entry)}
    for name, column in _AS_JSON.items():
        # default: bytes, which MessagePack has and JSON has not, are shown as text here.
        row[column] = json.dumps(row.pop(name), default=str)
    return row


def entry_of_row(row: Any) -> Entry:
    """The entry of a row of `series`."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _AS_IS}
    for name, column in _AS_JSON.items():
        values[name] = json.loads(getattr(row, column))
    return Entry(**values)
