"""Lines of W&B's streams as columns of a record.

A history line is a JSON object `{"_step", "_runtime", "_timestamp", key: value}`. Numbers may be
the bare tokens NaN, Infinity and -Infinity, which standard JSON doesn't have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from lossboard.bounds import MOST_LOGGED_BYTES, MOST_NODES, json_nodes
from lossboard.depth import MAX_DEPTH, depth_of
from lossboard.histogram import from_bins
from lossboard.wire import (
    EXACT_INT_LIMIT,
    TYPE_FLOAT,
    TYPE_INT,
    Column,
    HistogramColumn,
    HistogramData,
    JsonColumn,
    Rows,
    storable_ints,
)
from lossboard_server.errors import TooLarge
from lossboard_server.limits import deep_sentence, kept_of_json, shallow_json

__all__ = [
    "OWN_KEYS",
    "History",
    "Lines",
    "history_of",
    "latest_us",
    "left_out_as_deep",
    "parse_lines",
    "seconds_of",
    "step_of",
    "system_rows_of",
]

OWN_KEYS: Final = frozenset(("_step", "_timestamp", "_runtime", "_wandb"))
# Edges of watch come from a float32 linspace, which is this exact; then bins are equal parts.
_EVEN_TOLERANCE: Final = 1e-6
_STEP_LIMIT: Final = 2**62  # steps and microseconds are 64-bit integers
_SECONDS_LIMIT: Final = 1e12

_MOST_NODES_SENT: Final = 4 * MOST_NODES  # of lines, also those of which values are left out

_Path = tuple[str, ...]


class History(msgspec.Struct, frozen=True):
    """The parts of a record that history lines become."""

    rows: Rows
    histograms: list[HistogramColumn]


class _Numbers:
    """The numbers of one key while lines are read."""

    __slots__ = ("rows", "types", "values")

    def __init__(self) -> None:
        self.values: list[float] = []
        self.types = bytearray()
        self.rows: list[int] = []


class _Others:
    """The values of one key that are not numbers."""

    __slots__ = ("rows", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.rows: list[int] = []


class Lines(NamedTuple):
    """Objects, and a sentence for each value that was left out of them as too large."""

    objects: list[dict[str, Any]]
    left_out: list[str]


def parse_lines(lines: Sequence[str]) -> Lines:
    """The objects on the lines, without values that are nested too deeply. Raises ValueError naming
    the first line that is none, TooLarge for lines that hold too much altogether."""
    nodes = sum(json_nodes(line, MOST_NODES) for line in lines)
    if nodes > MOST_NODES:
        return _parse_large(lines, nodes)
    parsed = _parse_standard(lines)
    if parsed is None or len(parsed) != len(lines):
        parsed = [_parse_line(index, line) for index, line in enumerate(lines)]
    return Lines(parsed, left_out_as_deep("row", parsed))


def _parse_large(lines: Sequence[str], nodes: int) -> Lines:
    """The same, with room for MOST_NODES: then only plain values are kept of a line."""
    if nodes > _MOST_NODES_SENT:
        raise TooLarge(f"the lines hold more than {_MOST_NODES_SENT:,} values: send less at once")
    parsed: list[dict[str, Any]] = []
    told: list[str] = []
    free_nodes = MOST_NODES
    for index, line in enumerate(lines):
        try:
            kept, left_out = kept_of_json(
                "row", line, most_bytes=MOST_LOGGED_BYTES, most_nodes=max(1, free_nodes)
            )
        except ValueError as error:
            raise ValueError(f"line {index} is no JSON object ({error}): {line[:200]!r}") from error
        parsed.append(kept)
        told += left_out.values()
        free_nodes -= json_nodes(json.dumps(kept) if left_out else line, MOST_NODES)
    return Lines(parsed, [*told, *left_out_as_deep("row", parsed)])


def left_out_as_deep(what: str, parsed: Sequence[dict[str, Any]]) -> list[str]:
    """Takes values that are nested too deeply out of the objects; a sentence for each key."""
    told: dict[str, str] = {}
    for line in parsed:
        for key in [key for key, value in line.items() if depth_of(value) > MAX_DEPTH]:
            del line[key]
            told[key] = deep_sentence(what, key)
    return list(told.values())


def _parse_standard(lines: Sequence[str]) -> list[dict[str, Any]] | None:
    """The objects, read at once; None where a line is not standard JSON (a NaN token)."""
    try:
        return msgspec.json.decode(f"[{','.join(lines)}]", type=list[dict[str, Any]])
    except (msgspec.DecodeError, RecursionError):
        return None


def _parse_line(index: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except RecursionError:
        value = json.loads(shallow_json(line))
    except ValueError as error:
        raise ValueError(f"line {index} is not JSON ({error}): {line[:200]!r}") from error
    if not isinstance(value, dict):
        raise ValueError(f"line {index} is not a JSON object: {line[:200]!r}")
    return value


def history_of(lines: Sequence[Mapping[str, Any]], *, first_line: int) -> History:
    """Columns of history lines; a line without `_step` has its number as step."""
    steps = [step_of(line, first_line + index) for index, line in enumerate(lines)]
    times_us = [_time_us(line) for line in lines]
    numbers: dict[_Path, _Numbers] = {}
    others: dict[_Path, _Others] = {}
    histograms: dict[_Path, _Others] = {}
    for row, line in enumerate(lines):
        _collect(line, (), row, numbers, others, histograms)
    rows = Rows(
        steps=np.asarray(steps, "<i8").tobytes(),
        times_us=np.asarray(times_us, "<i8").tobytes(),
        columns=[_number_column(path, column, len(lines)) for path, column in numbers.items()],
        json_columns=[_json_column(path, column, len(lines)) for path, column in others.items()],
    )
    return History(
        rows,
        [_histogram_column(path, column, steps, times_us) for path, column in histograms.items()],
    )


def system_rows_of(lines: Sequence[Mapping[str, Any]], *, first_line: int) -> Rows:
    """Columns of lines of system metrics; steps count the samples."""
    numbers: dict[_Path, _Numbers] = {}
    others: dict[_Path, _Others] = {}
    for row, line in enumerate(lines):
        _collect(line, (), row, numbers, others, {})
    count = len(lines)
    return Rows(
        steps=np.arange(first_line, first_line + count, dtype="<i8").tobytes(),
        times_us=np.asarray([_time_us(line) for line in lines], "<i8").tobytes(),
        columns=[_number_column(path, column, count) for path, column in numbers.items()],
        json_columns=[_json_column(path, column, count) for path, column in others.items()],
    )


def latest_us(lines: Sequence[Mapping[str, Any]]) -> int | None:
    """The greatest time on the lines."""
    return max((_time_us(line) for line in lines), default=None)


def step_of(line: Mapping[str, Any], number: int) -> int:
    """The line's step; its number where it has none that can be a step."""
    step = line.get("_step")
    is_step = isinstance(step, int) and not isinstance(step, bool) and abs(step) < _STEP_LIMIT
    return int(step) if is_step and step is not None else number


def seconds_of(line: Mapping[str, Any], name: str) -> float | None:
    """A time on the line; None where there is none that can be a time."""
    value = line.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _SECONDS_LIMIT else None


def _time_us(line: Mapping[str, Any]) -> int:
    return int((seconds_of(line, "_timestamp") or 0.0) * 1e6)


def _collect(
    values: Mapping[str, Any],
    prefix: _Path,
    row: int,
    numbers: dict[_Path, _Numbers],
    others: dict[_Path, _Others],
    histograms: dict[_Path, _Others],
) -> None:
    for key, value in values.items():
        if not prefix and key in OWN_KEYS:
            continue
        path = (*prefix, key)
        kind = type(value)
        if kind is float or (kind is int and -EXACT_INT_LIMIT <= value <= EXACT_INT_LIMIT):
            column = numbers.get(path)
            if column is None:
                column = numbers[path] = _Numbers()
            column.values.append(value)
            column.types.append(TYPE_INT if kind is int else TYPE_FLOAT)
            column.rows.append(row)
        elif kind is dict and "_type" not in value and value:
            _collect(value, path, row, numbers, others, histograms)
        else:
            histogram = _histogram(value)
            column_of = others if histogram is None else histograms
            place = column_of.setdefault(path, _Others())
            place.values.append(storable_ints(value) if histogram is None else histogram)
            place.rows.append(row)


def _histogram(value: Any) -> HistogramData | None:
    """The histogram that a value is; None where it is none, or one that can't be drawn."""
    if not isinstance(value, dict) or value.get("_type") != "histogram":
        return None
    try:
        counts, edges = np.asarray(value["values"]), np.asarray(value["bins"], float)
        even = np.linspace(edges[0], edges[-1], len(edges))
        if np.allclose(edges, even, rtol=0, atol=(edges[-1] - edges[0]) * _EVEN_TOLERANCE):
            edges = even
        return from_bins(counts, edges)
    except (KeyError, IndexError, TypeError, ValueError):
        return None  # kept as JSON, as it came


def _number_column(path: _Path, column: _Numbers, count: int) -> Column:
    kinds = set(column.types)
    types = b"" if kinds == {TYPE_FLOAT} else bytes(kinds) if len(kinds) == 1 else column.types
    return Column(
        key=".".join(path),
        numbers=np.asarray(column.values, "<f8").tobytes(),
        types=bytes(types),
        rows=_row_numbers(column.rows, count),
        path=path if len(path) > 1 else (),
    )


def _json_column(path: _Path, column: _Others, count: int) -> JsonColumn:
    return JsonColumn(
        key=".".join(path),
        values=column.values,
        rows=_row_numbers(column.rows, count),
        path=path if len(path) > 1 else (),
    )


def _histogram_column(
    path: _Path, column: _Others, steps: list[int], times_us: list[int]
) -> HistogramColumn:
    return HistogramColumn(
        key=".".join(path),
        steps=np.asarray([steps[row] for row in column.rows], "<i8").tobytes(),
        times_us=np.asarray([times_us[row] for row in column.rows], "<i8").tobytes(),
        histograms=column.values,
        path=path if len(path) > 1 else (),
    )


def _row_numbers(rows: list[int], count: int) -> bytes:
    return b"" if len(rows) == count else np.asarray(rows, "<u4").tobytes()
