"""`POST /api/query/tensors`: statistics of many histogram series over one grid."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from lossboard.wire import HistogramFlag
from lossboard_server.encoding import Columns
from lossboard_server.errors import Invalid
from lossboard_server.queries.panels.event_parts import Events, last_part
from lossboard_server.queries.panels.histograms import read_statistics
from lossboard_server.queries.panels.series import GridAnswer, axis_of, check_x, grid_answer
from lossboard_server.queries.points.axes import Axis
from lossboard_server.queries.points.selection import Selection
from lossboard_server.storage import TailMemo
from lossboard_server.storage.buckets import Grid, grid_over
from lossboard_server.storage.points import Ints, Points

__all__ = ["TensorAnswer", "TensorQuery", "TensorResult", "query_tensors"]

_MAX_BUCKETS = 100_000
_MOST_CELLS = 400_000  # buckets of all tensors together


class TensorQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of the request (docs/http_api.md); series by `keys`, else by `prefix`."""

    run: int
    prefix: str = ""
    keys: list[str] | None = None
    x: str = "step"
    x0: float | None = None
    x1: float | None = None
    buckets: int = 500


class TensorAnswer(msgspec.Struct, frozen=True):
    """The non-empty buckets of one series; `order`: its place among all histogram series.

    `part` says what the last event holds of a tensor that lies on several processes: the fields of
    `TensorPart`, of how many parts it was joined (`found`) and of how many values (`counted`).
    """

    key: str
    order: int
    n: int
    generation: int
    columns: Columns
    part: dict[str, int] | None = None


class TensorResult(msgspec.Struct, frozen=True):
    """The answer, in the order in which the keys first arrived."""

    grid: GridAnswer
    tensors: list[TensorAnswer]


def query_tensors(connection: Connection, memo: TailMemo, query: TensorQuery) -> TensorResult:
    """Sums over the events of each bucket.

    Raises Invalid for an x or a number of buckets that isn't one, NotFound for an unknown run.
    """
    check_x(query.x, query.x0, query.x1)
    if not 2 <= query.buckets <= _MAX_BUCKETS:
        raise Invalid(f"buckets is {query.buckets}: expected 2 to {_MAX_BUCKETS:,}")
    selection = Selection(connection, memo, [query.run], ["histogram", "scalar"], None)
    (lineage,) = selection.lineages
    axis = axis_of(selection, lineage, query.x, query.x0, query.x1)
    names = [key for kind, key in selection.names(lineage) if kind == "histogram"]
    wanted = {key: place for place, key in enumerate(names) if axis and _is_wanted(key, query)}
    found = {key: selection.find(lineage, "histogram", key) for key in wanted}
    events = read_statistics(connection, {key: ones for key, ones in found.items() if ones})
    wanted = _by_stage(_by_number(wanted, events), events)
    placing = _Placing(axis, query) if axis else None
    placed = {key: placing.place(whole) for key, whole in events.items() if placing}
    low, high = _range(placed, query)
    buckets = max(2, min(query.buckets, _MOST_CELLS // max(1, len(placed))))
    grid = grid_over(low, high, buckets, integral=query.x in ("step", "time"))
    binning = _Binning(grid)
    tensors = [
        TensorAnswer(
            key=key,
            order=wanted[key],
            n=len(events[key]),
            generation=lineage.generation,
            columns=binning.columns(x, some),
            part=last_part(events[key]),
        )
        for key, (x, some) in sorted(placed.items(), key=lambda item: wanted[item[0]])
        if len(events[key])
    ]
    return TensorResult(grid_answer(grid, low, high, query.x), tensors)


def _is_wanted(key: str, query: TensorQuery) -> bool:
    return key.startswith(query.prefix) if query.keys is None else key in query.keys


def _by_number(wanted: dict[str, int], events: dict[str, Events]) -> dict[str, int]:
    """The places with those of bins made elsewhere in the order of the numbers in their names,
    where they came in that of the letters: then the order of the model was lost on the way."""
    user_bins = all(
        (some.statistics.flags & HistogramFlag.USER_BINS).all() for some in events.values()
    )
    if not user_bins or sorted(wanted) != sorted(wanted, key=lambda key: wanted[key]):
        return wanted
    ordered = sorted(wanted, key=_numbered)
    return dict(zip(ordered, sorted(wanted.values()), strict=True))


def _numbered(key: str) -> list[tuple[int, int, str]]:
    """`h.2.weight` before `h.10.weight`, and a weight before its bias."""
    parts = re.split(r"(\d+)", key.replace(".weight", ".a"))
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def _by_stage(wanted: dict[str, int], events: dict[str, Events]) -> dict[str, int]:
    """The places with those of tensors that later processes have after those of earlier ones:
    stages of a pipeline send their layers in any order."""
    ranks = {key: _first_rank(some) for key, some in events.items()}
    if not any(ranks.values()):
        return wanted
    ordered = sorted(wanted, key=lambda key: (ranks.get(key, 0), wanted[key]))
    return dict(zip(ordered, sorted(wanted.values()), strict=True))


def _first_rank(events: Events) -> int:
    parts = events.statistics.parts
    return int(parts[:, 0].min()) if len(parts) else 0


class _Order(NamedTuple):
    """x of the events that have one in the window, ascending, and their positions; None: all."""

    x: NDArray[Any]
    which: NDArray[np.intp] | None


class _Placing:
    """Puts events on the axis; tensors of one model, which have the same moments, by one look."""

    def __init__(self, axis: Axis, query: TensorQuery) -> None:
        self._axis = axis
        self._query = query
        self._orders: dict[tuple[bytes, bytes], _Order] = {}

    def place(self, events: Events) -> tuple[NDArray[Any], Events]:
        """x of the events that have one in the window, ascending, and the events."""
        steps, times = events.statistics.steps, events.statistics.times_us
        moments = (steps.tobytes(), times.tobytes())
        order = self._orders.get(moments)
        if order is None:
            order = self._orders[moments] = self._order(steps, times)
        return order.x, events if order.which is None else events.take(order.which)

    def _order(self, steps: Ints, times: Ints) -> _Order:
        nothing = np.zeros(len(steps))
        on_axis, inside = self._axis.points(Points(steps, times, nothing, nothing.astype(np.uint8)))
        x = on_axis.steps
        if self._query.x0 is not None:
            inside = inside & (x >= self._query.x0)
        if self._query.x1 is not None:
            inside = inside & (x <= self._query.x1)
        which = np.flatnonzero(inside)
        which = which[np.argsort(x[which], kind="stable")]
        is_all = len(which) == len(x) and bool((which[1:] > which[:-1]).all())
        return _Order(x[which], None if is_all else which)


def _range(
    placed: dict[str, tuple[NDArray[Any], Events]], query: TensorQuery
) -> tuple[float, float]:
    extents = [(x[0].item(), x[-1].item()) for x, _ in placed.values() if len(x)]
    low = query.x0 if query.x0 is not None else min((e[0] for e in extents), default=0)
    high = query.x1 if query.x1 is not None else max((e[1] for e in extents), default=low)
    return low, max(low, high)


_SUMS = ("n", "nan", "pos_inf", "neg_inf", "zeros", "total", "squares")


class _Binning:
    """Sums events up by the buckets of the grid, which many tensors share."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._known: dict[bytes, tuple[NDArray[Any], Ints]] = {}

    def _buckets(self, x: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
        """The bucket of each x, and the first position of each bucket."""
        name = x.tobytes()
        if name not in self._known:
            buckets = self._grid.buckets(x)
            starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
            self._known[name] = buckets[starts], starts
        return self._known[name]

    def columns(self, x: NDArray[Any], events: Events) -> Columns:
        """The columns of one tensor, whose events are at x."""
        statistics = events.statistics
        if not len(x):
            names = ("bucket", "events", *_SUMS, "lo", "hi", "x_first", "x_last", "x_bad")
            return Columns({name: np.empty(0) for name in names})
        buckets, starts = self._buckets(x)
        sizes = np.diff(starts, append=len(x))
        alone = len(starts) == len(x)
        empty = statistics.n == 0
        lo, hi = (np.where(empty, np.nan, some) for some in (statistics.lo, statistics.hi))
        bad = statistics.nan + statistics.pos_inf + statistics.neg_inf > 0
        x_bad = np.where(bad, x, np.nan)  # NaN: all of them finite
        sums: dict[str, NDArray[Any]] = {name: getattr(statistics, name) for name in _SUMS}
        if not alone:
            lo, hi = np.fmin.reduceat(lo, starts), np.fmax.reduceat(hi, starts)
            x_bad = np.fmin.reduceat(x_bad, starts)
            with np.errstate(over="ignore", invalid="ignore"):
                sums = {name: np.add.reduceat(some, starts) for name, some in sums.items()}
        bounds = {"lo": lo, "hi": hi, "x_first": x[starts], "x_last": x[starts + sizes - 1]}
        return Columns({"bucket": buckets, "events": sizes, **sums, **bounds, "x_bad": x_bad})
