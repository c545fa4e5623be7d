"""Orders of runs, and places in them, from which a list goes on when runs before were changed."""

from __future__ import annotations

import base64
import math
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from lossboard_server.errors import Invalid
from lossboard_server.queries.runs.run_fields import Fields, measured
from lossboard_server.queries.runs.run_rows import Run

__all__ = ["CREATED", "SORTED_BY", "Order", "Place"]

CREATED: Final = "created"
# What `sort` calls otherwise than a filter does.
SORTED_BY: Final = {"name": "display_name", "run_id": "run_id"}

_LARGEST: Final = sys.float_info.max

Rank = tuple[int, float, str]


class Place(NamedTuple):
    """The place of a run: by its value, None where that has no place, then by creation."""

    rank: Rank | None
    slot: int

    def cursor(self) -> str:
        """The place as text for an address."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()

    @classmethod
    def of_cursor(cls, text: str) -> Place:
        """The place that `cursor` spelled; raises Invalid for anything else."""
        try:
            return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=cls)
        except (ValueError, msgspec.DecodeError) as error:
            raise Invalid(f"{text[:80]!r} is no place in a list of runs") from error


class Order(NamedTuple):
    """An order of runs by one field, those without it last; equal ones newest first."""

    sort: str
    descending: bool
    fields: Fields

    def place(self, run: Run) -> Place:
        """The place of a run. Raises Invalid if there is no such field."""
        return self.places([run])[0]

    def places(self, runs: Sequence[Run]) -> list[Place]:
        """The place of each run."""
        if self.sort == CREATED:
            return [Place(None, run.slot) for run in runs]
        read = self.fields.field(SORTED_BY.get(self.sort, self.sort)).read
        return [Place(_rank(read(run)), run.slot) for run in runs]

    def sorted(self, runs: Sequence[Run], after: Place | None) -> list[Run]:
        """The runs in this order, those after a place alone if there is one."""
        placed = list(zip(self.places(runs), runs, strict=True))
        if after is not None:
            placed = [pair for pair in placed if self._is_after(pair[0], after)]
        placed.sort(key=lambda pair: pair[0].slot, reverse=self.sort != CREATED or self.descending)
        if self.sort == CREATED:
            return [run for _, run in placed]
        ranked = [(place.rank, run) for place, run in placed if place.rank is not None]
        ranked.sort(key=lambda pair: pair[0], reverse=self.descending)
        return [run for _, run in ranked] + [run for place, run in placed if place.rank is None]

    def _is_after(self, place: Place, other: Place) -> bool:
        if self.sort == CREATED:
            return place.slot < other.slot if self.descending else place.slot > other.slot
        if place.rank is None or other.rank is None:
            tied = place.rank is other.rank
            return place.slot < other.slot if tied else place.rank is None
        if place.rank != other.rank:
            return place.rank < other.rank if self.descending else place.rank > other.rank
        return place.slot < other.slot


def _rank(value: Any) -> Rank | None:
    """Place of a value among others: numbers, then text; None for what has no place, as NaN."""
    value = measured(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, datetime):
        value = value.timestamp()
    if isinstance(value, int | float):
        return (0, float(min(max(value, -_LARGEST), _LARGEST)), "")  # ints have no limit
    if isinstance(value, str):
        return (1, 0.0, value)
    return None
