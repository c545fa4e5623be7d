"""Sizes and counts for people."""

from __future__ import annotations

import pytest

from lossboard.sizes import counted_text, size_text


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


@pytest.mark.parametrize(
    ("count", "things", "text"),
    [
        (0, "rows", "0 rows"),
        (1, "rows", "1 row"),
        (1, "artifact entries", "1 artifact entry"),
        (2, "artifact entries", "2 artifact entries"),
        (1, "metadata", "1 metadata"),
        (12_345, "console lines", "12,345 console lines"),
    ],
)
def test_what_is_counted_is_said_in_the_singular_or_plural(
    count: int, things: str, text: str
) -> None:
    assert counted_text(count, things) == text
