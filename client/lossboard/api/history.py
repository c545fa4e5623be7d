"""Rows of a run's history."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lossboard.connection import Connection, numbers_restored

__all__ = ["as_frame", "sampled_rows", "scan_rows"]

_MAX_PAGE: Final = 10_000


def scan_rows(
    connection: Connection,
    run_uid: int,
    keys: Sequence[str] | None,
    *,
    page_size: int,
    min_step: int | None,
    max_step: int | None,
    stream: str = "history",
) -> Iterator[dict[str, Any]]:
    """All rows from `min_step` (None: the first one) on and below `max_step`, one a step; with
    `keys` only rows that have all of them."""
    step = min_step
    while True:
        answer = connection.get(
            "runs",
            run_uid,
            "history",
            keys=_listed(keys),
            min_step=step,
            max_step=max_step,
            limit=max(1, min(page_size, _MAX_PAGE)),
            stream=stream,
        )
        yield from (numbers_restored(row) for row in answer["rows"])
        step = answer["next_step"]
        if step is None:
            return


def sampled_rows(
    connection: Connection,
    run_uid: int,
    keys: Sequence[str] | None,
    *,
    samples: int,
    stream: str = "history",
) -> list[dict[str, Any]]:
    """At most `samples` of the rows, evenly spaced, with the first and the last; with `keys` of
    those that have all of them."""
    answer = connection.get(
        "runs", run_uid, "history", keys=_listed(keys), samples=samples, stream=stream
    )
    return [numbers_restored(row) for row in answer["rows"]]


def _listed(keys: Sequence[str] | None) -> str | None:
    """The keys in a query, without those that every row has."""
    own = [key for key in keys or () if not key.startswith("_")]
    return ",".join(own) if own else None


def as_frame(rows: list[dict[str, Any]], library: str = "pandas") -> Any:
    """The rows as a DataFrame of pandas or polars. Raises ImportError, with advice, where that is
    missing."""
    try:
        module = importlib.import_module(library)
    except ImportError as error:
        raise ImportError(
            f"this makes a DataFrame, and {library} is not installed: install it, or ask for rows"
            ' with history(pandas=False) or histories(format="default")'
        ) from error
    if library == "polars":
        return module.from_dicts(rows, infer_schema_length=None)
    return module.DataFrame.from_records(rows)
