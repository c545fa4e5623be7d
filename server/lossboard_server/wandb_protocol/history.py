"""History rows in the forms that W&B's clients ask for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from lossboard_server import queries
from lossboard_server.encoding import encode_bare_json
from lossboard_server.queries.history.newest_rows import SYSTEM_KINDS, newest_system_rows
from lossboard_server.queries.points.selection import Selection
from lossboard_server.queries.runs.runs import Run
from lossboard_server.wandb_protocol.context import Call
from lossboard_server.wandb_protocol.run_reads import RunReads

__all__ = ["keys_of", "rows_text", "sampled", "system_text", "system_values", "tail_text"]

DEFAULT_SAMPLES: Final = 500
MAX_ROWS: Final = 100_000

_TYPE_NAMES: Final = {"scalar": "number", "histogram": "histogram"}


def rows_text(
    call: Call,
    run: Run,
    samples: int | None = None,
    minStep: int | None = None,
    maxStep: int | None = None,
) -> list[str]:
    """Rows as JSON texts: all of a window of steps, or so many spread evenly over the run."""
    if minStep is None and maxStep is None:
        query = queries.HistoryQuery(run=run.uid, samples=samples or DEFAULT_SAMPLES)
        rows = _answer(call, query)
    else:
        # The client begins at 0, below which a run of its own has no rows; ours may.
        rows = _rows(call, run.uid, minStep or None, maxStep)
    return [encode_bare_json(row) for row in rows]


def sampled(call: Call, run: Run, specs: Sequence[str] | str) -> list[list[dict[str, Any]]]:
    """Rows that have all keys of each spec, spread evenly, with non-finite numbers as text.

    GraphQL takes a single value for a list, and clients make use of it.
    """
    specs = [specs] if isinstance(specs, str) else specs
    return [_sampled_one(call, run, json.loads(spec)) for spec in specs]


def _sampled_one(call: Call, run: Run, spec: dict[str, Any]) -> list[dict[str, Any]]:
    keys = list(dict.fromkeys(spec.get("keys") or ()))
    last_step = spec.get("maxStep")  # of a spec it is the last one, not the one after it
    query = queries.HistoryQuery(
        run=run.uid,
        keys=keys,
        min_step=spec.get("minStep"),
        max_step=None if last_step is None else last_step + 1,
        samples=int(spec.get("samples") or DEFAULT_SAMPLES),
    )
    return [{key: _plain(_at(row, key)) for key in keys} for row in _answer(call, query)]


def _at(row: dict[str, Any], key: str) -> Any:
    """The value of a key, which may be the dotted form of a nested one."""
    if key in row:
        return row[key]
    value: Any = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _answer(call: Call, query: queries.HistoryQuery) -> list[dict[str, Any]]:
    with call.read() as connection:
        return queries.query_history(connection, call.services.tails, query).rows


def _rows(call: Call, uid: int, low: int | None, high: int | None) -> list[dict[str, Any]]:
    query = queries.HistoryQuery(run=uid, min_step=low, max_step=high, limit=MAX_ROWS)
    rows: list[dict[str, Any]] = []
    with call.read() as connection:
        while True:
            found = queries.query_history(connection, call.services.tails, query)
            rows += found.rows
            if found.next_step is None:
                return rows
            query = queries.HistoryQuery(
                run=uid, min_step=found.next_step, max_step=high, limit=MAX_ROWS
            )


def _plain(value: Any) -> Any:
    """Non-finite numbers as text: the answer around them is strict JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def keys_of(known: RunReads, run: Run) -> dict[str, Any]:
    """W&B's historyKeys: each key with how many values of which type it has."""
    keys: dict[str, Any] = {}
    for count in known.key_counts[run.uid]:
        entry = keys.setdefault(
            count.key,
            {"typeCounts": [], "monotonic": False, "previousValue": _at(run.summary, count.key)},
        )
        kind = _TYPE_NAMES.get(count.kind) or count.media or "string"
        entry["typeCounts"].append({"type": kind, "count": count.n})
    last_step = -1 if run.last_step is None else run.last_step
    own = {"typeCounts": [{"type": "number", "count": last_step + 1}], "monotonic": True}
    keys.setdefault("_step", {**own, "previousValue": last_step})
    return {"sets": [], "keys": keys, "lastStep": last_step}


def system_text(call: Call, uid: int, samples: int | None = None) -> list[str]:
    """Rows of system metrics as JSON texts."""
    query = queries.HistoryQuery(run=uid, samples=samples or DEFAULT_SAMPLES, stream="system")
    return [encode_bare_json(system_values(row)) for row in _answer(call, query)]


def system_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of system metrics without its number."""
    return {key: value for key, value in row.items() if key != "_step"}


def tail_text(call: Call, uid: int, stream: Literal["history", "system"]) -> str:
    """The last row in the form that a resuming client reads: a JSON list of JSON texts."""
    rows = _last_system_rows(call, uid) if stream == "system" else _last_rows(call, uid)
    return json.dumps([encode_bare_json(row) for row in rows[-1:]])


def _last_system_rows(call: Call, uid: int) -> list[dict[str, Any]]:
    with call.read() as connection:
        selection = Selection(connection, call.services.tails, [uid], SYSTEM_KINDS, None)
        newest = newest_system_rows(selection)
    return [system_values(row) for row in newest.values()]


def _last_rows(call: Call, uid: int) -> list[dict[str, Any]]:
    with call.read() as connection:
        last = queries.last_steps(connection, call.services.tails, [uid]).get(uid)
    return [] if last is None else _rows(call, uid, last, last + 1)
