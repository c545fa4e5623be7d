"""Reads of the runs of one answer: of all of them at once, when the first is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from lossboard_server.queries.catalogue.key_counts import LOGGED_KINDS, KeyCount, key_counts
from lossboard_server.queries.history import console
from lossboard_server.queries.history.newest_rows import SYSTEM_KINDS, newest_system_rows
from lossboard_server.queries.points.selection import Selection
from lossboard_server.queries.runs import run_lists, stream_marks
from lossboard_server.queries.runs import runs as run_reads
from lossboard_server.queries.runs.runs import Run
from lossboard_server.wandb_protocol import streams
from lossboard_server.wandb_protocol.context import Call

__all__ = ["RunReads"]

_KINDS = (*LOGGED_KINDS, *SYSTEM_KINDS)


class RunReads:
    """Facts of `runs` by uid; a page of runs takes as many statements as a single one."""

    def __init__(self, call: Call, runs: Sequence[Run]) -> None:
        self._call = call
        self._last_steps = {run.uid: run.last_step for run in runs}
        self._uids = [run.uid for run in runs]

    @cached_property
    def project_ids(self) -> dict[int, int]:
        with self._call.read() as connection:
            return run_reads.project_ids(connection, self._uids)

    @cached_property
    def sweep_names(self) -> dict[int, str]:
        """Of the runs that belong to a sweep."""
        with self._call.read() as connection:
            return run_lists.sweep_names(connection, self._uids)

    @cached_property
    def _selection(self) -> Selection:
        """The series of all that is read of series here: who asks for one asks for all."""
        with self._call.read() as connection:
            return Selection(connection, self._call.services.tails, self._uids, _KINDS, None)

    @cached_property
    def key_counts(self) -> dict[int, list[KeyCount]]:
        return key_counts(self._selection)

    @cached_property
    def system_rows(self) -> dict[int, dict[str, Any]]:
        """The newest system metrics, of the runs that have any."""
        return newest_system_rows(self._selection)

    @cached_property
    def console_counts(self) -> dict[int, int]:
        """How many lines of console, of the runs that have any."""
        with self._call.read() as connection:
            return console.console_counts(connection, self._uids)

    def line_count(self, uid: int, stream: str) -> int:
        """Lines of a stream that are kept of the latest attempt; of the history, steps, where it
        was logged through the native door."""
        known = self._lines.get(self._attempts.get(uid, 0), {}).get(stream)
        if known is None and stream == streams.HISTORY:
            last_step = self._last_steps[uid]
            return 0 if last_step is None else last_step + 1
        return known or 0

    @cached_property
    def _attempts(self) -> dict[int, int]:
        with self._call.read() as connection:
            return stream_marks.latest_attempts(connection, self._uids)

    @cached_property
    def _lines(self) -> dict[int, dict[str, int]]:
        attempts = list(self._attempts.values())
        with self._call.read() as connection:
            return stream_marks.written_lines(connection, attempts)
