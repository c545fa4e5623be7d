"""The grid is the narrowest that fits, and points go into the bucket that holds them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from lossboard_server.storage.buckets import Grid, finest_exponent, grid_over

numbers = st.floats(-1e300, 1e300)
integers = st.integers(-(2**62), 2**62)


@examples(1000)
@given(integers, integers, st.integers(2, 5000))
def test_the_grid_of_integers_is_the_narrowest_that_fits(a: int, b: int, buckets: int) -> None:
    low, high = min(a, b), max(a, b)
    grid = grid_over(low, high, buckets, integral=True)
    assert grid.bucket(high) - grid.bucket(low) < buckets
    if grid.exponent:
        half = grid.exponent - 1
        assert (high >> half) - (low >> half) >= buckets


@examples(1000)
@given(numbers, numbers, st.integers(2, 5000))
def test_the_grid_of_floats_is_the_narrowest_that_fits(a: float, b: float, buckets: int) -> None:
    low, high = min(a, b), max(a, b)
    grid = grid_over(low, high, buckets, integral=False)
    assert grid.bucket(high) - grid.bucket(low) < buckets
    half = Fraction(2) ** (grid.exponent - 1)
    assert grid.exponent == finest_exponent(low, high) or (
        math.floor(Fraction(high) / half) - math.floor(Fraction(low) / half) >= buckets
    )


@given(st.lists(st.integers(-1000, 1000), min_size=1), st.integers(0, 8))
def test_integers_lie_between_the_edges_of_their_bucket(x: list[int], exponent: int) -> None:
    grid = grid_over(0, (1 << exponent) * 2 - 1, 2, integral=True)
    edges = grid.buckets(np.array(x)) * grid.width
    assert ((edges <= x) & (x < edges + grid.width)).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_floats_lie_between_the_edges_of_their_bucket(x: list[float]) -> None:
    grid = grid_over(min(x), max(x), 100, integral=False)
    edges = grid.buckets(np.array(x)) * grid.width
    assert ((edges <= x) & (x < edges + grid.width)).all()
    assert [grid.bucket(one) for one in x] == grid.buckets(np.array(x)).tolist()


@given(st.floats(-1.0, -5e-324), st.integers(0, 1000))
def test_a_float_just_below_zero_is_in_the_bucket_below_zero(x: float, exponent: int) -> None:
    """However wide the bucket is: scaled by its width such an x may vanish."""
    grid = Grid(exponent, integral=False)
    assert grid.bucket(x) == -1
    assert grid.buckets(np.array([x, 0.0, -x])).tolist() == [-1, 0, 0 if -x < grid.width else 1]
