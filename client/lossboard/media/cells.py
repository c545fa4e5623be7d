"""Cells of tables: their types, and the JSON that stands for them in files."""

from __future__ import annotations

import datetime
import enum
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lossboard.arrays import array_of, of_python
from lossboard.faults import Fault, fault_of, is_for_the_caller, note, type_name
from lossboard.histogram import Histogram
from lossboard.media.base import Media, MediaHome
from lossboard.plain_values import LEFT_OUT, Place, items_of, kept, plain

__all__ = ["cell_json", "cell_type", "misfit", "named_cell"]


def cell_type(cell: Any) -> str | None:
    """The name of the type that a column would have after this cell; None for no value."""
    try:
        return _type_of(cell)
    except BaseException as error:  # the cell's own methods: its value is looked at when stored
        if is_for_the_caller(error):
            raise
        return type(cell).__name__


def _type_of(cell: Any) -> str | None:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, bool | np.bool_):
        return "boolean"
    if isinstance(cell, int | float | np.number):
        return "number"
    if isinstance(cell, str):
        return "string"
    if isinstance(cell, datetime.date):
        return "timestamp"
    if isinstance(cell, Mapping):
        return "dictionary"
    if isinstance(cell, list | tuple):
        return "list"
    if not isinstance(cell, Media) and hasattr(cell, "shape"):
        return "ndarray"
    return type(cell).__name__


def cell_json(cell: Any, column: str, home: MediaHome, key: str, step: int | str) -> Any:
    """The JSON of a cell; media are stored. What can't be kept is None, and noted."""
    if not issubclass(type(cell), Media):
        return named_cell(cell, column)
    try:
        return cell.bind(home, key, step)
    except BaseException as error:
        if is_for_the_caller(error):
            raise
        note(fault_of(column, cell, "left out", error))
        return None


def named_cell(cell: Any, column: str) -> Any:
    """The JSON of a cell, with media named by their class, as W&B does."""
    if type(cell) is str or type(cell) is bool or cell is None:
        return cell
    try:
        found = kept(cell, Place(column, note), _plain)
    except RecursionError as error:
        note(fault_of(column, cell, "left out", error))
        return None
    return None if found is LEFT_OUT else found


def _plain(cell: Any, place: Place) -> Any:
    if isinstance(cell, Media):
        return type(cell).__name__
    if isinstance(cell, Histogram):
        return _histogram(cell, place)
    if isinstance(cell, datetime.datetime):
        return int(cell.timestamp() * 1000)  # W&B stores times of tables as milliseconds
    if isinstance(cell, enum.Enum):
        return _plain(cell.value, place)
    if isinstance(cell, list | tuple):
        return [_element(item, place) for item in cell]
    if isinstance(cell, Mapping):
        found = {key: kept(item, place, _plain) for key, item in items_of(cell, place)}
        return {key: item for key, item in found.items() if item is not LEFT_OUT}
    if hasattr(type(cell), "shape"):
        return _plain_array(cell, place)
    found = plain(cell, place, _plain)
    return _number(found) if isinstance(found, int | float) else found


def _histogram(cell: Histogram, place: Place) -> dict[str, Any]:
    cell.told(note, place.key)
    return cell.to_json()


def _element(cell: Any, place: Place) -> Any:
    found = kept(cell, place, _plain)
    return None if found is LEFT_OUT else found


def _plain_array(cell: Any, place: Place) -> Any:
    array = array_of(cell, lambda lack: note(Fault(place.key, type_name(cell), "part", lack)))
    return _plain(of_python(array).tolist(), place)


def _number(value: float) -> float | str:
    if isinstance(value, int):
        return value
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"


def misfit(column: str, cell: Any, kind: str | None, expected: str | None) -> Fault:
    """The fault of a cell of another type than its column's."""
    if kind is None:
        words = "the column takes no None (optional=False)"
    else:
        words = f"the column holds {expected}, this is a {kind}; allow_mixed_types=True allows it"
    return Fault(column, type(cell).__name__, "kept", words)
