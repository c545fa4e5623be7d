"""Meanings of x: the step, the time, the time of running, or another metric of the run.

An axis turns the `steps` of points and the `s*` of nodes into x. On a metric axis the x of a point
is the metric's value in the same row, or else its latest value before: of all its points up to
(step, time) of the point, in the order (step, time, arrival), the last one. That is what
`define_metric(step_sync=True)` writes into the rows. A point before the metric's first value, or
whose x is not finite, has no place on the axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.nodes import Nodes
from lossboard_server.storage.points import Floats, Ints, Points

__all__ = [
    "Axis",
    "Metric",
    "MetricAxis",
    "RuntimeAxis",
    "StepAxis",
    "TimeAxis",
    "ValueAxis",
    "metric_of",
]


class Axis(Protocol):
    """x of points and nodes; see the module."""

    integral: bool

    def points(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        """The points with x for steps, and which of them have one."""

    def nodes(self, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
        """The nodes with x for steps, and which can stand for their points on this axis.

        The others have to be opened; their extents are x, or NaN where they aren't known. A node
        that ends at -Inf has no point on the axis.
        """


def _all(column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.ones(len(column), np.bool_)


class StepAxis:
    """x is the step."""

    integral = True

    def points(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        return points, _all(points.steps)

    def nodes(self, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
        return nodes, _all(nodes.n)


def _on_times(nodes: Nodes) -> Nodes:
    return nodes._replace(s0=nodes.t0, s1=nodes.t1, s_low=nodes.t_low, s_high=nodes.t_high)


class TimeAxis:
    """x is the time in us."""

    integral = True

    def points(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        return points._replace(steps=points.times_us), _all(points.steps)

    def nodes(self, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
        return _on_times(nodes), nodes.ordered


class RuntimeAxis:
    """x is the time that the run has been running, in seconds.

    Stretch i begins at `starts_us[i]`, which never decrease, after `before_us[i]` of running. One
    stretch is the time since the run started, whatever happened meanwhile; a stretch for each
    process leaves the pauses between them out. A time before the start, of a clock that was set
    back, is 0.
    """

    integral = False

    def __init__(self, starts_us: Sequence[int], before_us: Sequence[int] = (0,)) -> None:
        self._starts_us = np.array(starts_us, np.int64)
        self._before_us = np.array(before_us, np.int64)

    def seconds(self, times_us: Ints) -> Floats:
        """x at these times."""
        at = np.maximum(np.searchsorted(self._starts_us, times_us, "right") - 1, 0)
        x: Floats = (self._before_us[at] + times_us - self._starts_us[at]) / 1e6
        return np.maximum(x, 0.0)

    def points(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        x: Any = self.seconds(points.times_us)
        return points._replace(steps=x), _all(x)

    def nodes(self, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
        names = {"s0": "t0", "s1": "t1", "s_low": "t_low", "s_high": "t_high"}
        x: Any = {name: self.seconds(getattr(nodes, time)) for name, time in names.items()}
        return nodes._replace(**x), nodes.ordered


class ValueAxis:
    """x is the number itself, and times are steps: at which steps it takes which values."""

    integral = False

    def points(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        x: Any = points.numbers
        return points._replace(steps=x, times_us=points.steps), np.isfinite(x)

    def nodes(self, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
        low: Any = nodes.low
        on_axis = nodes._replace(s0=low, s1=nodes.high, t0=nodes.s0, t1=nodes.s1)
        return on_axis, nodes.finite == nodes.n


class Metric(NamedTuple):
    """All points of the metric in the order (step, time, arrival); `ascends`: its values are
    finite and never decrease in that order."""

    steps: Ints
    times_us: Ints
    numbers: Floats
    ascends: bool

    def at(self, steps: Ints, times_us: Ints) -> Floats:
        """The value that holds at each (step, time); -Inf before the first one."""
        if not len(self.steps):
            return np.full(len(steps), -np.inf)
        low = np.searchsorted(self.steps, steps, "left")
        high = np.searchsorted(self.steps, steps, "right")
        while (open_ := low < high).any():
            middle = (low + high) // 2
            after = self.times_us[np.minimum(middle, len(self.steps) - 1)] > times_us
            high = np.where(open_ & after, middle, high)
            low = np.where(open_ & ~after, middle + 1, low)
        return np.where(low > 0, self.numbers[low - 1], -np.inf)


def metric_of(points: Points) -> Metric:
    """The metric made of points in order of arrival."""
    if not _in_order(points.steps, points.times_us):
        points = points.take(np.lexsort((points.times_us, points.steps)))
    numbers = points.numbers
    ascends = bool(np.isfinite(numbers).all() and (numbers[1:] >= numbers[:-1]).all())
    return Metric(points.steps, points.times_us, numbers, ascends)


def _in_order(steps: Ints, times_us: Ints) -> bool:
    """Whether points are in the order (step, time)."""
    if not (steps[1:] >= steps[:-1]).all():
        return False
    return bool(((steps[1:] > steps[:-1]) | (times_us[1:] >= times_us[:-1])).all())


class MetricAxis:
    """x is the value of another metric; `extent` is that of its finite values."""

    integral = False

    def __init__(self, metric: Metric, extent: tuple[float, float]) -> None:
        self._metric = metric
        self.ascends = metric.ascends
        self.extent = extent

    def points(self, points: Points) -> tuple[Points, NDArray[np.bool_]]:
        x: Any = self._metric.at(points.steps, points.times_us)
        return points._replace(steps=x), np.isfinite(x)

    def nodes(self, nodes: Nodes) -> tuple[Nodes, NDArray[np.bool_]]:
        if not self._metric.ascends:
            unknown: Any = np.full(len(nodes.n), np.nan)
            return nodes._replace(s0=unknown, s1=unknown), np.zeros(len(nodes.n), np.bool_)
        at: Any = self._metric.at
        found = nodes._replace(
            s0=np.where(nodes.ordered, at(nodes.s0, nodes.t0), np.nan),
            s1=np.where(nodes.ordered, at(nodes.s1, nodes.t1), np.nan),
            s_low=at(nodes.s_low, nodes.t_low),
            s_high=at(nodes.s_high, nodes.t_high),
        )
        return found, nodes.ordered & np.isfinite(found.s0)
