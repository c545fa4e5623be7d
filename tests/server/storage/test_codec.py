"""Columns come back bit for bit, and small where they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.examples import examples

from lossboard_server.storage import codec

sizes = st.integers(1, 700)
int64s = sizes.flatmap(
    lambda n: hnp.arrays(np.int64, n, elements=st.integers(-(2**63), 2**63 - 1), fill=st.just(7))
)
floats = sizes.flatmap(
    lambda n: hnp.arrays(
        np.float64, n, elements=st.floats(width=64), fill=st.sampled_from([0.25, np.nan])
    )
)


@examples(1000)
@given(int64s)
def test_integers_of_any_size_come_back(numbers: Any) -> None:
    assert codec.decode_ints(codec.encode_ints(numbers), len(numbers)).tolist() == numbers.tolist()


@examples(1000)
@given(floats)
def test_floats_come_back_bit_for_bit(numbers: Any) -> None:
    decoded = codec.decode_floats(codec.encode_floats(numbers), len(numbers))
    assert decoded.tobytes() == numbers.tobytes()


@examples(1000)
@given(
    sizes.flatmap(
        lambda n: st.lists(
            st.sampled_from(["<u1", "<u2", "<u4", "<i8", "<f8"]).flatmap(
                lambda type_: hnp.arrays(type_, n)
            ),
            min_size=1,
            max_size=4,
        )
    )
)
def test_columns_of_several_types_share_a_frame(columns: Any) -> None:
    frame = codec.encode_columns(columns)
    types = [column.dtype for column in columns]
    decoded = codec.decode_columns(frame, types, len(columns[0]))
    assert [c.tobytes() for c in decoded] == [c.tobytes() for c in columns]


@pytest.mark.parametrize(
    ("numbers", "most"),
    [
        (np.arange(4096.0), 0.1),
        (np.full(4096, 0.1), 0.01),
        (1e-3 * (1 - np.arange(4096) / 1e6), 0.7),
        (np.random.default_rng(0).normal(size=4096), 7.4),
        (np.random.default_rng(0).normal(size=4096).astype("f4").astype("f8"), 4.2),
        (np.random.default_rng(0).integers(0, 64, 4096) / 64, 1.6),
    ],
    ids=["counter", "constant", "schedule", "noise", "float32 noise", "few values"],
)
def test_numbers_take_no_more_bytes_than_they_hold(numbers: Any, most: float) -> None:
    assert len(codec.encode_floats(numbers)) / len(numbers) <= most


def test_evenly_spaced_integers_take_a_few_bytes() -> None:
    steps = np.arange(-(2**62), -(2**62) + 4096 * 7, 7)
    assert len(codec.encode_ints(steps)) < 40


@given(st.lists(st.binary(max_size=50), max_size=6))
def test_frames_are_read_one_by_one(frames: list[bytes]) -> None:
    assert codec.split_frames(codec.join_frames(frames)) == frames


def test_a_block_that_lost_bytes_is_refused() -> None:
    data = codec.join_frames([b"one", b"three"])
    with pytest.raises(codec.CodecError, match="the store is damaged"):
        codec.split_frames(data + b"x")
