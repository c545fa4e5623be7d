"""The rows of the history at which a key has its least, its greatest or its first broken value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lossboard_server.storage.points import Floats, Ints, Points

__all__ = ["Extremes"]


@dataclass
class Extremes:
    """Of one key, over points that are shown stretch after stretch of ascending steps."""

    least: float = math.inf
    greatest: float = -math.inf
    least_at: int | None = None
    greatest_at: int | None = None
    broken_at: int | None = None

    @property
    def steps(self) -> list[int]:
        """The steps of these; of equal values the first."""
        found = (self.least_at, self.greatest_at, self.broken_at)
        return [step for step in found if step is not None]

    def see(self, points: Points, rows: Ints) -> None:
        """Take in the points of one stretch, of those at one step the last, at these rows alone."""
        steps, numbers = _newest(points)
        there = np.isin(steps, rows)
        steps, numbers = steps[there], numbers[there]
        finite = np.isfinite(numbers)
        if self.broken_at is None and not finite.all():
            self.broken_at = int(steps[~finite][0])
        if finite.any():
            self._see_finite(steps[finite], numbers[finite])

    def see_one(self, step: int, number: float) -> None:
        """Take in a single value, with its place for its step."""
        if math.isfinite(number):
            self._see_finite(np.array([step]), np.array([number]))
        elif self.broken_at is None:
            self.broken_at = step

    def _see_finite(self, steps: Ints, numbers: Floats) -> None:
        least, greatest = int(numbers.argmin()), int(numbers.argmax())
        if numbers[least] < self.least:
            self.least, self.least_at = float(numbers[least]), int(steps[least])
        if numbers[greatest] > self.greatest:
            self.greatest, self.greatest_at = float(numbers[greatest]), int(steps[greatest])


def _newest(points: Points) -> tuple[Ints, Floats]:
    """Steps, ascending, and the number at each that arrived last."""
    ordered = points.by_step()
    is_last: NDArray[np.bool_] = np.ones(len(ordered.steps), np.bool_)
    is_last[:-1] = ordered.steps[1:] != ordered.steps[:-1]
    return ordered.steps[is_last], ordered.numbers[is_last]
