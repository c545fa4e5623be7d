"""Clocks of writers that are wrong: how much at the first contact, and their times put right."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from lossboard.wire import HistogramColumn, Record, Rows

__all__ = ["offset_of", "put_right"]

_TOLERATED_US: Final = 5_000_000
_SECOND_US: Final = 1_000_000


def offset_of(behind_us: int) -> int:
    """The amount to add to the times of a writer whose clock was so much behind ours when it
    sent its first record, in whole seconds; nothing for a few, which are the network's as well."""
    if abs(behind_us) <= _TOLERATED_US:
        return 0
    return round(behind_us / _SECOND_US) * _SECOND_US


def put_right(record: Record, offset_us: int) -> Record:
    """The record with all its times moved."""

    def moved(value: Any) -> Any:
        return msgspec.structs.replace(value, time_us=value.time_us + offset_us)

    changed: dict[str, Any] = {
        name: [moved(value) for value in getattr(record, name)]
        for name in ("console", "files", "alerts", "notices")
    }
    changed["histograms"] = [_columns(column, offset_us) for column in record.histograms]
    for name in ("rows", "system"):
        rows = getattr(record, name)
        changed[name] = None if rows is None else _columns(rows, offset_us)
    if record.exit is not None:
        changed["exit"] = moved(record.exit)
    if record.start is not None:
        began_us = record.start.started_us + offset_us
        changed["start"] = msgspec.structs.replace(record.start, started_us=began_us)
    if record.whole_summary_us is not None:
        changed["whole_summary_us"] = record.whole_summary_us + offset_us
    return msgspec.structs.replace(record, **changed)


def _columns(columns: Rows | HistogramColumn, offset_us: int) -> Any:
    times_us = np.frombuffer(columns.times_us, "<i8") + offset_us
    return msgspec.structs.replace(columns, times_us=times_us.astype("<i8").tobytes())
