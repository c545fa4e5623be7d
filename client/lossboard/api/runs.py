"""Lists of runs, fetched page by page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TextIO, overload

from lossboard.api.filters import filter_text, sort_of
from lossboard.api.frames import Rows, frame_of, made, row_tables, table_of_rows, x_name
from lossboard.api.history import as_frame, keys_checked
from lossboard.api.run import Run
from lossboard.api.table_files import write_csv, write_parquet
from lossboard.bounds import is_cut
from lossboard.connection import Connection

__all__ = ["Runs"]

_DESCRIBED: Final = ("run_id", "name", "state")
_MOST_NAMED: Final = 500  # runs in one address
_FORMATS: Final = ("default", "pandas", "polars")


class Runs:
    """The runs of a project; it can be iterated, indexed, counted, and asked for its `next` one.

    A page goes on behind the last run of the one before: runs that are changed or deleted on the
    way move no others.
    """

    def __init__(
        self,
        connection: Connection,
        place: tuple[str, str],
        filters: Mapping[str, Any],
        order: str,
        per_page: int,
    ) -> None:
        self._connection = connection
        self._place = place
        self._query = {
            "filter": filter_text(filters),
            "sort": sort_of(order or "+created_at"),
            "order": "desc" if order.startswith("-") else "asc",
            "limit": max(1, per_page),
        }
        self._fetched: list[Run] = []
        self._total: int | None = None
        self._next: str | None = ""  # where the next page goes on; None: there is none
        self._given = 0  # by `next`

    def __len__(self) -> int:
        if self._total is None:
            self._fetch()
        return self._total or 0

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> list[Run]: ...

    def __getitem__(self, index: int | slice) -> Run | list[Run]:
        wanted = index.stop if isinstance(index, slice) else index + 1
        from_end = isinstance(index, slice) and (index.start or 0) < 0
        while not self._has(None if wanted is None or wanted <= 0 or from_end else wanted):
            self._fetch()
        return self._fetched[index]

    def _has(self, count: int | None) -> bool:
        """Whether so many runs are here, or all (None), or there are no more."""
        return self._next is None or (count is not None and len(self._fetched) >= count)

    def __iter__(self) -> Iterator[Run]:
        place = 0
        while True:
            while not self._has(place + 1):
                self._fetch()
            if place >= len(self._fetched):
                return
            yield self._fetched[place]
            place += 1

    def __next__(self) -> Run:
        """The first run, then the one after; raises StopIteration after the last."""
        while not self._has(self._given + 1):
            self._fetch()
        if self._given >= len(self._fetched):
            raise StopIteration
        self._given += 1
        return self._fetched[self._given - 1]

    next = __next__

    def histories(
        self,
        samples: int = 500,
        keys: Sequence[str] | str | None = None,
        x_axis: str = "_step",
        format: Literal["default", "pandas", "polars"] = "default",
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """At most `samples` rows of each run, see `Run.history`, with its id as `run_id`: a list of
        dicts, or a DataFrame. Raises ValueError for another `format`."""
        if format not in _FORMATS:
            raise ValueError(f"format is {format!r}: expected one of {', '.join(_FORMATS)}")
        rows = [
            {**row, "run_id": run.id}
            for run in self
            for row in run.history(samples, keys, x_axis, pandas=False, stream=stream)
        ]
        return rows if format == "default" else as_frame(rows, format)

    def frame(
        self,
        keys: Sequence[str] | str | None = None,
        x: str = "step",
        samples: int | None = None,
        format: Literal["pandas", "polars", "arrow"] = "pandas",
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """All rows of all runs as one table, in a few requests: `run_id`, `x` (step, time, runtime,
        or a metric, in whose order they are then) and the `keys`, all but histograms if there are
        none. A row is there if it has one of the keys; what it has not got is missing.

        With `samples`, at most so many rows of each run, see `Run.history`. Raises ImportError
        where the library is not installed, ValueError for another `format`.
        """
        if samples is not None:
            named = ["run_id", x_name(x), *(keys_checked(keys) or ())]
            rows = self.histories(samples, keys, x_name(x), stream=stream)
            order = named if keys else ["run_id"]
            return made(table_of_rows(rows, order), format)
        wanted = Rows(keys_checked(keys), x_name(x), "system" if stream == "system" else "history")
        return frame_of(self._connection, self._ids(), wanted, format)

    def summary_frame(self, format: Literal["pandas", "polars", "arrow"] = "pandas") -> Any:
        """A row for each run: `run_id`, `name`, `state`, and its last values."""
        return made(table_of_rows(self._told(lambda run: run.summary), _DESCRIBED), format)

    def config_frame(self, format: Literal["pandas", "polars", "arrow"] = "pandas") -> Any:
        """A row for each run: `run_id`, `name`, `state`, and its config."""
        return made(table_of_rows(self._told(lambda run: run.config), _DESCRIBED), format)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        keys: Sequence[str] | str | None = None,
        x: str = "step",
    ) -> int:
        """Writes what `frame` has to a Parquet file, some two million points at a time, so that it
        need not fit into memory; the number of rows. Numbers are float64, all else text."""
        ids, wanted = self._ids(), Rows(keys_checked(keys), x_name(x))
        tables = row_tables(self._connection, ids, wanted)
        return write_parquet(path, tables, self._kinds(ids, wanted))

    def to_csv(self, file: TextIO, keys: Sequence[str] | str | None = None, x: str = "step") -> int:
        """Writes what `frame` has to an open file as CSV, in the same way; the number of rows.
        Lists and objects are JSON, what is missing is empty."""
        ids, wanted = self._ids(), Rows(keys_checked(keys), x_name(x))
        tables = row_tables(self._connection, ids, wanted)
        return write_csv(file, tables, list(self._kinds(ids, wanted)))

    def _kinds(self, ids: Mapping[int, str], wanted: Rows) -> dict[str, str]:
        """The columns of a file, and of what kind they are: float, int or text."""
        logged = self._keys(ids)
        texts = {key for key, kind in logged if kind == "json"}
        shown = wanted.shown
        if shown is None:
            numeric = [key for key, kind in logged if kind == "scalar"]
            others = [key for key, kind in logged if kind == "json"]
            shown = ["_step", "_timestamp", "_runtime", *dict.fromkeys([*numeric, *others])]
        kinds = {"run_id": "text", **{key: "text" if key in texts else "float" for key in shown}}
        return {key: "int" if key == "_step" else kind for key, kind in kinds.items()}

    def _keys(self, ids: Iterable[int]) -> list[tuple[str, str]]:
        """The keys of these runs with their kinds; of all of the project where these are many."""
        some = list(ids)
        runs = ",".join(map(str, some)) if len(some) <= _MOST_NAMED else None
        found = self._connection.get("projects", *self._place, "keys", runs=runs)["keys"]
        return [(one["key"], one["kind"]) for one in found]

    def _ids(self) -> dict[int, str]:
        """Numbers and ids as a list tells them, whatever it leaves out of the runs."""
        ids: dict[int, str] = {}
        after = None
        while True:
            answer = self._connection.get(
                "projects", *self._place, "runs", **{**self._query, "after": after}
            )
            ids |= {run["uid"]: run["run_id"] for run in answer["runs"]}
            after = answer["next"]
            if after is None:
                return ids

    def _told(self, values: Callable[[Run], Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"run_id": run.id, "name": run.name, "state": run.state, **values(run)} for run in self
        ]

    def __repr__(self) -> str:
        return f"<Runs {'/'.join(self._place)}>"

    def _fetch(self) -> None:
        asked = {**self._query, "after": self._next or None}
        answer = self._connection.get("projects", *self._place, "runs", **asked)
        self._fetched += [Run(self._connection, self._whole(found)) for found in answer["runs"]]
        self._next = answer["next"]
        if self._total is None or self._next is None:  # runs may have come or gone meanwhile
            self._total = len(self._fetched) if self._next is None else answer["total"]

    def _whole(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """The run with the large values too, which a list has only the size of."""
        if not is_cut(found["config"]) and not is_cut(found["summary"]):
            return found
        whole: dict[str, Any] = self._connection.get("runs", *self._place, found["run_id"])
        return whole
