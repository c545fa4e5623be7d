"""Disorder in a series: steps of an attempt that a later one has logged again, as a run
resumed from a checkpoint does, and times of a clock that was set back."""

from __future__ import annotations

from collections.abc import Sequence

from lossboard_server.queries.points.selection import Found

__all__ = ["clock_went_back", "logged_again"]


def logged_again(found: Sequence[Found]) -> list[tuple[tuple[int, int], ...]]:
    """For each attempt the steps that later ones have logged again, from each one's first to its
    last; an attempt beside the one before it logs nothing again."""
    spans = [_span(one) for one in found]
    return [
        tuple(
            later
            for one, later in zip(found[i + 1 :], spans[i + 1 :], strict=True)
            if not one.beside and later[0] <= min(own[1], later[1]) and later[1] >= own[0]
        )
        for i, own in enumerate(spans)
    ]


def _span(found: Found) -> tuple[int, int]:
    low, high = found.extent("step")
    return low, high if found.cut is None else min(high, found.cut)


def clock_went_back(found: Sequence[Found]) -> bool:
    """Whether steps never decrease, from attempt to attempt too, while times do."""
    entries = [entry for one in found for entry in one.entries()]
    pairs = list(zip(entries, entries[1:], strict=False))
    steps = all(e.steps_ascend for e in entries) and all(a.max_step <= b.min_step for a, b in pairs)
    times = all(e.times_ascend for e in entries) and all(a.max_us <= b.min_us for a, b in pairs)
    return steps and not times
