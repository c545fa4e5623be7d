"""Histograms: counts against numpy, quantiles, edge cases, the public class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.examples import examples

from lossboard import Histogram
from lossboard import histogram as h
from lossboard.histogram.batch import from_many
from lossboard.histogram.magnitude import bounds_of, keys_of, magnitudes_of, stride_of
from lossboard.wire import HistogramData, HistogramFlag

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)
MODERATE = st.floats(-1e100, 1e100)
FRACTIONS = (0.05, 0.25, 0.5, 0.75, 0.95)


def arrays(elements: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float64, st.integers(1, 300), elements=elements)


@examples(1000)
@given(arrays(MODERATE), st.integers(1, 512))
@example(np.array([5e-324, 0.0, 0.0]), 2)
def test_counts_equal_those_of_numpy(values: np.ndarray, bins: int) -> None:
    lo, hi = values.min(), values.max()
    data = h.from_values(values, bins)
    assert (data.lo, data.hi, data.n) == (lo, hi, values.size)
    edges = h.edges_of(data)
    # numpy refuses narrower ranges, and in a bin without width it counts nothing.
    if hi - lo > 1e-10 * max(-lo, hi) and (np.diff(edges) > 0).all():
        assert abs(h.counts_of(data).astype(int) - np.histogram(values, edges)[0]).sum() <= 2


@pytest.mark.parametrize("bins", [1, 7, 10, 64, 100, 512])
@pytest.mark.parametrize("top", [3, 64, 100, 1000])
def test_integers_on_edges_are_counted_as_numpy_does(bins: int, top: int) -> None:
    values = np.arange(top + 1)
    counts = h.counts_of(h.from_values(values, bins))
    assert counts.tolist() == np.histogram(values, bins)[0].tolist()


@examples(1000)
@given(arrays(st.floats(width=64)))
def test_every_value_is_counted_exactly_once(values: np.ndarray) -> None:
    data = h.from_values(values)
    finite = values[np.isfinite(values)]
    assert h.counts_of(data).sum() == data.n == finite.size
    assert data.nan == np.isnan(values).sum()
    assert (data.pos_inf, data.neg_inf) == ((values == np.inf).sum(), (values == -np.inf).sum())
    assert data.zeros == (finite == 0).sum()
    assert h.magnitudes_in(data)[1].sum() == data.n - data.zeros


@examples(1000)
@given(arrays(st.floats(-1e150, 1e150)))
def test_sum_and_sum_of_squares_are_those_of_the_values(values: np.ndarray) -> None:
    data = h.from_values(values)
    assert data.total == pytest.approx(values.sum(), rel=1e-9, abs=1e-9 * abs(values).sum())
    assert data.squares == pytest.approx((values**2).sum(), rel=1e-9)


@examples(1000)
@given(arrays(FINITE))  # without a filter, which makes drawing four times as dear
def test_magnitude_keys_follow_their_formula(values: np.ndarray) -> None:
    values[values == 0] = 1.0
    keys, counts, sampled = magnitudes_of(values, values.size)
    expected = []
    for value in values.tolist():
        fraction, exponent = np.frexp(abs(value))
        size = 4 * (int(exponent) - 1 + 1100) + int(4 * (2 * float(fraction) - 1)) + 1
        expected.append(size if value > 0 else -size)
    assert not sampled
    assert np.repeat(keys, counts).tolist() == sorted(expected)


@examples(1000)
@given(arrays(st.floats(1e-300, 1e300)))
def test_magnitude_bounds_hold_the_values_of_their_key(values: np.ndarray) -> None:
    for signed in (values, -values):
        low, high = bounds_of(keys_of(signed))
        assert ((low <= signed) & (signed <= high)).all()
        assert (abs(high - low) <= 0.25 * abs(signed)).all()


@examples(1000)
@given(hnp.arrays(np.float32, 50, elements=st.floats(width=32, allow_infinity=False)))
def test_float32_and_float64_have_the_same_magnitudes(values: np.ndarray) -> None:
    narrow, wide = h.from_values(values), h.from_values(values.astype(np.float64))
    assert narrow.magnitude_keys == wide.magnitude_keys
    assert narrow.magnitude_counts == wide.magnitude_counts
    assert narrow.counts == wide.counts


def draws(name: str, size: int) -> np.ndarray:
    rng = np.random.default_rng(size)
    made: dict[str, np.ndarray] = {
        "normal": rng.normal(5, 1, size),
        "gradients": rng.standard_t(1.5, size) * 1e-4,
        "lognormal": rng.lognormal(0, 2, size),
        "cauchy": rng.standard_cauchy(size),
        "exponential": -rng.exponential(1e-6, size),
    }
    return made[name]


@pytest.mark.parametrize(("size", "error"), [(1_000, 0.125), (65_536, 0.06), (300_000, 0.06)])
@pytest.mark.parametrize("name", ["normal", "gradients", "lognormal", "cauchy", "exponential"])
def test_quantiles_are_near_numpys(name: str, size: int, error: float) -> None:
    values = draws(name, size)
    exact = np.quantile(values, FRACTIONS)
    near = h.quantiles(h.from_values(values), FRACTIONS)
    scale = np.quantile(abs(values), 0.25)  # a quantile next to 0 has no relative error to speak of
    assert (abs(near - exact) <= error * np.maximum(abs(exact), scale)).all()


@examples(1000)
@given(arrays(st.floats(1e-30, 1e30)), st.floats(0, 1))
def test_quantiles_of_few_values_lie_in_the_bucket_of_a_neighbour(
    values: np.ndarray, fraction: float
) -> None:
    ordered = np.sort(values)
    place = fraction * (values.size - 1)
    below, above = ordered[max(int(place) - 1, 0)], ordered[min(int(place) + 2, values.size - 1)]
    found = float(h.quantiles(h.from_values(values), fraction))
    assert below * 0.8 <= found <= above * 1.25


def test_linear_bins_alone_would_be_several_times_off_for_heavy_tails() -> None:
    values = draws("gradients", 300_000)
    data = h.from_values(values)
    exact, fine = np.quantile(values, 0.75), h.quantiles(data, 0.75)
    coarse = h.quantiles(h.from_bins(h.counts_of(data), h.edges_of(data)), 0.75)
    assert abs(fine / exact - 1) < 0.06
    assert abs(coarse / exact - 1) > 1


def test_quantiles_of_mostly_zeros_are_zero() -> None:
    data = h.from_values([0.0] * 90 + [0.5] * 10)
    assert h.quantiles(data, [0.05, 0.5, 0.89]).tolist() == [0, 0, 0]
    assert h.quantiles(data, 1.0) == 0.5


def test_more_than_the_limit_is_sampled_scaled_and_flagged() -> None:
    values = draws("normal", 1_000_000)
    values[::10] = 0
    data = h.from_values(values)
    assert data.flags == HistogramFlag.MAGNITUDE_SAMPLED
    assert data.zeros == 100_000
    assert h.magnitudes_in(data)[1].sum() == 900_000
    assert h.from_values(values[:65_536]).flags == 0


@pytest.mark.parametrize("size", [65_537, 70_000, 512 * 512 * 9, 10_000_000])
def test_strided_values_cover_a_tensor_and_every_place_in_its_kernels(size: int) -> None:
    stride = stride_of(size)
    starts = np.arange(size // stride) * stride
    assert 0.7 * 65_536 < starts.size * 16 <= 65_536
    assert size - starts[-1] < 2 * stride
    seen = np.bincount((starts[:, None] + np.arange(16)).ravel() % 9)
    assert seen.min() > 0.95 * seen.mean()


@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, -3e38, 5e-324])
@pytest.mark.parametrize("size", [1, 5, 100_000])
def test_a_constant_has_one_bin_without_width(value: float, size: int) -> None:
    for data in (h.from_values(np.full(size, value)), h.from_constant(value, size)):
        assert h.edges_of(data).tolist() == [value, value]
        assert h.counts_of(data).tolist() == [size]
        assert data.zeros == (size if value == 0 else 0)
        assert data.total == pytest.approx(size * value)
        assert h.quantiles(data, [0, 0.5, 1]).tolist() == [value] * 3


@pytest.mark.parametrize("values", [[], [np.nan], [np.inf, -np.inf, np.nan]])
def test_without_a_finite_value_there_are_no_bins(values: list[float]) -> None:
    data = h.from_values(values)
    assert (data.n, data.lo, data.hi, data.counts) == (0, 0, 0, b"")
    assert data.nan + data.pos_inf + data.neg_inf == len(values)
    assert np.isnan(h.quantiles(data, [0.5])).all()
    assert np.isnan(h.rms(data))


@pytest.mark.parametrize(
    ("values", "filled"),
    [
        ([-1.7e308, 0.0, 1.7e308], [0, 32, 63]),  # the range is beyond float64
        ([1.0, 1 + 2**-52], [0, 63]),  # the range is narrower than float64's steps
        ([0.0, 5e-324, 1e-323], [0, 32, 63]),  # subnormal
        ([-3e38, 3e38], [0, 63]),  # beyond float32
        ([2**53, 2**53 + 64], [0, 63]),
    ],
)
def test_extreme_ranges_still_fill_the_right_bins(values: list[float], filled: list[int]) -> None:
    data = h.from_values(values)
    assert np.flatnonzero(h.counts_of(data)).tolist() == filled
    assert np.isfinite(h.edges_of(data)).all()
    assert np.isfinite(data.total)


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "i2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g"]
)
def test_all_types_of_numbers_are_counted(dtype: str) -> None:
    data = h.from_values(np.array([0, 1, 1, 0, 1], dtype))
    assert (data.n, data.lo, data.hi, data.zeros, data.total) == (5, 0, 1, 2, 3)


def test_complex_values_count_as_real_and_imaginary_parts() -> None:
    data = h.from_values(np.array([1 + 2j, -3 + 0j]))
    assert (data.n, data.lo, data.hi, data.zeros) == (4, -3, 2, 1)


@pytest.mark.parametrize("top", [10, 1_000, 100_000])
def test_counts_take_the_narrowest_type_that_holds_them(top: int) -> None:
    data = h.from_values(np.repeat([0.0, 1.0], [1, top]))
    assert h.counts_of(data).itemsize == {10: 1, 1_000: 2, 100_000: 4}[top]
    assert h.counts_of(data)[-1] == top


def test_non_finite_values_and_zeros_can_be_added() -> None:
    data = h.with_non_finite(h.from_values([-1.0, 0.0, 1.0]), 1, 2, 3)
    more = h.with_zeros(data, 1_000)
    assert (more.nan, more.pos_inf, more.neg_inf) == (1, 2, 3)
    assert (more.n, more.zeros, h.counts_of(more)[32]) == (1_003, 1_001, 1_001)


def at_an_edge(values: np.ndarray, edges: np.ndarray) -> int:
    """How many values are so close to an inner edge that rounding chooses their bin."""
    distances = abs(values[:, None] - edges[None, 1:-1]).min(axis=1, initial=np.inf)
    return int((distances <= 4 * np.finfo(float).eps * abs(edges).max(initial=0)).sum())


@examples(1000)
@given(
    st.lists(
        hnp.arrays(np.float32, st.sampled_from([3, 3, 3, 1, 50]), elements=st.floats(width=32)),
        min_size=1,
        max_size=30,
    )
)
def test_many_arrays_at_once_give_the_same_histograms(arrays: list[np.ndarray]) -> None:
    for one, array in zip(from_many(arrays), arrays, strict=True):
        alone = h.from_values(array)
        exact = ("lo", "hi", "n", "zeros", "nan", "pos_inf", "neg_inf", "magnitude_keys")
        assert [getattr(one, name) for name in exact] == [getattr(alone, name) for name in exact]
        assert one.magnitude_counts == alone.magnitude_counts
        values = array[np.isfinite(array)].astype(np.float64)
        cancelled = 1e-12 * abs(values).sum()  # what sums in another order may differ by
        assert one.total == pytest.approx(alone.total, abs=cancelled)
        assert one.squares == pytest.approx(alone.squares)
        moved = abs(h.counts_of(one).astype(int) - h.counts_of(alone).astype(int)).sum() / 2
        assert moved <= at_an_edge(values, h.edges_of(alone))


# ---- the public class


@pytest.mark.covers("Histogram")
def test_a_histogram_of_a_sequence_is_numpys() -> None:
    values = [[1.0, 2.0], [2.0, 5.0]]
    counts, edges = np.histogram(values, 8)
    made = Histogram(values, num_bins=8)
    assert made.histogram == counts.tolist()
    assert made.bins == pytest.approx(edges.tolist())
    assert made.to_json() == {"_type": "histogram", "values": made.histogram, "bins": made.bins}


@pytest.mark.covers("Histogram")
def test_numpys_histogram_is_taken_as_it_is() -> None:
    made = Histogram(np_histogram=([1, 2, 3], [0.0, 1.0, 10.0, 100.0]))
    assert made.histogram == [1, 2, 3]
    assert made.bins == [0.0, 1.0, 10.0, 100.0]
    assert made.data.flags == HistogramFlag.USER_BINS
    assert made.data.total == 1 * 0.5 + 2 * 5.5 + 3 * 55


def test_even_bins_are_stored_without_edges_and_fractions_stay() -> None:
    made = Histogram(np_histogram=np.histogram([1, 2, 3], 3, density=True))
    assert made.data.edges == b""
    assert made.histogram == pytest.approx([0.5, 0.5, 0.5])


@pytest.mark.covers("Histogram")
def test_what_is_stored_comes_back() -> None:
    data: HistogramData = Histogram([1.0, 2.0]).data
    assert Histogram.from_data(data).histogram == Histogram([1.0, 2.0]).histogram


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({}, ValueError, "needs values"),
        ({"sequence": ["a"]}, TypeError, "made of numbers"),
        ({"sequence": [1], "num_bins": 513}, ValueError, "1 to 512 bins, not 513"),
        ({"np_histogram": ([1],)}, ValueError, "tuple of"),
        ({"np_histogram": ([1, 2], [0, 1])}, ValueError, r"must be len\(histogram\) \+ 1"),
        ({"np_histogram": ([1] * 513, range(514))}, ValueError, "maximum length"),
        ({"np_histogram": ([-1], [0, 1])}, ValueError, "finite numbers from 0"),
        ({"np_histogram": ([1], [1, 0])}, ValueError, "ascend"),
    ],
)
def test_misuse_raises_when_it_is_used(
    arguments: dict[str, object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        _ = Histogram(**arguments).data  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [{}, {"sequence": [1], "num_bins": 513}, {"wrong": 1}])
def test_a_wrong_call_raises_at_once(arguments: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Histogram(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [["a"], object(), np.array(["a"] * 40)])
def test_values_that_can_not_be_counted_raise_when_they_are_used(values: Any) -> None:
    made = Histogram(values)
    for use in (lambda: made.data, lambda: made.bins, lambda: made.to_json(), lambda: repr(made)):
        with pytest.raises((TypeError, ValueError)):
            use()


@pytest.mark.covers("Histogram")
@pytest.mark.parametrize(
    "values",
    [
        torch.tensor([1.0, 2.0], dtype=torch.bfloat16),
        torch.tensor([1.0, 2.0], dtype=torch.half, requires_grad=True),
        [torch.tensor([1.0], requires_grad=True), torch.tensor([[2.0, 2.0]]).bfloat16()[0, :1]],
        [torch.tensor([1.0], requires_grad=True), torch.tensor([[2.0]])],
        [[torch.tensor(1.0, requires_grad=True)], [torch.tensor(2.0)]],
    ],
)
def test_tensors_of_all_kinds_are_counted(values: Any) -> None:
    data = Histogram(values).data
    assert (data.n, data.lo, data.hi) == (2, 1, 2)


@pytest.mark.covers("Histogram")
def test_counts_and_edges_may_be_tensors_that_carry_gradients() -> None:
    counts, edges = torch.histogram(torch.arange(4.0, requires_grad=True).detach(), bins=2)
    made = Histogram(np_histogram=(counts.requires_grad_(), edges.bfloat16()))
    assert (made.histogram, made.bins) == ([2, 2], [0, 1.5, 3])
