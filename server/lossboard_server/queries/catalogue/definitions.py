"""Definitions by define_metric: by run, and for one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.encoding import decode_json

__all__ = ["definition_of", "metric_definitions"]

_IDS_PER_SELECT = 500


def metric_definitions(connection: Connection, uids: Sequence[int]) -> dict[str, Any]:
    """The definitions by define_metric of each run, by the run's number (as text, for JSON)."""
    run = schema.run
    found: dict[str, Any] = {}
    for first in range(0, len(uids), _IDS_PER_SELECT):
        some = uids[first : first + _IDS_PER_SELECT]
        rows = connection.execute(select(run.c.id, run.c.metrics_json).where(run.c.id.in_(some)))
        found |= {str(row.id): decode_json(row.metrics_json) for row in rows}
    return found


def definition_of(metrics: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """The definition meant for a key: of its name, or else of the longest fitting glob."""
    globs = [n for n in metrics if n.endswith("*") and key.startswith(n[:-1])]
    name = key if key in metrics else max(globs, key=len, default=None)
    return None if name is None else metrics[name]
