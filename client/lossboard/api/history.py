"""Rows of a run's history."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lossboard.api.connection import Connection, numbers_restored

__all__ = ["as_frame", "evenly", "scan_rows"]

_MAX_PAGE: Final = 10_000


def scan_rows(
    connection: Connection,
    run_uid: int,
    keys: Sequence[str] | None,
    *,
    page_size: int,
    min_step: int,
    max_step: int | None,
    stream: str = "history",
) -> Iterator[dict[str, Any]]:
    """All rows from `min_step` on and below `max_step`, one a step; with `keys` only rows that
    have all of them."""
    step: int | None = min_step
    while step is not None:
        answer = connection.get(
            "runs",
            run_uid,
            "history",
            keys=",".join(keys) if keys else None,
            min_step=step,
            max_step=max_step,
            limit=max(1, min(page_size, _MAX_PAGE)),
            stream=stream,
        )
        yield from (numbers_restored(row) for row in answer["rows"])
        step = answer["next_step"]


def evenly(rows: Sequence[dict[str, Any]], samples: int) -> list[dict[str, Any]]:
    """At most `samples` of the rows, evenly spaced, with the first and the last."""
    if len(rows) <= samples:
        return list(rows)
    last = len(rows) - 1
    return [rows[place * last // max(samples - 1, 1)] for place in range(samples)]


def as_frame(rows: list[dict[str, Any]]) -> Any:
    """The rows as a pandas DataFrame. Raises ImportError, with advice, where pandas is missing."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError(
            "history() makes a DataFrame, and pandas is not installed:"
            " install it, or call history(pandas=False)"
        ) from error
    return pandas.DataFrame.from_records(rows)
