"""Lists of runs, fetched page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, overload

import msgspec

from lossboard.api.history import as_frame
from lossboard.api.run import Run
from lossboard.bounds import is_cut
from lossboard.connection import Connection

__all__ = ["Runs"]

_FORMATS: Final = ("default", "pandas", "polars")
_SORTS: Final = {"created_at": "created", "createdAt": "created", "display_name": "name"}


class Runs:
    """The runs of a project; it can be iterated, indexed and counted."""

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
            "filter": msgspec.json.encode(_filters(filters)).decode() if filters else None,
            "sort": _sort(order.lstrip("+-")),
            "order": "desc" if order.startswith("-") else "asc",
            "limit": per_page,
        }
        self._fetched: list[Run] = []
        self._total: int | None = None

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
        if wanted is None or wanted <= 0 or (isinstance(index, slice) and (index.start or 0) < 0):
            wanted = len(self)
        while len(self._fetched) < min(wanted, len(self)):
            self._fetch()
        return self._fetched[index]

    def __iter__(self) -> Iterator[Run]:
        place = 0
        while place < len(self):
            yield self[place]
            place += 1

    def histories(
        self,
        samples: int = 500,
        keys: Sequence[str] | None = None,
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

    def __repr__(self) -> str:
        return f"<Runs {'/'.join(self._place)}>"

    def _fetch(self) -> None:
        answer = self._connection.get(
            "projects", *self._place, "runs", offset=len(self._fetched), **self._query
        )
        self._fetched += [Run(self._connection, self._whole(found)) for found in answer["runs"]]
        # A run that was deleted meanwhile makes the last page shorter than was promised.
        self._total = answer["total"] if answer["runs"] else len(self._fetched)

    def _whole(self, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """The run with the large values too, which a list has only the size of."""
        if not is_cut(found["config"]) and not is_cut(found["summary"]):
            return found
        whole: dict[str, Any] = self._connection.get("runs", *self._place, found["run_id"])
        return whole


def _sort(field: str) -> str:
    if field.startswith("summary_metrics."):
        return "summary." + field.removeprefix("summary_metrics.")
    if field.startswith("config."):
        return field.removesuffix(".value")
    return _SORTS.get(field, field)


def _filters(filters: Any) -> Any:
    """Filters with W&B's `config.<key>.value` as `config.<key>`."""
    if isinstance(filters, Mapping):
        return {
            key.removesuffix(".value") if key.startswith("config.") else key: _filters(value)
            for key, value in filters.items()
        }
    return [_filters(item) for item in filters] if isinstance(filters, list | tuple) else filters
