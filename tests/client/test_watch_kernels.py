"""The kernels of watch on CPU tensors, the asynchronous one among them, against numpy."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.examples import examples
from torch import Tensor

from lossboard import histogram as h
from lossboard.histogram.cpu import CpuKernel
from lossboard.histogram.device import DeviceBatch
from lossboard.histogram.tensors import flat_values, is_countable
from lossboard.watch.event import Event
from lossboard.wire import HistogramData, HistogramFlag

SIZES = (1, 2, 63, 2_048, 2_049, 32_769, 65_537, (1 << 20) + 32_771)
Count = Callable[[Tensor], HistogramData]


def on_cpu(tensor: Tensor) -> HistogramData:
    flat, missing = flat_values(tensor)
    data = CpuKernel().histogram(flat)
    return h.with_zeros(data, missing) if missing else data


def as_on_device(tensor: Tensor) -> HistogramData:
    batch = DeviceBatch()
    deferred = batch.add(*flat_values(tensor))
    assert not deferred.ready()
    batch.send(0)
    assert deferred.ready()
    return deferred.resolve()


kernels = pytest.mark.parametrize("count", [on_cpu, as_on_device])


def misplaced(data: HistogramData, values: Tensor) -> float:
    """How many values are in another bin than numpy puts them in."""
    counts = np.histogram(values.double().numpy(), h.edges_of(data))[0]
    return float(abs(counts - h.counts_of(data).astype(np.int64)).sum() / 2)


def noise(size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(size)).to(dtype)


@kernels
@pytest.mark.parametrize("size", SIZES)
def test_counts_are_numpys(count: Count, size: int) -> None:
    values = noise(size)
    data = count(values)
    assert (data.lo, data.hi, data.n) == (values.min(), values.max(), size)
    if size > 1:
        assert misplaced(data, values) <= 1e-5 * size
    assert data.total == pytest.approx(values.double().sum().item(), abs=1e-6 * size)
    assert data.squares == pytest.approx(values.double().square().sum().item(), rel=1e-5)


@kernels
def test_ten_million_values_keep_counts_and_quantiles(count: Count) -> None:
    values = noise(10_000_000)
    values.mul_(values.square())  # heavy tails
    data = count(values)
    assert misplaced(data, values) <= 100
    assert data.flags == HistogramFlag.MAGNITUDE_SAMPLED
    fractions = [0.05, 0.25, 0.75, 0.95]
    exact = np.quantile(values.numpy(), fractions)
    assert h.quantiles(data, fractions) == pytest.approx(exact, rel=0.06)


@kernels
@examples(1000)
@given(
    hnp.arrays(
        np.float32, st.integers(1, 4_000), elements=st.floats(width=32, allow_subnormal=False)
    )
)
def test_every_value_is_counted_once(count: Count, values: np.ndarray) -> None:
    data = count(torch.from_numpy(values))
    finite = values[np.isfinite(values)]
    assert h.counts_of(data).sum() == data.n == finite.size
    assert (data.nan, data.zeros) == (np.isnan(values).sum(), (finite == 0).sum())
    assert (data.pos_inf, data.neg_inf) == ((values == np.inf).sum(), (values == -np.inf).sum())
    assert h.magnitudes_in(data)[1].sum() == data.n - data.zeros


@pytest.mark.parametrize("size", SIZES)
def test_both_kernels_make_the_same_histogram(size: int) -> None:
    values = noise(size)
    values[::7] = 0
    cpu, device = on_cpu(values), as_on_device(values)
    assert cpu.zeros == device.zeros == (values == 0).sum()
    assert (cpu.magnitude_keys, cpu.magnitude_counts) == (
        device.magnitude_keys,
        device.magnitude_counts,
    )


@kernels
@pytest.mark.parametrize("size", [3_000, 500_000])
def test_integers_on_the_edges_of_bins_are_exact(count: Count, size: int) -> None:
    values = torch.arange(size) % 129 - 64.0
    assert misplaced(count(values), values) == 0


@kernels
@pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn]
    + [torch.int8, torch.uint8, torch.int32, torch.int64],
)
def test_all_types_are_counted(count: Count, dtype: torch.dtype) -> None:
    values = (noise(5_000) * 20).to(dtype)
    plain = values.double()
    data = count(values)
    assert (data.n, data.lo, data.hi) == (5_000, plain.min(), plain.max())
    assert data.zeros == (plain == 0).sum()
    assert misplaced(data, plain) <= 1


@kernels
def test_bools_are_zeros_and_ones(count: Count) -> None:
    data = count(torch.tensor([True, False, True]))
    assert (data.n, data.zeros, data.total) == (3, 1, 2)


@kernels
def test_complex_values_are_counted_by_their_parts(count: Count) -> None:
    data = count(torch.tensor([1 + 2j, -3 + 0j]).conj())
    assert (data.n, data.lo, data.hi, data.zeros) == (4, -3, 1, 1)


@kernels
@pytest.mark.parametrize("size", [10, 100_000])
def test_a_constant_has_one_bin(count: Count, size: int) -> None:
    data = count(torch.full((size,), 0.25))
    assert h.edges_of(data).tolist() == [0.25, 0.25]
    assert h.counts_of(data).tolist() == [size]
    assert (data.total, data.squares) == (size / 4, size / 16)


@kernels
@pytest.mark.parametrize("size", [10, 100_000])
def test_without_finite_values_there_are_no_bins(count: Count, size: int) -> None:
    data = count(torch.full((size,), torch.nan))
    assert (data.n, data.nan, data.counts) == (0, size, b"")


@kernels
@pytest.mark.parametrize("size", [10, 100_000])
def test_non_finite_values_are_counted_apart(count: Count, size: int) -> None:
    values = noise(size)
    values[0], values[1], values[2] = torch.nan, torch.inf, -torch.inf
    data = count(values)
    assert (data.n, data.nan, data.pos_inf, data.neg_inf) == (size - 3, 1, 1, 1)
    assert (data.lo, data.hi) == (values[3:].min(), values[3:].max())


@kernels
@pytest.mark.parametrize("size", [10, 100_000])
@pytest.mark.parametrize("scale", [3e38, 1e30, 1e-25, 1e-37])
def test_the_whole_range_of_float32_is_counted(count: Count, size: int, scale: float) -> None:
    values = torch.linspace(-1, 1, size) * scale
    data = count(values)
    assert (data.lo, data.hi, data.n) == (values.min(), values.max(), size)
    assert misplaced(data, values) <= 70  # the values lie on edges
    assert data.squares == pytest.approx(values.double().square().sum().item(), rel=1e-5)


@kernels
@pytest.mark.parametrize("size", [10, 100_000])
def test_float64_narrower_than_float32_can_tell_is_counted(count: Count, size: int) -> None:
    values = 1 + torch.linspace(0, 1e-12, size, dtype=torch.float64)
    data = count(values)
    assert np.count_nonzero(h.counts_of(data)) == min(size, 64)
    assert h.counts_of(data).max() <= size // 60 + 1


@pytest.mark.parametrize("size", [10, 100_000])
def test_subnormal_values_are_counted_on_the_cpu(size: int) -> None:
    values = torch.arange(size) % 3 * 1e-42
    data = on_cpu(values)
    assert data.zeros == -(-size // 3)
    assert h.counts_of(data)[[0, 32, 63]].sum() == size


@kernels
def test_sparse_values_are_summed_and_the_missing_are_zeros(count: Count) -> None:
    indices = torch.tensor([[0, 2, 0], [1, 0, 1]])
    stored = torch.tensor([1.0, 5.0, 2.0])
    sparse = torch.sparse_coo_tensor(indices, stored, (100, 10), check_invariants=True)
    data = count(sparse)
    assert (data.n, data.zeros, data.lo, data.hi, data.total) == (1_000, 998, 0, 5, 8)
    assert h.counts_of(data)[0] == 998
    assert h.magnitudes_in(data)[1].tolist() == [1, 1]


@kernels
def test_compressed_sparse_values_are_counted(count: Count) -> None:
    with warnings.catch_warnings(action="ignore"):  # torch says once that CSR is in beta
        sparse = torch.eye(10).to_sparse_csr()
    assert (count(sparse).n, count(sparse).zeros) == (100, 90)


def test_memory_order_costs_no_copy_and_expanded_values_count() -> None:
    image = noise(2 * 3 * 4 * 5).view(2, 3, 4, 5)
    for tensor in (image.to(memory_format=torch.channels_last), image.permute(3, 1, 0, 2)):
        flat, _ = flat_values(tensor)
        assert flat.data_ptr() == tensor.data_ptr()
        assert flat.sort().values.equal(image.flatten().sort().values)
    assert flat_values(torch.ones(1).expand(3, 4))[0].tolist() == [1] * 12


def test_what_has_no_values_is_not_countable() -> None:
    assert not is_countable(torch.empty(0))
    assert not is_countable(torch.empty(3, device="meta"))
    assert not is_countable(torch.nn.LazyLinear(3).weight)
    assert is_countable(torch.ones(1))


def test_an_event_counts_on_the_device_and_flags_what_is_partial() -> None:
    event = Event(CpuKernel(), batch=3, step=7, time_us=1, asynchronous={"cpu"})
    event.add_gradient("b", noise(100))
    event.add_gradient("a", noise(70_000))
    found = event.finish("graph_1", ["a", "b"], partial=True)
    assert list(found) == ["gradients/graph_1a", "gradients/graph_1b"]
    data = [value.resolve() for value in found.values()]  # type: ignore[union-attr]
    assert [one.n for one in data] == [70_000, 100]
    sampled = HistogramFlag.MAGNITUDE_SAMPLED
    partial = HistogramFlag.PARTIAL_EVENT
    assert [one.flags for one in data] == [partial | sampled, partial]


def test_small_tensors_of_a_device_are_sent_together_and_counted_as_on_the_cpu() -> None:
    tensors = {f"t{size}": noise(size) for size in (1, 7, 256, 1024)}
    tensors["constant"] = torch.full((9,), 2.0)
    tensors["broken"] = torch.tensor([1.0, torch.nan, torch.inf, 0.0])
    here, there = (
        Event(CpuKernel(), batch=1, step=0, time_us=0, asynchronous=where)
        for where in ((), {"cpu"})
    )
    for name, tensor in tensors.items():
        here.add_gradient(name, tensor)
        changed = tensor.clone()
        there.add_gradient(name, changed)
        changed.zero_()  # what becomes of the gradient later changes nothing
    expected = here.finish("", tensors, partial=False)
    found = there.finish("", tensors, partial=False)
    assert {key: value.resolve() for key, value in found.items()} == expected  # type: ignore[union-attr]


def test_deterministic_algorithms_stay_as_they_were() -> None:
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        as_on_device(noise(100))
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
