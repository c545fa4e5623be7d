"""The small picture of a project: its main metric in the run that was active last."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.queries.catalogue.keys import KeyFacts, keys
from lossboard_server.queries.panels.series import SeriesQuery, query_series
from lossboard_server.storage import TailMemo

__all__ = ["Sparkline", "SparklineMemo"]

_BUCKETS = 60
_DRAWING_SECS = 0.1  # of one answer: a new server draws all of them anew


class Sparkline(msgspec.Struct, frozen=True):
    """Bucket means of `key` by step; empty buckets are left out, non-finite ones too."""

    key: str
    values: NDArray[Any]


class SparklineMemo:
    """Sparklines by project, each valid for one version of the run it shows."""

    def __init__(self, tails: TailMemo) -> None:
        self._tails = tails
        self._known: dict[int, tuple[tuple[int, int], Sparkline | None]] = {}
        self._lock = threading.Lock()

    def get(self, connection: Connection, project_id: int) -> Sparkline | None:
        """The project's sparkline; None while it has no scalar with two points."""
        return self._some(connection, [project_id], math.inf)[0].get(project_id)

    def some(
        self, connection: Connection, project_ids: Sequence[int]
    ) -> tuple[dict[int, Sparkline | None], bool]:
        """The sparklines that are known of these projects, and some more while there is time; and
        whether these are all."""
        return self._some(connection, project_ids, time.monotonic() + _DRAWING_SECS)

    def _some(
        self, connection: Connection, project_ids: Sequence[int], until_secs: float
    ) -> tuple[dict[int, Sparkline | None], bool]:
        found: dict[int, Sparkline | None] = {}
        complete = True
        marks = _last_active(connection, project_ids)
        for project_id, mark in marks.items():
            with self._lock:
                known = self._known.get(project_id)
            if known is not None and known[0] == mark:
                found[project_id] = known[1]
            elif time.monotonic() < until_secs:
                found[project_id] = made = _draw(connection, self._tails, mark[0])
                with self._lock:
                    self._known[project_id] = (mark, made)
            else:
                complete = False
                found[project_id] = known[1] if known is not None else None
        return found, complete


def _last_active(connection: Connection, project_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Number and version of the run of each project that was active last and has rows."""
    run, project, latest = schema.run, schema.project, schema.run.alias()
    newest = (
        select(run.c.id)
        .where(
            run.c.project_id == project.c.id,
            run.c.deleted_us.is_(None),
            run.c.last_step.is_not(None),
        )
        .order_by(run.c.heartbeat_us.desc(), run.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(project.c.id, latest.c.id.label("uid"), latest.c.version)
        .select_from(project)
        .join(latest, latest.c.id == newest)
        .where(among(connection, project.c.id, project_ids))
    )
    return {row.id: (row.uid, row.version) for row in rows}


def _draw(connection: Connection, tails: TailMemo, uid: int) -> Sparkline | None:
    key = _main_key(keys(connection, tails, [uid]))
    if key is None:
        return None
    query = SeriesQuery(runs=[uid], keys=[key], buckets=_BUCKETS)
    means = query_series(connection, tails, query).series[0].columns["mean"]
    return Sparkline(key, means[np.isfinite(means)])


def _main_key(found: Sequence[KeyFacts]) -> str | None:
    """A loss if there is one, in the order in which keys arrived; else the first scalar."""
    names = [facts.key for facts in found if facts.kind == "scalar" and facts.n > 1]
    losses = [name for name in names if "loss" in name.lower()]
    return next(iter(losses or names), None)
