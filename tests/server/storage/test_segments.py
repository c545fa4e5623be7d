"""Many stretches at once: the bytes of each alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard_server.storage.codec import encode_columns, encode_ints
from lossboard_server.storage.segments import Segments, encode_int_segments, encode_segments

lengths = st.lists(st.sampled_from([1, 2, 3, 17, 511, 512, 513, 2100]), min_size=1, max_size=9)
types = st.lists(st.sampled_from(["<u1", "<u2", "<u4", "<i8", "<f8"]), min_size=1, max_size=5)


def column(noise: Any, type_: str, segments: Segments) -> Any:
    """Random, of few values, or constant, by segment."""
    widths = noise.choice([1, 3, 256, 2**62], len(segments))
    most = 2 ** min(8 * np.dtype(type_).itemsize, 62)
    bounds = np.repeat(np.minimum(widths, most), segments.lengths)
    return noise.integers(0, bounds).astype(type_)


@examples(200)
@given(lengths, types, st.integers(0, 2**32))
def test_a_frame_has_the_bytes_that_it_has_when_it_is_made_alone(
    sizes: list[int], names: list[str], seed: int
) -> None:
    segments, noise = Segments(sizes), np.random.default_rng(seed)
    columns = [column(noise, type_, segments) for type_ in names]
    alone = [encode_columns([c[start:end] for c in columns]) for start, end in segments.spans()]
    assert encode_segments(columns, segments) == alone


@examples(200)
@given(lengths, st.integers(0, 2**32), st.sampled_from([1, 1000, 2**63 - 1]))
def test_integers_of_a_segment_know_nothing_of_those_before(
    sizes: list[int], seed: int, most: int
) -> None:
    segments, noise = Segments(sizes), np.random.default_rng(seed)
    numbers = noise.integers(-most, most, int(segments.ends[-1]))
    alone = [encode_ints(numbers[start:end]) for start, end in segments.spans()]
    assert encode_int_segments(numbers, segments) == alone


@pytest.mark.parametrize("step", [0, 7, -(2**62)])
def test_evenly_spaced_integers_are_so_in_each_segment(step: int) -> None:
    segments = Segments([5, 1, 5])
    with np.errstate(over="ignore"):
        numbers = np.concatenate([np.arange(n) * np.int64(step) for n in (5, 1, 5)])
    alone = [encode_ints(numbers[start:end]) for start, end in segments.spans()]
    assert encode_int_segments(numbers, segments) == alone
