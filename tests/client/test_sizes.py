"""Sizes for people."""

from __future__ import annotations

import pytest

from lossboard.sizes import size_text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_340_000, "1.3 MB"),
        (2_000_000_000, "2.0 GB"),
    ],
)
def test_a_size_is_shown_in_its_unit(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text
