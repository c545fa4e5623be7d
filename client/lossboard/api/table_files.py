"""Tables written to a file one after another: Parquet or CSV."""

from __future__ import annotations

import csv
import importlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import numpy as np

from lossboard.api.frames import Table, Values

__all__ = ["write_csv", "write_parquet"]


def write_parquet(
    path: str | os.PathLike[str], tables: Iterable[Table], columns: Mapping[str, str]
) -> int:
    """Writes tables with these columns, which are `float`, `int` or `text`; how many rows they
    have. Values of a text column that are no text are written as JSON. Raises ImportError, with
    advice, without pyarrow."""
    try:
        arrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError("to_parquet needs pyarrow, which is not installed") from error
    kinds = {"float": arrow.float64(), "int": arrow.int64(), "text": arrow.string()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    count = 0
    with parquet.ParquetWriter(os.fspath(path), schema) as writer:
        for table in tables:
            arrays = [_array(arrow, table, name, kind) for name, kind in columns.items()]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))
            count += table.length
    return count


def _array(arrow: Any, table: Table, name: str, kind: str) -> Any:
    column = table.columns.get(name)
    if column is None:
        column = Values(np.full(table.length, np.nan), np.zeros(table.length, np.bool_))
    if kind == "text":
        pairs = zip(column.values.tolist(), column.there.tolist(), strict=True)
        return arrow.array([_text(*pair) for pair in pairs], arrow.string())
    values = np.where(column.there, column.values, 0).astype(np.float64)
    whole = values.astype(np.int64) if kind == "int" else values
    return arrow.array(whole, mask=~column.there)


def write_csv(file: TextIO, tables: Iterable[Table], columns: Sequence[str]) -> int:
    """Writes tables with these columns and a line of their names; how many rows they have."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for table in tables:
        listed = [_cells(table, name) for name in columns]
        writer.writerows(zip(*listed, strict=True))
        count += table.length
    return count


def _cells(table: Table, name: str) -> list[Any]:
    column = table.columns.get(name)
    if column is None:
        return [""] * table.length
    pairs = zip(column.values.tolist(), column.there.tolist(), strict=True)
    if column.whole:
        return [int(value) if is_there else "" for value, is_there in pairs]
    return [_cell(value) if is_there else "" for value, is_there in pairs]


def _cell(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, list | dict | bool) else value


def _text(value: Any, is_there: bool) -> str | None:
    if not is_there or value is None:
        return None
    return value if isinstance(value, str) else json.dumps(value, default=str)
