"""Frames are found behind damage, and only real ones, whatever the bytes between look like."""

from __future__ import annotations

import numpy as np
import pytest

from lossboard.sending.frames import frames, head_of_frame


def framed(seq: int, payload: bytes) -> bytes:
    return head_of_frame(seq, payload) + payload


def found(content: bytes, last_seq: int) -> list[tuple[int, bytes]]:
    return [(f.seq, content[f.offset : f.end]) for f in frames(content, 0, last_seq)]


@pytest.mark.parametrize("size_bytes", [1, 17, 511, 512, 4095, 70_000, 3_000_000])
def test_the_frame_behind_any_number_of_zeros_or_random_bytes_is_found(size_bytes: int) -> None:
    noise = np.random.default_rng(0).bytes(size_bytes)
    wanted = [(5, b"a" * 1000), (6, bytes(9)), (9, noise[:5000])]
    for damage in (bytes(size_bytes), noise):
        content = damage + b"".join(framed(*frame) for frame in wanted)
        assert found(content, 4) == wanted


def test_steps_that_look_like_numbers_and_lengths_are_no_frames() -> None:
    steps = np.arange(200_000, dtype="<u8").tobytes()
    wanted = [(101, b"whole"), (102, steps)]
    damaged = bytearray(framed(100, steps))
    damaged[-1] ^= 1
    assert found(bytes(damaged) + b"".join(framed(*frame) for frame in wanted), 99) == wanted


def test_a_number_that_was_before_is_not_taken_for_the_next() -> None:
    content = b"?" + framed(3, b"old") + framed(4, b"new")
    assert found(content, 3) == [(4, b"new")]
