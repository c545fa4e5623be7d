"""Checks that a record is well-formed, beyond its types: lengths of columns that must agree.

A record that passes can be sealed and read; one that doesn't is refused with the reason.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from lossboard.bounds import MOST_KEY_CHARACTERS
from lossboard.depth import MAX_DEPTH, DepthError, check_depth, depth_of
from lossboard.wire import (
    COUNT_TYPES,
    Column,
    HistogramColumn,
    HistogramData,
    JsonColumn,
    Record,
    Rows,
)
from lossboard_server.errors import Invalid

__all__ = ["check_record", "check_values", "greatest_step", "latest_us", "row_count"]

_COUNT_BYTES = tuple(np.dtype(kind).itemsize for kind in COUNT_TYPES)
_MAX_BINS = 512


def check_record(record: Record) -> None:
    """Raises Invalid for columns whose lengths don't fit each other, and too deep values."""
    _check_named_values(record)
    for name, rows in (("rows", record.rows), ("system", record.system)):
        if rows is not None:
            _check_rows(name, rows)
    for column in record.histograms:
        _check_key("histograms", column.key)
        _check_histograms(column)
    if record.missing < 0:
        raise Invalid(f"missing is {record.missing}: expected a count of records")


def check_values(what: str, values: Mapping[str, Any]) -> None:
    """Raises Invalid for a value of a config, summary or the like that is nested too deeply."""
    for key, value in values.items():
        if depth_of(value) > MAX_DEPTH:  # words only where they are needed: it runs for each value
            _check_depth(f"{what}, key {key!r}: the value", value)


def _check_depth(what: str, value: Any, *, outer: int = 0) -> None:
    try:
        check_depth(what, value, outer=outer)
    except DepthError as error:
        raise Invalid(str(error)) from error


def _check_named_values(record: Record) -> None:
    start = record.start
    if start is not None:
        check_values("config", start.config)
        check_values("metadata", start.metadata)
    check_values("config", record.config)
    check_values("summary", record.summary)
    check_values("metadata", record.metadata)
    for artifact in record.artifacts:
        check_values(f"metadata of artifact {artifact.name!r}", artifact.metadata)


def row_count(record: Record) -> int:
    """History rows and rows of system metrics in the record."""
    return sum(len(rows.steps) // 8 for rows in (record.rows, record.system) if rows is not None)


def greatest_step(record: Record) -> int | None:
    """Greatest step of the history rows and watch events, if there are any."""
    columns = [column.steps for column in record.histograms if column.steps]
    if record.rows is not None and record.rows.steps:
        columns.append(record.rows.steps)
    return max((int(np.frombuffer(steps, "<i8").max()) for steps in columns), default=None)


def latest_us(record: Record) -> int | None:
    """Time of the last row, line or end in the record, in its writer's clock."""
    return max(_times_us(record), default=None)


def _times_us(record: Record) -> Iterator[int]:
    for rows in (record.rows, record.system, *record.histograms):
        if rows is not None and rows.times_us:
            yield struct.unpack_from("<q", rows.times_us, len(rows.times_us) - 8)[0]
    if record.console:
        yield record.console[-1].time_us
    if record.exit is not None:
        yield record.exit.time_us


def _check_rows(name: str, rows: Rows) -> None:
    count = _count_of(name, rows.steps, rows.times_us)
    for column in rows.columns:
        _check_key(name, column.key)
        _check_column(name, column, count)
    for values in rows.json_columns:
        _check_key(name, values.key)
        _check_json_column(name, values, count)


def _check_key(name: str, key: str) -> None:
    if len(key) > MOST_KEY_CHARACTERS:
        raise Invalid(
            f"{name}: key {key[:80]!r} has {len(key):,} characters, the most are"
            f" {MOST_KEY_CHARACTERS:,}"
        )


def _count_of(name: str, steps: bytes, times_us: bytes) -> int:
    if len(steps) % 8 or len(steps) != len(times_us):
        raise Invalid(
            f"{name}: {len(steps)} bytes of steps and {len(times_us)} bytes of times: expected"
            " one int64 of each per row"
        )
    return len(steps) // 8


def _check_column(name: str, column: Column, count: int) -> None:
    numbers, rest = divmod(len(column.numbers), 8)
    if rest or len(column.types) not in (0, 1, numbers):
        raise Invalid(
            f"{name}, key {column.key!r}: {len(column.numbers)} bytes of numbers with"
            f" {len(column.types)} type codes: expected float64 and no, one or one code each"
        )
    where = f"{name}, key {column.key!r}"
    _check_row_numbers(where, column.rows, numbers, count)
    _check_depth(where, None, outer=len(column.path) - 1)


def _check_json_column(name: str, column: JsonColumn, count: int) -> None:
    where = f"{name}, key {column.key!r}"
    _check_row_numbers(where, column.rows, len(column.values), count)
    outer = max(len(column.path) - 1, 0)
    for value in column.values:
        if outer + depth_of(value) > MAX_DEPTH:
            _check_depth(f"{where}: a value", value, outer=outer)


def _check_row_numbers(where: str, rows: bytes, values: int, count: int) -> None:
    if not rows:
        if values != count:
            raise Invalid(f"{where}: {values} values for {count} rows and no row numbers")
        return
    if len(rows) != 4 * values:
        raise Invalid(f"{where}: {len(rows)} bytes of row numbers for {values} values")
    if int(np.frombuffer(rows, "<u4").max()) >= count:
        raise Invalid(f"{where}: a row number beyond the record's {count} rows")


def _check_histograms(column: HistogramColumn) -> None:
    where = f"histograms, key {column.key!r}"
    count = _count_of(where, column.steps, column.times_us)
    if len(column.histograms) != count or len(column.batches) not in (0, 8 * count):
        raise Invalid(
            f"{where}: {len(column.histograms)} histograms and {len(column.batches)} bytes of"
            f" batches for {count} steps"
        )
    for histogram in column.histograms:
        _check_histogram(where, histogram)


def _check_histogram(where: str, histogram: HistogramData) -> None:
    if not 0 <= histogram.count_type < len(COUNT_TYPES):
        raise Invalid(f"{where}: count type {histogram.count_type}: expected 0 to 4")
    bins, rest = divmod(len(histogram.counts), _COUNT_BYTES[histogram.count_type])
    if rest or bins > _MAX_BINS:
        raise Invalid(f"{where}: {len(histogram.counts)} bytes of counts: expected 0 to 512 bins")
    if histogram.edges and len(histogram.edges) != 8 * (bins + 1):
        raise Invalid(f"{where}: {len(histogram.edges)} bytes of edges for {bins} bins")
    keys, rest = divmod(len(histogram.magnitude_keys), 2)
    if rest or len(histogram.magnitude_counts) != 8 * keys:
        raise Invalid(f"{where}: magnitude keys and counts don't have the same length")
