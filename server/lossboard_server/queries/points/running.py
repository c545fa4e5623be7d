"""How long a run had been running at a time: only while one of its processes was."""

from __future__ import annotations

import numpy as np
from sqlalchemy import func, select

from lossboard_server.database import schema
from lossboard_server.queries.points.axes import RuntimeAxis, StepAxis
from lossboard_server.queries.points.lineage import Lineage, Part
from lossboard_server.queries.points.reader import Piece
from lossboard_server.queries.points.selection import Selection
from lossboard_server.queries.points.totals import totals
from lossboard_server.storage.points import Points

__all__ = ["running_axis", "started_axis"]

_MOST_ASKED = 8


def running_axis(selection: Selection, lineage: Lineage) -> RuntimeAxis:
    """The time that the run's processes have run, in seconds, from attempt to attempt.

    Each counts from its start to its last row, of an attempt that is cut to the last row that is
    taken from it; what passed until the next one started doesn't count.
    """
    if len(lineage.parts) < 2:
        return started_axis(selection, lineage)
    starts, before, ran = [], [], 0
    for place, part in enumerate(lineage.parts):
        first_us, last_us = _extent(selection, part)
        opened_us = min(part.opened_us, first_us)
        if place == 0 and part.run_uid == lineage.run_uid:
            opened_us = min(opened_us, lineage.started_us)
        starts.append(opened_us)
        before.append(ran)
        ran += max(0, (last_us if part.cut is None else _cut_us(selection, part)) - opened_us)
    return RuntimeAxis(np.maximum.accumulate(starts).tolist(), before)


def started_axis(selection: Selection, lineage: Lineage) -> RuntimeAxis:
    """The time since the run started, or since its first row where that bears an earlier time, as
    rows do that were logged elsewhere before."""
    first_us = [selection.first_us.get(part.attempt_id) for part in lineage.parts[:1]]
    known = [time_us for time_us in first_us if time_us is not None]
    return RuntimeAxis([min(lineage.started_us, *known)] if known else [lineage.started_us])


def _extent(selection: Selection, part: Part) -> tuple[int, int]:
    """Time of the attempt's first row and of its last one; of its start if it has none."""
    series = schema.series.c
    query = select(func.min(series.min_us), func.max(series.max_us))
    sealed = selection.connection.execute(query.where(series.attempt_id == part.attempt_id)).one()
    times = [time_us for time_us in sealed if time_us is not None]
    tail = selection.whole_tail()
    for name in tail.names():
        waiting = tail.series(name) if name.attempt_id == part.attempt_id else None
        if waiting is not None:
            times_us = waiting.data.times_us
            times += [int(times_us.min()), int(times_us.max())]
    return min(times, default=part.opened_us), max(times, default=part.opened_us)


def _cut_us(selection: Selection, part: Part) -> int:
    """Time of the last row up to the cut, as the metrics with the most points have it."""
    series = schema.series.c
    scalars = (series.attempt_id == part.attempt_id, series.kind == "scalar")
    query = select(series.id).where(*scalars).order_by(series.n.desc(), series.id)
    ids = selection.connection.execute(query.limit(_MOST_ASKED)).scalars()
    pieces = [Piece(id_, part.cut, None) for id_ in ids]
    for name in selection.tail.names():
        if (name.attempt_id, name.kind) == (part.attempt_id, "scalar"):
            waiting = selection.tail.series(name)
            assert waiting is not None and isinstance(waiting.data, Points)
            pieces.append(Piece(None, part.cut, waiting.data))
    nodes = totals(selection.connection, [([piece], StepAxis()) for piece in pieces])
    return max((int(node.t1[0]) for node in nodes if node is not None), default=part.opened_us)
