"""Histograms: made from values or from counts, and read back from `wire.HistogramData`.

The one place that turns values into histograms (torch kernels hand their raw counts to
`from_parts`). Linear bins are equal parts of the exact [min, max]; the magnitude histogram beside
them keeps the shape of heavy tails, which linear bins put into one bin. Needs numpy only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import ArrayLike, NDArray

from lossboard.arrays import array_of
from lossboard.faults import Fault, collected, is_for_the_caller, note, type_name
from lossboard.histogram.magnitude import bounds_of, magnitudes_of
from lossboard.wire import COUNT_TYPES, HistogramData, HistogramFlag

__all__ = [
    "DEFAULT_BINS",
    "MAX_BINS",
    "Histogram",
    "counts_of",
    "edges_of",
    "from_bins",
    "from_constant",
    "from_parts",
    "from_values",
    "linear_counts",
    "magnitudes_in",
    "quantiles",
    "rms",
    "sums_of",
    "with_non_finite",
    "with_zeros",
]

DEFAULT_BINS: Final = 64
MAX_BINS: Final = 512  # as in W&B

_EPSILON: Final = 2.0**-52  # distance of float64 numbers next to 1
_LEAST: Final = 2.0**-1074

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def from_values(values: ArrayLike, bins: int = DEFAULT_BINS) -> HistogramData:
    """The histogram of all `values`, whatever their shape, with 1 to 512 `bins`.

    Exact counts; n, sum and squares of the finite values; NaN and infinities are counted apart.
    Complex values count as their real and imaginary parts. Above 65,536 values the magnitude
    histogram comes from as many strided ones and is flagged. Raises TypeError for what is not
    numeric, ValueError for a number of bins outside of 1 to 512.
    """
    _check_bins(bins)
    flat = _floats(values)
    stored, nan, pos_inf, neg_inf = _finite(flat)
    if not stored.size:
        return from_parts(0.0, 0.0, np.empty(0, np.int64), nan, pos_inf, neg_inf)
    nonzero = int(np.count_nonzero(stored))
    keys, amounts, sampled = magnitudes_of(stored, nonzero)
    finite = stored.astype(np.float64, copy=False)
    lo, hi = float(finite.min()), float(finite.max())
    total, squares = sums_of(finite)
    return from_parts(
        lo,
        hi,
        linear_counts(finite, lo, hi, bins),
        nan,
        pos_inf,
        neg_inf,
        zeros=stored.size - nonzero,
        total=total,
        squares=squares,
        magnitude_keys=keys,
        magnitude_counts=amounts,
        flags=HistogramFlag.MAGNITUDE_SAMPLED if sampled else 0,
    )


def from_bins(counts: ArrayLike, edges: ArrayLike) -> HistogramData:
    """A histogram that was made elsewhere; counts may be fractions, bins may be uneven.

    n, sum and squares are estimated from bin centres, and the histogram is flagged USER_BINS.
    Raises ValueError where the lengths don't fit, a count is negative or not finite, or the edges
    don't ascend.
    """
    amounts, bounds = _user_bins(counts, edges)
    centres = bounds[:-1] / 2 + bounds[1:] / 2
    with np.errstate(over="ignore"):  # infinite only where the true sum is beyond float64
        total, squares = float(amounts @ centres), float(amounts @ centres**2)
    lo, hi = float(bounds[0]), float(bounds[-1])
    even = np.abs(bounds - _edges(lo, hi, amounts.size)).max() <= (hi / 2 - lo / 2) * 1e-9
    return from_parts(
        lo,
        hi,
        amounts,
        total=total,
        squares=squares,
        edges=np.empty(0) if even else bounds,
        flags=HistogramFlag.USER_BINS,
    )


def from_constant(value: float, n: int) -> HistogramData:
    """The histogram of `n` times the same finite value."""
    data = from_values([value])
    _, magnitude_counts = magnitudes_in(data)
    counts, count_type = _pack(np.array([n]))
    return replace(
        data,
        counts=counts,
        count_type=count_type,
        n=float(n),
        zeros=data.zeros * n,
        total=value * n,
        squares=data.squares * n,
        magnitude_counts=(magnitude_counts * np.uint64(n)).astype("<u8").tobytes(),
    )


def with_non_finite(data: HistogramData, nan: int, pos_inf: int, neg_inf: int) -> HistogramData:
    """The histogram with so many values more that are not finite."""
    return replace(
        data,
        nan=data.nan + nan,
        pos_inf=data.pos_inf + pos_inf,
        neg_inf=data.neg_inf + neg_inf,
    )


def with_zeros(data: HistogramData, zeros: int) -> HistogramData:
    """The histogram with so many zeros more; its range must hold 0 already."""
    counts = counts_of(data).astype(np.int64)
    edges = edges_of(data)
    counts[min(int(np.searchsorted(edges, 0.0, side="right")) - 1, counts.size - 1)] += zeros
    packed, count_type = _pack(counts)
    return replace(
        data,
        counts=packed,
        count_type=count_type,
        n=data.n + zeros,
        zeros=data.zeros + zeros,
    )


def from_parts(
    lo: float,
    hi: float,
    counts: NDArray[Any],
    nan: int = 0,
    pos_inf: int = 0,
    neg_inf: int = 0,
    *,
    zeros: int = 0,
    total: float = 0.0,
    squares: float = 0.0,
    edges: Floats | None = None,
    magnitude_keys: NDArray[Any] | None = None,
    magnitude_counts: NDArray[Any] | None = None,
    flags: int = 0,
) -> HistogramData:
    """The wire form of a histogram whose parts were counted already; n is the sum of `counts`."""
    packed, count_type = _pack(counts)
    keyed = magnitude_keys is not None and magnitude_counts is not None
    return HistogramData(
        lo=lo,
        hi=hi,
        counts=packed,
        count_type=count_type,
        n=float(counts.sum()),
        edges=b"" if edges is None else edges.astype("<f8", copy=False).tobytes(),
        nan=nan,
        pos_inf=pos_inf,
        neg_inf=neg_inf,
        zeros=zeros,
        total=total,
        squares=squares,
        magnitude_keys=np.asarray(magnitude_keys, "<i2").tobytes() if keyed else b"",
        magnitude_counts=np.asarray(magnitude_counts, "<u8").tobytes() if keyed else b"",
        flags=flags,
    )


def counts_of(data: HistogramData) -> NDArray[Any]:
    """The counts of the bins, as integers or (user-made fractions) float64; empty without any."""
    return np.frombuffer(data.counts, COUNT_TYPES[data.count_type])


def edges_of(data: HistogramData) -> Floats:
    """The bins + 1 edges; a constant has one bin [v, v], a histogram without values none."""
    if data.edges:
        return np.frombuffer(data.edges, "<f8").astype(np.float64, copy=False)
    bins = len(data.counts) // np.dtype(COUNT_TYPES[data.count_type]).itemsize
    return _edges(data.lo, data.hi, bins) if bins else np.empty(0)


def magnitudes_in(data: HistogramData) -> tuple[NDArray[np.int16], NDArray[np.uint64]]:
    """Keys (ascending, as the values are) and counts of the magnitude histogram."""
    keys = np.frombuffer(data.magnitude_keys, "<i2").astype(np.int16, copy=False)
    amounts = np.frombuffer(data.magnitude_counts, "<u8").astype(np.uint64, copy=False)
    return keys, amounts


def rms(data: HistogramData) -> float:
    """Root of the mean square of the finite values; NaN without any."""
    return float(np.sqrt(data.squares / data.n)) if data.n else float("nan")


def quantiles(data: HistogramData, fractions: ArrayLike) -> Floats:
    """The values below which the given fractions (0 to 1) of the finite values lie.

    The share of values below each edge is known, from linear bins and magnitude histogram alike;
    between neighbouring edges it is taken as linear. NaN where there is no finite value.
    """
    wanted = np.asarray(fractions, dtype=np.float64)
    if not data.n:
        return np.full(wanted.shape, np.nan)
    places, shares = _known_shares(data)
    return np.interp(wanted, shares, places)


class Histogram:
    """A histogram to log: `run.log({"weights": Histogram(values)})`.

    `Histogram(sequence)` counts the values (any shape; NaN and infinities apart) in `num_bins`
    bins, at most 512. `Histogram(np_histogram=(counts, edges))` takes what `numpy.histogram`
    returns. `histogram` are the counts, `bins` the edges.

    Raises ValueError for more than 512 bins or no values given. Counts and edges that don't fit
    each other (ValueError) and values that are not numbers (TypeError) end no training: `data`,
    and what is made of it, raises then, and `log` leaves the histogram out.
    """

    _failure: BaseException | None = None
    _faults: Sequence[Fault] = ()  # of its values, to be told when it is logged
    data: HistogramData

    def __init__(
        self,
        sequence: ArrayLike | None = None,
        np_histogram: Sequence[ArrayLike] | None = None,
        num_bins: int = DEFAULT_BINS,
    ) -> None:
        if np_histogram is None and sequence is None:
            raise ValueError(
                "Histogram needs values: Histogram(sequence) or Histogram(np_histogram=(n, edges))"
            )
        _check_bins(num_bins)
        with collected() as found:
            try:
                self.data = _counted(sequence, np_histogram, num_bins)
            except BaseException as error:
                if is_for_the_caller(error):
                    raise
                self._failure = error
        self._faults = found

    def __getattr__(self, name: str) -> Any:
        """Only of what is not there: the reason, where the values could not be counted."""
        failure = self.__dict__.get("_failure")
        if failure is None or name != "data":
            raise AttributeError(f"'Histogram' object has no attribute {name!r}")
        raise failure

    def told(self, tell: Callable[[Fault], None], key: str) -> HistogramData:
        """`data`, and to `tell` what its values lacked, under the key that it is logged by."""
        for fault in self._faults:
            tell(fault.below(key))
        return self.data

    @classmethod
    def from_data(cls, data: HistogramData) -> Histogram:
        """The histogram that was stored as `data`."""
        made = cls.__new__(cls)
        made.data = data
        return made

    @property
    def histogram(self) -> list[float]:
        """The counts of the bins."""
        counts: list[float] = counts_of(self.data).tolist()
        return counts

    @property
    def bins(self) -> list[float]:
        """The edges, one more than bins."""
        edges: list[float] = edges_of(self.data).tolist()
        return edges

    def to_json(self, run: object = None) -> dict[str, Any]:
        """The form that W&B's history has: counts and edges. `run` is ignored."""
        return {"_type": "histogram", "values": self.histogram, "bins": self.bins}

    def quantiles(self, fractions: ArrayLike) -> Floats:
        """The values below which the given fractions (0 to 1) of the finite values lie."""
        return quantiles(self.data, fractions)

    def __repr__(self) -> str:
        data = self.data
        return f"Histogram(n={data.n:g}, min={data.lo:g}, max={data.hi:g}, rms={rms(data):g})"


def _check_bins(bins: int) -> None:
    if not 1 <= bins <= MAX_BINS:
        raise ValueError(f"a histogram has 1 to {MAX_BINS} bins, not {bins}")


def _counted(sequence: Any, np_histogram: Any, bins: int) -> HistogramData:
    if np_histogram is None:
        return from_values(sequence, bins)
    if len(np_histogram) != 2:
        raise ValueError(
            "Expected np_histogram to be a tuple of (values, bin_edges),"
            f" got {len(np_histogram)} items"
        )
    return from_bins(*np_histogram)


def linear_counts(finite: Floats, lo: float, hi: float, bins: int) -> Ints:
    """int64[bins]: how many lie in each equal part of [lo, hi]; a constant makes one bin.

    Equal to `numpy.histogram`, also where numpy can't: [lo, hi] beyond the largest float64 or
    too narrow for its edges to differ.
    """
    span = hi - lo
    if span == 0:
        return np.array([finite.size])
    if not np.isfinite(span):
        return linear_counts(finite / 4, lo / 4, hi / 4, bins)
    index = ((finite - lo) / span * bins).astype(np.intp)
    np.minimum(index, bins - 1, out=index)
    if span > 4 * bins * (max(-lo, hi) * _EPSILON + _LEAST):  # else edges would coincide
        _correct(index, finite, _edges(lo, hi, bins))
    return np.bincount(index, minlength=bins)


def sums_of(finite: Floats) -> tuple[float, float]:
    """Sum and sum of squares; infinite only where the true one is beyond float64."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        total, squares = float(finite.sum()), float(np.square(finite).sum())  # @ starts threads
        if not np.isfinite(total):
            total = float(np.ldexp(np.ldexp(finite, -64).sum(), 64))
    return total, squares


def _floats(values: ArrayLike) -> NDArray[Any]:
    array = array_of(values, lambda lack: note(Fault("", type_name(values), "part", lack)))
    if array.dtype.kind == "O":
        array = array.astype(np.float64)  # raises TypeError or ValueError for what is no number
    if array.dtype.kind == "c":
        array = np.ascontiguousarray(array).view(array.real.dtype)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"a histogram is made of numbers, got {array.dtype} values")
    stored = np.float32 if array.dtype.kind == "f" and array.itemsize <= 4 else np.float64
    with np.errstate(over="ignore"):  # longdouble beyond float64 becomes infinite
        return array.ravel().astype(stored, copy=False)


def _finite(flat: NDArray[Any]) -> tuple[NDArray[Any], int, int, int]:
    mask = np.isfinite(flat)
    if mask.all():
        return flat, 0, 0, 0
    other = flat[~mask]
    nan, pos_inf = int(np.isnan(other).sum()), int((other == np.inf).sum())
    return flat[mask], nan, pos_inf, other.size - nan - pos_inf


def _correct(index: NDArray[np.intp], finite: Floats, edges: Floats) -> None:
    # Rounding can put a value that lies on an edge, or next to it, one bin off.
    index -= finite < edges[index]
    index += (finite >= edges[index + 1]) & (index != edges.size - 2)


def _edges(lo: float, hi: float, bins: int) -> Floats:
    if not np.isfinite(hi - lo):
        return _edges(lo / 4, hi / 4, bins) * 4.0
    edges = np.arange(bins + 1, dtype=np.float64) * ((hi - lo) / bins) + lo  # [bins + 1]
    edges[-1] = hi
    return edges


def _pack(counts: NDArray[Any]) -> tuple[bytes, int]:
    if counts.dtype.kind == "f":
        return counts.astype("<f8").tobytes(), COUNT_TYPES.index("<f8")
    top = int(counts.max()) if counts.size else 0
    code = 0 if top < 1 << 8 else 1 if top < 1 << 16 else 2 if top < 1 << 32 else 3
    return counts.astype(COUNT_TYPES[code]).tobytes(), code


def _user_bins(counts: ArrayLike, edges: ArrayLike) -> tuple[NDArray[Any], Floats]:
    amounts, bounds = array_of(counts), array_of(edges).astype(np.float64)
    if amounts.ndim != 1 or bounds.ndim != 1 or bounds.size != amounts.size + 1:
        raise ValueError(
            "len(bins) must be len(histogram) + 1,"
            f" got counts of shape {amounts.shape} and edges of shape {bounds.shape}"
        )
    if not 1 <= amounts.size <= MAX_BINS:
        raise ValueError(f"The maximum length of a histogram is {MAX_BINS}, got {amounts.size}")
    if amounts.dtype.kind not in "biuf" or not np.isfinite(amounts).all() or amounts.min() < 0:
        raise ValueError(f"counts must be finite numbers from 0, got {amounts!r}")
    if not np.isfinite(bounds).all() or (np.diff(bounds) < 0).any():
        raise ValueError(f"edges must be finite and ascend, got {bounds!r}")
    return amounts.astype(np.float64 if amounts.dtype.kind == "f" else np.int64), bounds


def _known_shares(data: HistogramData) -> tuple[Floats, Floats]:
    edges, counts = edges_of(data), counts_of(data)
    places = [edges]
    shares = [np.concatenate(([0.0], np.cumsum(counts)))]
    keys, amounts = magnitudes_in(data)
    if keys.size:
        lower, upper = bounds_of(keys)
        below = np.cumsum(amounts) - amounts + np.where(keys > 0, data.zeros, 0)
        negative = amounts[keys < 0].sum()
        places += [np.clip(lower, data.lo, data.hi), np.clip(upper, data.lo, data.hi)]
        shares += [below, below + amounts]
        if data.zeros:
            places += [np.zeros(2)]
            shares += [np.array([negative, negative + data.zeros])]
    place, share = np.concatenate(places), np.concatenate(shares)
    order = np.lexsort((share, place))
    return place[order], np.maximum.accumulate(share[order]) / data.n
