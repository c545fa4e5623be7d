"""Metrics as x-axes: as much of one as a window needs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema
from lossboard_server.queries.points.axes import MetricAxis, ValueAxis, metric_of
from lossboard_server.queries.points.reader import Target, Window, read_buckets
from lossboard_server.queries.points.selection import Found
from lossboard_server.queries.points.totals import entries_of
from lossboard_server.queries.points.whole import read_window
from lossboard_server.storage.buckets import Grid

__all__ = ["metric_axis"]


def metric_axis(
    connection: Connection, found: Sequence[Found], low: float | None, high: float | None
) -> MetricAxis | None:
    """The axis made of a scalar series, good for x from `low` to `high` (None: no limit).

    A metric that never decreases is read only where the window needs it. None if it has no
    finite value.
    """
    entry = entries_of(connection, "scalar", {"": found}).get("")
    if entry is None or entry.min_value is None or entry.max_value is None:
        return None
    first, last = None, None
    if entry.steps_ascend and entry.times_ascend and entry.values_ascend:
        first, last = _steps_within(connection, found, low, high)
    points = read_window(connection, "scalar", {"": found}, first, last)[""]
    return MetricAxis(metric_of(points), (entry.min_value, entry.max_value))


def _steps_within(
    connection: Connection, found: Sequence[Found], low: float | None, high: float | None
) -> tuple[int | None, int | None]:
    """The first step at which the metric is in the window, and one at which it no longer is."""
    if low is None and high is None:
        return None, None
    grid = Grid(0, integral=True, single=True)
    target = Target([one.piece() for one in found], ValueAxis(), Window(low, high))
    read_buckets(connection, [target], grid)
    inside = target.buckets(grid)
    if inside is None:
        return 0, -1  # no value in the window, so no point either
    first, last = int(inside[1].t0[0]), int(inside[1].t1[0])
    return first, _step_after(connection, found, last)


def _step_after(connection: Connection, found: Sequence[Found], step: int) -> int | None:
    """A step after `step` up to which the metric has at least one more point; None: it has none."""
    block = schema.block.c
    ids = [one.series_id for one in found if one.series_id is not None]
    query = select(func.min(block.s1)).where(
        block.series_id.in_(ids), block.open.in_((False, True)), block.level == 0, block.s1 > step
    )
    steps = [connection.execute(query).scalar()]
    for one in found:
        if one.tail is not None:
            later = one.tail.steps[one.tail.steps > step]
            steps.append(int(later.min()) if len(later) else None)
    return min((found_step for found_step in steps if found_step is not None), default=None)
