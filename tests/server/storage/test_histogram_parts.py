"""Histograms of the parts of a tensor that several processes sent: what is shown is the whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from lossboard.histogram import from_bins, from_values
from lossboard.wire import HistogramColumn, HistogramData, TensorPart
from lossboard_server.queries import (
    HistogramQuery,
    TensorQuery,
    query_histograms,
    query_tensors,
)

pytestmark = pytest.mark.usefixtures("small_blocks")

KEY = "gradients/fc.weight"
RANKS = 8


def tensor_at(batch: int) -> NDArray[np.float64]:
    """float64[ranks, values]: what each process has of it."""
    values = np.random.default_rng(batch).standard_t(3, (RANKS, 500))
    values[0, :3] = 0, np.nan, np.inf
    return values


def histogram_of(values: NDArray[Any], rank: int, /, **part: int) -> HistogramData:
    known = {"part": rank, "parts": RANKS, "held": 1, "whole": RANKS, "values": 500 * RANKS}
    return replace(from_values(values), part=TensorPart(rank, RANKS, **known | part))


def send(writer: Any, rank: int, batches: Iterable[int], step: int | None = None) -> None:
    """One record of this process with an event for each batch."""
    numbers = np.array(list(batches), "<i8")
    steps = numbers if step is None else np.full(len(numbers), step, "<i8")
    found = [histogram_of(tensor_at(batch)[rank], rank) for batch in numbers]
    times = numbers.tobytes()
    writer.watch(HistogramColumn(KEY, steps.tobytes(), times, found, numbers.tobytes()))


def send_one(writer: Any, data: HistogramData, batch: int = 1) -> None:
    one = np.array([batch], "<i8").tobytes()
    writer.watch(HistogramColumn(KEY, one, one, [data], one))


def events(store: Any, run: int, **query: Any) -> Any:
    (series,) = store.ask(query_histograms, HistogramQuery([run], [KEY], **query)).series
    return series


def assert_is(columns: dict[str, Any], place: int, whole: NDArray[Any]) -> None:
    """That the event is the histogram of all these values."""
    finite = whole[np.isfinite(whole)]
    assert columns["n"][place] == finite.size
    assert (columns["lo"][place], columns["hi"][place]) == (finite.min(), finite.max())
    assert columns["nan"][place] == np.isnan(whole).sum()
    assert columns["pos_inf"][place] == np.isposinf(whole).sum()
    assert columns["zeros"][place] == (whole == 0).sum()
    assert columns["total"][place] == pytest.approx(finite.sum())
    assert columns["squares"][place] == pytest.approx(np.square(finite).sum())
    starts = np.cumsum(columns["bins"]) - columns["bins"]
    counts = columns["counts"][starts[place] :][: columns["bins"][place]]
    true, edges = np.histogram(finite, 64)
    assert counts.sum() == finite.size
    # Each value lies at most one bin of its part, none of which is wider, from its place.
    off = np.abs(np.cumsum(counts) - np.cumsum(true))
    assert (off <= true + np.roll(true, -1) + 1).all()
    magnitudes = from_values(finite)
    ends = np.cumsum(columns["magnitude_bins"])
    mine = slice(ends[place] - columns["magnitude_bins"][place], ends[place])
    assert columns["magnitude_keys"][mine].astype("<i2").tobytes() == magnitudes.magnitude_keys
    assert columns["magnitude_counts"][mine].astype("<u8").tobytes() == magnitudes.magnitude_counts


@pytest.mark.parametrize("sealed", [False, True])
def test_parts_of_a_step_are_shown_as_the_whole_tensor(store: Any, sealed: bool) -> None:
    run = store.run()
    writer = store.writer(run)
    for rank in (3, 0, 7, 1, 2, 6, 5, 4):
        send(writer, rank, range(1, 7))
        if sealed:
            store.seal(run)
    series = events(store, run)
    assert series.n == series.in_window == 6
    assert series.columns["step"].tolist() == [1, 2, 3, 4, 5, 6]
    for place in range(6):
        assert_is(series.columns, place, tensor_at(place + 1))
    assert series.columns["part_found"].tolist() == [RANKS] * 6
    assert series.columns["part_held"].tolist() == [RANKS] * 6


def test_a_missing_part_is_told_and_joins_when_it_comes(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for rank in range(RANKS - 1):
        send(writer, rank, [1, 2])
    store.seal(run)
    columns = events(store, run).columns
    assert columns["part_found"].tolist() == [7, 7]
    assert columns["part_parts"].tolist() == [8, 8]
    assert columns["n"].tolist() == [np.isfinite(tensor_at(b)[:7]).sum() for b in (1, 2)]
    send(writer, RANKS - 1, [1, 2])
    series = events(store, run)
    assert series.n == 2
    assert series.columns["part_found"].tolist() == [8, 8]
    assert_is(series.columns, 0, tensor_at(1))


def test_processes_that_log_no_steps_belong_to_the_steps_of_the_first(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for rank in reversed(range(RANKS)):
        send(writer, rank, [10, 20, 30], step=None if rank == 0 else 0)
    series = events(store, run, x0=15)
    assert series.columns["step"].tolist() == [20, 30]
    assert_is(series.columns, 0, tensor_at(20))


def test_a_replicated_part_counts_once(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    values = tensor_at(1)
    for rank in range(RANKS):
        part = rank % 2
        send_one(writer, histogram_of(values[part], rank, part=part, parts=2, values=1000))
    columns = events(store, run).columns
    assert_is(columns, 0, values[:2])
    assert columns["part_found"].tolist() == [2]


def test_equal_whole_tensors_count_once_and_different_ones_add_up(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for batch, same in ((1, True), (2, False)):
        for rank in range(RANKS):
            values = tensor_at(batch)[0 if same else rank]
            send_one(writer, histogram_of(values, rank, part=-1, parts=1, values=500), batch)
    columns = events(store, run).columns
    assert_is(columns, 0, tensor_at(1)[0])
    assert_is(columns, 1, tensor_at(2))


def test_a_batch_that_is_counted_again_is_another_event(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for _ in range(2):
        for rank in range(RANKS):
            send(writer, rank, [1])
    series = events(store, run)
    assert series.n == 2
    assert series.columns["part_found"].tolist() == [8, 8]


def test_runs_of_one_process_each_keep_their_parts(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    send(writer, 2, [1, 2])
    columns = events(store, run).columns
    assert columns["part_rank"].tolist() == [2, 2]
    assert columns["part_ranks"].tolist() == [8, 8]
    assert columns["part_found"].tolist() == [1, 1]
    assert columns["n"].tolist() == [500, 500]


def test_events_that_are_of_no_part_say_nothing_of_parts(store: Any) -> None:
    run = store.run()
    send_one(store.writer(run), from_values([1.0, 2.0]))
    store.seal(run)
    assert not [name for name in events(store, run).columns if name.startswith("part")]


def test_a_part_without_values_changes_nothing(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    values = tensor_at(1)
    for rank, some in enumerate((np.full(4, np.nan), values[1], np.full(3, 0.5))):
        send_one(writer, histogram_of(some, rank, parts=3, values=507))
    whole = np.concatenate([np.full(4, np.nan), values[1], np.full(3, 0.5)])
    assert_is(events(store, run).columns, 0, whole)


def test_the_layer_map_has_the_whole_tensor(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for rank in range(RANKS):
        send(writer, rank, [1, 2])
    (tensor,) = store.ask(query_tensors, TensorQuery(run, "gradients/")).tensors
    assert tensor.n == 2
    assert tensor.part["found"] == tensor.part["parts"] == RANKS
    assert tensor.part["counted"] == tensor.part["values"] == 500 * RANKS
    assert tensor.columns["events"].tolist() == [1, 1]
    assert tensor.columns["n"].tolist() == [np.isfinite(tensor_at(b)).sum() for b in (1, 2)]


def test_layers_of_later_pipeline_stages_come_after_those_of_earlier_ones(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    one = np.array([1], "<i8").tobytes()
    for rank, name in ((1, "b"), (0, "a"), (2, "c")):
        data = histogram_of(tensor_at(1)[rank], rank, part=-1, parts=1, values=500)
        writer.watch(HistogramColumn(f"gradients/{name}", one, one, [data], one))
    tensors = store.ask(query_tensors, TensorQuery(run, "gradients/")).tensors
    assert [tensor.key[-1] for tensor in tensors] == ["a", "b", "c"]
    assert [tensor.order for tensor in tensors] == sorted(tensor.order for tensor in tensors)


def log(writer: Any, step: int, data: HistogramData) -> None:
    """One record with a histogram that was logged, not watched, of one of several processes."""
    one = np.array([step], "<i8").tobytes()
    writer.watch(HistogramColumn(KEY, one, one, [data]))


@pytest.mark.parametrize("sealed", [False, True])
def test_histograms_that_processes_logged_at_one_step_are_joined(store: Any, sealed: bool) -> None:
    run = store.run()
    writer = store.writer(run)
    rank_0, rank_1 = tensor_at(1)[1], 3 + 2 * tensor_at(1)[2]
    log(writer, 4, from_values(rank_0))
    log(writer, 5, from_values(rank_0))
    if sealed:
        store.seal(run)
    assert "part_found" not in events(store, run).columns
    log(store.joined(writer), 5, from_values(rank_1))
    series = events(store, run)
    columns = series.columns
    assert (series.n, columns["step"].tolist()) == (2, [4, 5])
    assert columns["part_found"].tolist() == [1, 2]
    assert columns["part_part"].tolist() == [0, -2]
    assert_is(columns, 0, rank_0)
    assert_is(columns, 1, np.concatenate([rank_0, rank_1]))
    (tensor,) = store.ask(query_tensors, TensorQuery(run)).tensors
    assert (tensor.n, tensor.columns["n"].tolist()) == (2, [500, 1000])


def test_equal_histograms_of_one_step_count_once(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for each in (writer, store.joined(writer)):
        log(each, 5, from_values(tensor_at(1)[1]))
    assert events(store, run).columns["n"].tolist() == [500]


def test_what_one_process_logs_late_at_a_step_stays_an_event_of_its_own(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    for values in tensor_at(1)[:2]:
        log(writer, 5, from_values(values))
    assert len(events(store, run).columns["n"]) == 2


def test_uneven_bins_of_one_step_are_joined_where_their_edges_lie(store: Any) -> None:
    run = store.run()
    writer = store.writer(run)
    log(writer, 3, from_bins([1, 2], [0.0, 1.0, 10.0]))
    log(writer, 5, from_bins([30.5, 10], [0.0, 1.0, 64.0]))
    log(store.joined(writer), 5, from_bins([4, 4], [0.0, 32.0, 64.0]))
    columns = events(store, run).columns
    assert columns["bins"].tolist() == [2, 64]
    assert columns["edged"].tolist() == [1, 0]
    assert columns["edges"].tolist() == [0.0, 1.0, 10.0]
    counts = columns["counts"][2:]
    assert columns["counts"][:2].tolist() == [1, 2]
    assert counts[0] == pytest.approx(30.5 + 4 / 32)
    assert counts[1:] == pytest.approx(np.full(63, 10 / 63 + 4 / 32))
    assert columns["magnitude_bins"].tolist() == [0, 0]
