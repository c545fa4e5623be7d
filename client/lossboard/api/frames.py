"""Rows of many runs as one table, fetched as columns; for pandas, polars and Arrow."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lossboard.connection import Connection
from lossboard.wire import EXACT_INT_LIMIT, ints_restored

__all__ = [
    "Rows",
    "Table",
    "Values",
    "frame_of",
    "made",
    "row_tables",
    "table_of_rows",
    "x_name",
]

_FORMATS: Final = ("pandas", "polars", "arrow")
_X_NAMES: Final = {"step": "_step", "time": "_timestamp", "timestamp": "_timestamp"}
_OWN: Final = ("_step", "_timestamp", "_runtime")


class Rows(NamedTuple):
    """The question to each run: keys (None: all), the x that rows are ordered by, and steps."""

    keys: list[str] | None
    x: str
    stream: str = "history"
    min_step: int | None = None
    max_step: int | None = None

    @property
    def shown(self) -> list[str] | None:
        """The columns besides `run_id`, None: all."""
        return None if self.keys is None else list(dict.fromkeys([self.x, *self.keys]))

    def body(self, uids: Sequence[int]) -> dict[str, Any]:
        """The request."""
        shown = self.shown
        keys = None if shown is None else [key for key in shown if key not in _OWN]
        named = {"stream": self.stream, "min_step": self.min_step, "max_step": self.max_step}
        return {"runs": list(uids), "keys": keys, **named}


class Values(NamedTuple):
    """A column: numbers or objects, and where there are any."""

    values: NDArray[Any]
    there: NDArray[np.bool_]
    whole: bool = False  # numbers that were logged as ints


class Table(NamedTuple):
    """Columns of one length, by name."""

    columns: dict[str, Values]
    length: int


def x_name(x: str) -> str:
    """The column that an x such as step, time, runtime or a key means."""
    return _X_NAMES.get(x, "_runtime" if x == "runtime" else x)


def row_tables(connection: Connection, ids: Mapping[int, str], rows: Rows) -> Iterator[Table]:
    """The rows of runs, by number with their ids, in tables of some two million points each."""
    after: Any = {"place": 0}
    while after is not None and ids:
        answer = connection.query("frames", {**rows.body(list(ids)), "after": after})
        parts = [_part(frame, ids[frame["run"]], rows) for frame in answer["frames"]]
        if parts:
            yield _joined(parts)
        after = answer["next"]


def _part(frame: Mapping[str, Any], run_id: str, rows: Rows) -> Table:
    steps, times_us = _numbers(frame["steps"]), _numbers(frame["times_us"])
    count = len(steps)
    all_there = np.ones(count, np.bool_)
    columns = {
        "run_id": Values(np.full(count, run_id, dtype=object), all_there),
        "_step": Values(steps, all_there, True),
        "_timestamp": Values(times_us / 1e6, all_there),
        "_runtime": Values((times_us - frame["started_us"]) / 1e6, all_there),
    }
    for key, column in frame["columns"].items():
        columns[key] = _spread(column, count)
    shown = rows.shown
    if shown is not None:
        columns = {key: columns.get(key, _nothing(count)) for key in ("run_id", *shown)}
    return _by_x(Table(columns, count), rows.x)


def _by_x(table: Table, x: str) -> Table:
    """The rows that have x, in its order."""
    column = table.columns.get(x)
    if x == "_step" or column is None:
        return table
    places = np.flatnonzero(column.there)
    places = places[np.argsort(column.values[places], kind="stable")]
    return _taken(table, places)


def _numbers(data: Any) -> NDArray[np.float64]:
    return np.frombuffer(data, "<f8") if isinstance(data, bytes) else np.asarray(data, np.float64)


def _spread(column: Mapping[str, Any], count: int) -> Values:
    """A column of some rows as one of all."""
    rows = slice(None) if column["rows"] is None else _numbers(column["rows"]).astype(np.int64)
    there = np.zeros(count, np.bool_)
    there[rows] = True
    if column["values"] is None:
        numbers = np.full(count, np.nan)
        numbers[rows] = _numbers(column["numbers"])
        return Values(numbers, there, column["whole"])
    objects = np.full(count, None, dtype=object)
    found = np.empty(len(column["values"]), dtype=object)
    found[:] = [ints_restored(value) for value in column["values"]]
    objects[rows] = found
    return Values(objects, there)


def _nothing(count: int) -> Values:
    return Values(np.full(count, np.nan), np.zeros(count, np.bool_), True)


def _joined(tables: Sequence[Table]) -> Table:
    """The rows of all tables, one after another, with the columns of any."""
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    columns = {name: _joined_column(name, tables) for name in names}
    return Table(columns, sum(table.length for table in tables))


def _joined_column(name: str, tables: Sequence[Table]) -> Values:
    parts = [table.columns.get(name) or _nothing(table.length) for table in tables]
    there = np.concatenate([part.there for part in parts])
    if any(part.values.dtype == object for part in parts):
        return Values(np.concatenate([_objects(part) for part in parts]), there)
    numbers = np.concatenate([part.values for part in parts])
    return Values(numbers, there, all(part.whole for part in parts))


def _objects(column: Values) -> NDArray[Any]:
    if column.values.dtype == object:
        return column.values
    found = column.values.astype(object)
    if column.whole:
        found[column.there] = column.values[column.there].astype(np.int64)
    found[~column.there] = None
    return found


def table_of_rows(rows: Sequence[Mapping[str, Any]], first: Sequence[str]) -> Table:
    """A table of rows that are dicts, with the columns `first` before all others."""
    names = list(dict.fromkeys([*first, *(key for row in rows for key in row)]))
    return Table({name: _column_of(name, rows) for name in names}, len(rows))


def _column_of(name: str, rows: Sequence[Mapping[str, Any]]) -> Values:
    there = np.array([name in row for row in rows], np.bool_)
    found = [row.get(name) for row in rows]
    kinds = {type(value) for value, is_there in zip(found, there, strict=True) if is_there}
    exact = all(type(value) is not int or abs(value) <= EXACT_INT_LIMIT for value in found)
    if kinds and kinds <= {int, float} and exact:
        numbers = np.array([np.nan if value is None else value for value in found], np.float64)
        return Values(numbers, there, kinds == {int})
    values = np.empty(len(rows), dtype=object)
    values[:] = found
    return Values(values, there)


def frame_of(connection: Connection, ids: Mapping[int, str], rows: Rows, library: str) -> Any:
    """All rows of runs as one table of a library."""
    tables = list(row_tables(connection, ids, rows))
    empty = Table({name: _nothing(0) for name in ("run_id", *(rows.shown or _OWN))}, 0)
    joined = _joined(tables) if tables else empty
    return made(_by_run_and_x(joined, list(ids.values()), rows.x), library)


def _by_run_and_x(table: Table, ids: Sequence[str], x: str) -> Table:
    """A large run comes in several parts, each in the order of x by itself."""
    if x == "_step" or table.length == 0:
        return table
    order = {run_id: place for place, run_id in enumerate(ids)}
    runs = np.array([order[run_id] for run_id in table.columns["run_id"].values])
    return _taken(table, np.lexsort((table.columns[x].values, runs)))


def _taken(table: Table, places: NDArray[np.intp]) -> Table:
    taken = {
        name: Values(one.values[places], one.there[places], one.whole)
        for name, one in table.columns.items()
    }
    return Table(taken, len(places))


def made(table: Table, library: str) -> Any:
    """The table as a DataFrame of pandas or polars, or as a table of Arrow. Raises ValueError for
    another library, ImportError, with advice, where it is missing."""
    if library not in _FORMATS:
        raise ValueError(f"format is {library!r}: expected one of {', '.join(_FORMATS)}")
    name = {"arrow": "pyarrow"}.get(library, library)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"this makes a table of {name}, which is not installed") from error
    if library == "arrow":
        arrays = {key: _arrow(module, one) for key, one in table.columns.items()}
        return module.table(arrays)
    if library == "polars":
        return module.DataFrame(
            {key: _listed(one) for key, one in table.columns.items()},
            infer_schema_length=None,
            strict=False,
        )
    return module.DataFrame({key: _pandas(module, one) for key, one in table.columns.items()})


def _pandas(pandas: Any, column: Values) -> Any:
    if column.values.dtype == object or not (column.whole and len(column.there)):
        return column.values
    if column.there.all():
        return column.values.astype(np.int64)
    if not column.there.any():
        return column.values
    ints = np.where(column.there, column.values, 0).astype(np.int64)
    return pandas.arrays.IntegerArray(ints, ~column.there)


def _arrow(arrow: Any, column: Values) -> Any:
    if column.values.dtype == object:
        values = column.values.tolist()
        if not all(value is None or isinstance(value, str) for value in values):
            values = [None if value is None else str(value) for value in values]
        return arrow.array(values, arrow.string())
    values = column.values
    if column.whole:
        values = np.where(column.there, values, 0).astype(np.int64)
    return arrow.array(values, mask=~column.there)


def _listed(column: Values) -> list[Any]:
    values: list[Any] = _objects(column).tolist()
    return values
