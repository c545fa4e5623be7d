"""watch where a model is trained by several processes, each of which has a part of it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from lossboard import histogram as h

_SCRIPT = Path(__file__).parent / "scripts" / "sharded.py"
_ROOT = Path(__file__).parents[2]
_WRAPPERS = ("_fsdp_wrapped_module.", "module.")

ROWS, COLUMNS, VALUES = 0, 1, 2
RAW, REDUCED = 1, 2


class Rank(NamedTuple):
    """What one process left: see the script."""

    events: list[tuple[int, int, dict[str, Any]]]
    recorded: list[dict[str, NDArray[Any]]]
    whole: list[dict[str, NDArray[Any]]]
    words: list[str]
    silent: str | None


TWO = "fsdp2 watched_first offloaded tensor_parallel accumulated not_synchronized ddp pipeline"
TWO += " fsdp1_original fsdp1_flat fsdp1_not_synchronized fsdp1_updates"
HAS_ACCELERATE = find_spec("accelerate") is not None
TWO += " accelerate_ddp accelerate_fsdp2" * HAS_ACCELERATE
FOUR = "fsdp2 hybrid both fsdp1_original fsdp1_flat"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], list[Rank]]:
    """`trained(way, processes)`: what the processes left, which train in this way."""

    @cache
    def folder(processes: int) -> Path:
        place = tmp_path_factory.mktemp("sharded")
        run_script((TWO if processes == 2 else FOUR).replace(" ", ","), processes, place)
        return place

    def found(way: str, processes: int) -> list[Rank]:
        files = [folder(processes) / f"{way}.{rank}.pickle" for rank in range(processes)]
        return [Rank(**pickle.loads(file.read_bytes())) for file in files]

    return found


def run_script(ways: str, processes: int, place: Path) -> None:
    roots = os.pathsep.join(str(_ROOT / name) for name in ("client", "server"))
    done = subprocess.run(
        [sys.executable, str(_SCRIPT), ways, str(processes), str(place)],
        env={**os.environ, "PYTHONPATH": roots},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def plain(key: str) -> str:
    """The key without the names that wrapped modules add."""
    for wrapper in _WRAPPERS:
        key = key.replace(wrapper, "")
    return key


def histograms(rank: Rank, event: int) -> dict[str, Any]:
    return {plain(key): data for key, data in rank.events[event][2].items()}


def assert_counts(data: Any, values: NDArray[Any]) -> None:
    """That the histogram is that of the values."""
    if values.min() == values.max():
        assert (data.lo, data.hi, data.n) == (values.min(), values.min(), values.size)
        return
    counts, edges = np.histogram(values.astype(np.float64), len(h.counts_of(data)))
    assert h.counts_of(data).tolist() == counts.tolist()
    assert h.edges_of(data) == pytest.approx(edges)


def assert_sum_is_whole(parts: list[Any], whole: NDArray[Any]) -> None:
    """That the parts, each once, are the whole tensor."""
    once = list({data.part.part: data for data in parts}.values())
    assert len(once) == once[0].part.parts
    assert {data.part.values for data in once} == {whole.size}
    assert sum(data.n for data in once) == whole.size
    assert sum(data.zeros for data in once) == (whole == 0).sum()
    assert min(data.lo for data in once) == pytest.approx(whole.min(), rel=1e-4, abs=1e-7)
    assert max(data.hi for data in once) == pytest.approx(whole.max(), rel=1e-4, abs=1e-7)
    assert sum(data.total for data in once) == pytest.approx(whole.sum(), rel=1e-3, abs=1e-5)
    squares = np.square(whole.astype(np.float64)).sum()
    assert sum(data.squares for data in once) == pytest.approx(squares, rel=1e-3)


def assert_whole(ranks: list[Rank], kind: str, event: int, step: int) -> None:
    """That the processes' events of one kind add up to the tensors of one process alone."""
    for key, whole in ranks[0].whole[step].items():
        if key.startswith(kind):
            found = [histograms(rank, event) for rank in ranks]
            assert_sum_is_whole([one[key] for one in found if key in one], whole)


def assert_local(ranks: list[Rank]) -> None:
    """That every event of each process holds what the process recorded of its own part."""
    for rank in ranks:
        assert len(rank.events) == len(rank.recorded)
        for event, recorded in zip(rank.events, rank.recorded, strict=True):
            assert event[2].keys() == recorded.keys()
            for key, data in event[2].items():
                assert_counts(data, recorded[key])


needs_accelerate = pytest.mark.skipif(not HAS_ACCELERATE, reason="not installed: accelerate")

SHARDED = [
    ("fsdp2", 2),
    ("watched_first", 2),
    ("fsdp2", 4),
    ("offloaded", 2),
    ("hybrid", 4),
    ("both", 4),
    pytest.param("accelerate_fsdp2", 2, marks=needs_accelerate),
]


@pytest.mark.parametrize(("way", "processes"), SHARDED)
def test_each_event_of_fully_shard_holds_this_process_s_part_and_all_are_the_whole(
    trained: Any, way: str, processes: int
) -> None:
    ranks = trained(way, processes)
    assert {(rank.silent, *rank.words) for rank in ranks} == {(None,)}
    assert_local(ranks)
    for step in range(2):
        assert_whole(ranks, "gradients", step, step)
        assert_whole(ranks, "parameters", step, step)
    for number, rank in enumerate(ranks):
        assert [batch for _, batch, _ in rank.events] == [1, 2]
        for key, data in rank.events[0][2].items():
            assert (data.part.rank, data.part.ranks) == (number, processes)
            assert data.part.gradient == (REDUCED if key.startswith("gradients") else 0)


def test_an_event_says_how_many_rows_are_here(trained: Any) -> None:
    for number, rank in enumerate(trained("fsdp2", 2)):
        part = rank.events[0][2]["parameters/0.weight"].part
        assert (part.rank, part.held, part.whole, part.unit) == (number, 4, 8, ROWS)


def test_tensor_parallel_says_rows_or_columns_and_that_gradients_are_raw(trained: Any) -> None:
    ranks = trained("tensor_parallel", 2)
    assert_local(ranks)
    assert_whole(ranks, "gradients", 0, 0)
    found = ranks[1].events[0][2]
    first, second = found["gradients/0.weight"].part, found["gradients/2.weight"].part
    assert (first.held, first.whole, first.unit, first.gradient) == (4, 8, ROWS, RAW)
    assert (second.held, second.whole, second.unit, second.gradient) == (4, 8, COLUMNS, RAW)


def test_accumulated_gradients_are_stored_at_every_backward_that_reduces_them(
    trained: Any,
) -> None:
    ranks = trained("accumulated", 2)
    assert [batch for _, batch, _ in ranks[0].events] == [1, 2, 3, 4, 5, 6]
    assert_local(ranks)
    assert_whole(ranks, "gradients", 2, 0)
    assert_whole(ranks, "gradients", 5, 1)


def test_without_synchronization_the_backward_that_reduces_them_stores_them(
    trained: Any,
) -> None:
    ranks = trained("not_synchronized", 2)
    assert len(ranks[0].events) == 2
    assert_local(ranks)
    assert_whole(ranks, "gradients", 1, 1)


FSDP1 = [
    ("fsdp1_original", 2),
    ("fsdp1_flat", 2),
    ("fsdp1_original", 4),
    ("fsdp1_flat", 4),
    ("fsdp1_not_synchronized", 2),
]


@pytest.mark.parametrize(("way", "processes"), FSDP1)
def test_flat_parameters_are_taken_apart_under_their_names(
    trained: Any, way: str, processes: int
) -> None:
    ranks = trained(way, processes)
    for step in range(2):
        assert_whole(ranks, "gradients", step, step)
        assert_whole(ranks, "parameters", step, step)
    found = histograms(ranks[0], 0)
    part = found["gradients/0.weight"].part
    assert (part.rank, part.ranks, part.unit, part.gradient) == (0, processes, VALUES, REDUCED)
    assert part.held == found["gradients/0.weight"].n
    assert [batch for _, batch, _ in ranks[0].events] == [1, 2]


def test_local_gradients_of_replicas_say_that_they_are_raw(trained: Any) -> None:
    ranks = trained("ddp", 2)
    for rank in ranks:
        parts = {key: data.part for key, data in rank.events[0][2].items()}
        assert {part.gradient for key, part in parts.items() if "gradients" in key} == {RAW}
        assert {part.part for part in parts.values()} == {-1}


@needs_accelerate
def test_a_model_that_accelerate_prepares_is_watched_with_its_raw_gradients(trained: Any) -> None:
    ranks = trained("accelerate_ddp", 2)
    for step, whole in enumerate(ranks[0].whole):
        found = [histograms(rank, step) for rank in ranks]
        for key in (key for key in whole if key.startswith("gradients")):
            assert {one[key].part.gradient for one in found} == {RAW}
            # Both sum up to what is averaged over the processes afterwards.
            mean = sum(one[key].total for one in found) / 2
            assert mean == pytest.approx(whole[key].sum(), rel=1e-4, abs=1e-6)


def test_stages_of_a_pipeline_store_their_own_layers_for_each_microbatch(trained: Any) -> None:
    for rank, layer in zip(trained("pipeline", 2), ("first", "second"), strict=True):
        assert [batch for _, batch, _ in rank.events] == [1, 2, 3, 4]
        for name in (f"{layer}.weight", f"{layer}.bias"):
            events = [found for _, _, found in rank.events]
            for step, recorded in enumerate(rank.recorded):
                key = f"gradients/{name}"
                total = sum(found[key].total for found in events[2 * step : 2 * step + 2])
                # The schedule divides what two microbatches summed up.
                assert total / 2 == pytest.approx(recorded[key].sum(), rel=1e-4, abs=1e-5)
                last = events[2 * step + 1]
                assert_counts(last[f"parameters/{name}"], recorded[f"parameters/{name}"])


def test_updates_of_flat_parameters_say_the_part_of_the_parameter(trained: Any) -> None:
    for rank in trained("fsdp1_updates", 2):
        found = {key: data for _, _, event in rank.events for key, data in event.items()}
        updates = [key for key in found if key.startswith("updates/")]
        assert updates
        for key in updates:
            assert found[key].part == found[key.replace("updates/", "parameters/")].part
