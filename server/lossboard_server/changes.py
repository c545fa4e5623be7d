"""Results of the writer's transactions, as it is told to the rest of the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lossboard_server.storage.series_facts import SeriesFacts

__all__ = ["EVERYTHING", "NO_RUN", "Change", "Committed", "Heard", "Told"]

EVERYTHING: Final = frozenset({"rows", "histograms", "state", "meta", "console", "files"})

NO_RUN: Final = 0  # the run of a change of a project's settings


@dataclass(frozen=True, slots=True)
class Told:
    """A record that was committed: number `seq` of a writer, of which `before` was expected.

    `opened`: its writer opened the attempt with it.
    """

    attempt_id: int
    writer_id: int
    before: int
    seq: int
    opened: bool
    facts: list[SeriesFacts]


@dataclass(frozen=True, slots=True)
class Change:
    """A change by a committed transaction in one run, or in the settings of a project."""

    version: int
    uid: int  # NO_RUN: the settings
    project: str  # entity/name
    what: frozenset[str]  # some of EVERYTHING, or "settings"
    generation: int


@dataclass(slots=True)
class Heard:
    """Additions of writers to the tail of one run; nothing, for a heartbeat."""

    records: int = 0
    rows: int = 0
    size_bytes: int = 0
    ended: bool = False
    restored: bool = False  # the numbers are those of the whole tail
    told: list[Told] = field(default_factory=list)
    writers: set[int] = field(default_factory=set)  # who was heard of


@dataclass(frozen=True, slots=True)
class Committed:
    """The results of a transaction, told to the rest of the server once it is committed."""

    changes: list[Change]
    heard: dict[int, Heard]  # by number of the run
