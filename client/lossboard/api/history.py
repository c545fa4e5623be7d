"""Rows of a run's history."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lossboard.connection import Connection
from lossboard.wire import ints_restored

__all__ = ["as_frame", "keys_checked", "sampled_rows", "scan_rows"]

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
        answer = connection.get_binary(
            "runs",
            run_uid,
            "history",
            key=_stored(keys),
            min_step=step,
            max_step=max_step,
            limit=max(1, min(page_size, _MAX_PAGE)),
            stream=stream,
        )
        yield from map(ints_restored, answer["rows"])
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
    those that have all of them. None for 0; raises ValueError for less."""
    if samples < 0:
        raise ValueError(f"samples is {samples}: expected 0 or more rows")
    if samples == 0:
        return []
    answer = connection.get_binary(
        "runs", run_uid, "history", key=_stored(keys), samples=samples, stream=stream
    )
    return [ints_restored(row) for row in answer["rows"]]


def keys_checked(keys: Sequence[str] | str | None) -> list[str] | None:
    """The keys as a list, one given as text alone too; None, as for no keys at all, means all.
    Raises TypeError for what is no text."""
    if not keys:
        return None
    found = [keys] if isinstance(keys, str) else list(keys)
    if wrong := [key for key in found if not isinstance(key, str)]:
        raise TypeError(f"keys is a list of texts, and {wrong[0]!r:.80} is none")
    return found


def _stored(keys: Sequence[str] | None) -> list[str] | None:
    """The keys without those that every row has."""
    return [key for key in keys or () if not key.startswith("_")] or None


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
