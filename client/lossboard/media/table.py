"""Tables with typed columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from weakref import ref

import numpy as np

from lossboard.errors import Error
from lossboard.faults import collected
from lossboard.media.base import Media, MediaHome, as_array, store
from lossboard.media.cells import cell_json, cell_type, misfit, named_cell
from lossboard.terminal import termwarn

__all__ = ["INCREMENTAL_KIND", "NON_FINITE", "Table"]

DEFAULT_COLUMNS = ("Input", "Output", "Expected")
LOG_MODES = ("IMMUTABLE", "MUTABLE", "INCREMENTAL")
INCREMENTAL_KIND = "incremental-table-file"
# How the numbers that JSON has no form for stand in files of tables.
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Table(Media):
    """Rows of equal width under named columns.

    `data` is a list of rows, a 2-D array or a pandas DataFrame (also as `dataframe`). Cells are
    numbers, text, bools, None, dates, lists, arrays, dicts or media. A column has the type of its
    first value; a cell of another type is kept, with a warning when the table is logged, unless
    `allow_mixed_types`; None needs `optional`. A cell that can't be stored is kept as text or
    None, with a warning too. Rows of another width raise ValueError. `log_mode`: IMMUTABLE stores
    the table once, MUTABLE anew at each log, INCREMENTAL the rows added since the last log, to
    which it adds no columns.
    """

    kind: ClassVar[str] = "table-file"

    def __init__(
        self,
        columns: Sequence[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | Sequence[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str = "IMMUTABLE",
    ) -> None:
        if log_mode not in LOG_MODES:
            raise ValueError(f"Table log_mode is one of {', '.join(LOG_MODES)}, not {log_mode!r}")
        self.log_mode = log_mode
        frame = dataframe if dataframe is not None else data if _is_frame(data) else None
        if frame is not None:
            columns, data = [str(name) for name in frame.columns], _rows_of_frame(frame)
        self.columns: list[str] = [str(name) for name in columns or DEFAULT_COLUMNS]
        self.data: list[list[Any]] = []
        self._mixed = allow_mixed_types or dtype is not None
        self._optional = optional
        self._types: list[str | None] = [None] * len(self.columns)
        self.increments: list[str] = []  # addresses of those that the run has of an incremental one
        self.increment_count = 0
        self._stored_rows = 0
        self._run: ref[MediaHome] | None = None  # whose increments these are
        for row in _rows_of(rows if data is None else data):
            self.add_data(*row)

    def add_data(self, *row: Any) -> None:
        """Appends one row, one argument a column. Raises ValueError for another number of cells."""
        if len(row) != len(self.columns):
            raise ValueError(
                f"this table has {len(self.columns)} columns ({', '.join(self.columns)}),"
                f" the row has {len(row)} cells"
            )
        cells = [self._checked(index, cell) for index, cell in enumerate(row)]
        self.data.append(cells)
        self._changed()

    def add_row(self, *row: Any) -> None:
        """The old name of add_data."""
        self.add_data(*row)

    def add_column(self, name: str, data: Sequence[Any], optional: bool = False) -> None:
        """Appends a column of one cell a row. Raises ValueError for another number of cells,
        Error for an incremental table."""
        self._refuse_increment("add_column")
        with collected() as found:
            cells = list(as_array(data).tolist()) if hasattr(data, "shape") else list(data)
        self._faults = (*self._faults, *(fault.below(str(name)) for fault in found))
        if self.data and len(cells) != len(self.data):
            raise ValueError(f"this table has {len(self.data)} rows, {name!r} has {len(cells)}")
        self.columns.append(str(name))
        self._types.append(None)
        checked = [self._checked(len(self.columns) - 1, cell) for cell in cells]
        if not self.data:
            self.data = [[] for _ in cells]
        for row, cell in zip(self.data, checked, strict=True):
            row.append(cell)
        self._changed()

    def add_computed_columns(self, compute: Any) -> None:
        """Appends columns computed as `compute(row_index, {column: cell})` -> {column: cell}."""
        self._refuse_increment("add_computed_columns")
        computed = [compute(index, row) for index, row in self.iterrows_as_dicts()]
        for name in computed[0] if computed else ():
            self.add_column(name, [one[name] for one in computed])

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        """The cells of a column, as a list or (convert_to="numpy") an array."""
        index = self.columns.index(name)
        cells = [row[index] for row in self.data]
        return np.array(cells) if convert_to == "numpy" else cells

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Index and cells of each row."""
        yield from enumerate(self.data)

    def iterrows_as_dicts(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Index and {column: cell} of each row."""
        for index, row in enumerate(self.data):
            yield index, dict(zip(self.columns, row, strict=True))

    def get_dataframe(self) -> Any:
        """A pandas DataFrame of the cells."""
        from lossboard.media.base import optional_module

        pandas = optional_module("pandas", package="pandas", purpose="Table.get_dataframe")
        return pandas.DataFrame(self.data, columns=self.columns)

    def _refuse_increment(self, call: str) -> None:
        if self.log_mode == "INCREMENTAL":
            raise Error(
                f"Operation {call!r} is not supported for tables with log_mode='INCREMENTAL'."
                " Use a different log mode like 'MUTABLE' or 'IMMUTABLE'."
            )

    def _changed(self) -> None:
        if self.log_mode != "IMMUTABLE":
            self.forget_homes()
        elif self.__dict__.get("_homes"):
            termwarn(
                "You are mutating a Table with log_mode='IMMUTABLE' that has been logged already."
                " Subsequent log() calls will have no effect. Set log_mode='MUTABLE' to enable"
                " re-logging after mutations",
                repeat=False,
            )

    def _checked(self, column: int, cell: Any) -> Any:
        """The cell; one that doesn't fit its column is told when the table is logged."""
        if self._mixed:
            return cell
        kind, expected = cell_type(cell), self._types[column]
        if kind is not None and expected is None:
            self._types[column] = kind
        elif kind != expected if kind is not None else not self._allows_none(column):
            fault = misfit(self.columns[column], cell, kind, expected)
            if fault not in self._faults:
                self._faults = (*self._faults, fault)
        return cell

    def _allows_none(self, column: int) -> bool:
        if isinstance(self._optional, bool):
            return self._optional
        return column >= len(self._optional) or self._optional[column]

    def increment(self) -> Table:
        """The rows that were added since it was stored last."""
        part = Table(columns=self.columns, allow_mixed_types=True)
        part.data = self.data[self._stored_rows :]
        return part

    def _store(self, home: MediaHome, key: str, step: int | str) -> dict[str, Any]:
        grows = self.log_mode == "INCREMENTAL"
        if self._run is None or self._run() is not home:
            self._run, self._stored_rows = ref(home), 0
            self.increments, self.increment_count = [], 0
        first = self._stored_rows if grows else 0
        value = self.json_with_media(home, key, step, first=first)
        content = json.dumps(value, allow_nan=False).encode()
        stored = store(
            home,
            content,
            folder="table",
            key=key,
            step=step,
            suffix=".table.json",
            mime_type="application/json",
        )
        value = {
            "_type": INCREMENTAL_KIND if grows else self.kind,
            **stored,
            "ncols": len(self.columns),
            "nrows": len(self.data),
            "log_mode": self.log_mode,
            **home.put_table(key, self),
        }
        self._stored_rows = len(self.data)
        return value

    def json_with_media(
        self, home: MediaHome, key: str, step: int | str, *, first: int = 0
    ) -> dict[str, Any]:
        """Columns and rows from `first` on; media are stored and stand in it as their JSON."""
        cells = [
            [
                cell_json(cell, column, home, f"{key}/{column}", step)
                for cell, column in self._cells(row)
            ]
            for row in self.data[first:]
        ]
        return {"columns": self.columns, "data": cells}

    def __getstate__(self) -> dict[str, Any]:
        """A copy in another process is in no run yet."""
        return {**super().__getstate__(), "_run": None}

    def _cells(self, row: list[Any]) -> Iterator[tuple[Any, str]]:
        return zip(row, self.columns, strict=True)

    def to_json(self) -> dict[str, Any]:
        """Columns and cells as plain JSON; media are named by their class, as W&B does."""
        return {
            "columns": self.columns,
            "data": [
                [named_cell(cell, column) for cell, column in self._cells(row)] for row in self.data
            ],
        }


def _is_frame(data: Any) -> bool:
    return hasattr(data, "columns") and hasattr(data, "to_numpy")


def _rows_of_frame(frame: Any) -> list[list[Any]]:
    """The rows, with each cell of its column's type, and None for what is missing from columns
    that are not of floats."""
    columns = []
    for place in range(len(frame.columns)):
        column = frame.iloc[:, place]
        cells = column.tolist()
        if getattr(column.dtype, "kind", "O") != "f":
            gone = column.isna()
            cells = [None if is_gone else cell for cell, is_gone in zip(cells, gone, strict=True)]
        columns.append(cells)
    return [list(row) for row in zip(*columns, strict=True)]


def _rows_of(data: Any) -> list[list[Any]]:
    if data is None:
        return []
    if isinstance(data, np.ndarray):
        return data.tolist()  # type: ignore[no-any-return]
    # W&B raises AssertionError here too, and scripts rely on the class of errors
    if not isinstance(data, list | tuple):
        raise AssertionError(f"Table data must be a list of rows, not {type(data).__name__}")
    return [list(row) for row in data]
