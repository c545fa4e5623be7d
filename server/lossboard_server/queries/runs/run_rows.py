"""Runs as lists show them, decoded from their rows once for each version."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import msgspec
from sqlalchemy import Connection, Row, Select, select

from lossboard.bounds import is_cut
from lossboard_server.database import schema
from lossboard_server.encoding import decode_json, encode_json_text
from lossboard_server.queries.runs.metric_values import MetricMemo
from lossboard_server.queries.runs.places import place_of
from lossboard_server.queries.runs.shown import CRAMPED, LISTED, WHOLE, Room, shown
from lossboard_server.queries.runs.summaries import summaries
from lossboard_server.storage import TailMemo

__all__ = ["Run", "RunMemo", "State", "state_of"]

State = Literal["running", "finished", "failed", "crashed", "killed", "preempting"]

_IDS_PER_SELECT = 500
# Of one list, what runs with more than the usual have above it, before their values are cut.
_USUAL_BYTES = 32 << 10
_LARGE_BYTES = 32 << 20


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run as lists show it (docs/http_api.md)."""

    uid: int
    run_id: str
    entity: str
    project: str
    name: str
    state: State
    slot: int
    color: str
    created_us: int
    started_us: int
    ended_us: int | None
    heartbeat_us: int
    runtime_secs: float
    last_step: int | None
    exit_code: int | None
    stop_requested: bool
    tags: list[str]
    notes: str
    group: str
    job_type: str
    host: str
    rank: int | None
    job: str
    launch: str
    config: dict[str, Any]
    summary: dict[str, Any]
    version: int
    generation: int


class RunMemo:
    """Decoded runs by number, each valid for one version of its row; safe between threads.

    It saves decoding, never reading: which runs there are and their versions come from the
    database each time.
    """

    def __init__(self, tails: TailMemo, limit: int = 50_000) -> None:
        self.metrics = MetricMemo(tails)
        self._tails = tails
        self._limit = limit
        self._runs: dict[int, Run] = {}
        self._lock = threading.Lock()

    def get(self, connection: Connection, rows: Iterable[Row[Any]]) -> list[Run]:
        """The runs of `rows` (columns id, version, heartbeat_us, ended_us), in their order."""
        rows = list(rows)
        with self._lock:
            known = {row.id: self._runs.get(row.id) for row in rows}
        stale = [
            row.id for row in rows if (run := known[row.id]) is None or run.version != row.version
        ]
        fresh = {run.uid: run for run in _read_runs(connection, self._tails, stale)}
        self._keep(fresh)
        return [
            _with_heartbeat(fresh.get(row.id) or known[row.id], row.heartbeat_us) for row in rows
        ]

    def whole(self, connection: Connection, row: Row[Any]) -> Run:
        """The run of `row` with its large values too, which lists have only the size of."""
        run = self.get(connection, [row])[0]
        if not is_cut(run.config) and not is_cut(run.summary):
            return run
        return _read_runs(connection, self._tails, [run.uid], WHOLE)[0]

    def _keep(self, runs: dict[int, Run]) -> None:
        with self._lock:
            if len(self._runs) + len(runs) > self._limit:
                self._runs.clear()
            self._runs.update(runs)


def _with_heartbeat(run: Run | None, heartbeat_us: int) -> Run:
    """Heartbeats don't move the version, so a decoded run may have an old one."""
    assert run is not None, "a run that was listed has a row"
    if run.heartbeat_us == heartbeat_us:
        return run
    end_us = heartbeat_us if run.ended_us is None else run.ended_us
    return msgspec.structs.replace(
        run, heartbeat_us=heartbeat_us, runtime_secs=_runtime_secs(run.started_us, end_us)
    )


def _runtime_secs(started_us: int, end_us: int) -> float:
    return max(0, end_us - started_us) / 1e6


def _read_runs(
    connection: Connection, tails: TailMemo, uids: list[int], room: Room = LISTED
) -> list[Run]:
    runs: list[Run] = []
    large_bytes = 0
    for first in range(0, len(uids), _IDS_PER_SELECT):
        some = uids[first : first + _IDS_PER_SELECT]
        rows = connection.execute(_full_rows().where(schema.run.c.id.in_(some))).all()
        composed = _composed_summaries(connection, tails, rows)
        for row in rows:
            summary_json = composed.get(row.id, row.summary_json)
            large_bytes += max(0, len(row.config_json) + len(summary_json) - _USUAL_BYTES)
            fits = large_bytes <= _LARGE_BYTES or room is WHOLE
            runs.append(_run_of(row, summary_json, room if fits else CRAMPED))
    return runs


def _composed_summaries(
    connection: Connection, tails: TailMemo, rows: Sequence[Row[Any]]
) -> dict[int, str]:
    """Summaries, as JSON, of the runs that have a tail, or none kept from their last seal."""
    tail = schema.tail
    uids = [row.id for row in rows]
    waiting = select(tail.c.run_uid).where(tail.c.run_uid.in_(uids)).distinct()
    unsealed = set(connection.execute(waiting).scalars())
    wanted = [row.id for row in rows if row.id in unsealed or row.summary_json == "{}"]
    composed = summaries(connection, tails, wanted) if wanted else {}
    # Through JSON, as the kept ones: non-finite numbers are the same strings everywhere.
    return {uid: encode_json_text(summary) for uid, summary in composed.items()}


def _full_rows() -> Select[Any]:
    project = schema.project
    return select(schema.run, project.c.entity, project.c.name.label("project")).join(project)


def _run_of(row: Row[Any], summary_json: str, room: Room) -> Run:
    place = place_of(row.metadata_json)
    end_us = row.heartbeat_us if row.ended_us is None else row.ended_us
    return Run(
        uid=row.id,
        run_id=row.run_id,
        entity=row.entity,
        project=row.project,
        name=row.name,
        state=state_of(row),
        slot=row.slot,
        color=row.color,
        created_us=row.created_us,
        started_us=row.started_us,
        ended_us=row.ended_us,
        heartbeat_us=row.heartbeat_us,
        runtime_secs=_runtime_secs(row.started_us, end_us),
        last_step=row.last_step,
        exit_code=row.exit_code,
        stop_requested=row.stop_requested,
        tags=decode_json(row.tags_json),
        notes=row.notes,
        group=row.group,
        job_type=row.job_type,
        host=place.host,
        rank=place.rank,
        job=place.job,
        launch=place.launch,
        config=shown(row.config_json, room),
        summary=shown(summary_json, room),
        version=row.version,
        generation=row.generation,
    )


class Ended(Protocol):
    """The facts that a state follows from, such as the row of a run."""

    @property
    def ended_us(self) -> int | None: ...
    @property
    def exit_code(self) -> int | None: ...
    @property
    def preempting(self) -> bool: ...
    @property
    def stop_requested(self) -> bool: ...


def state_of(row: Row[Any] | Ended) -> State:
    """State of a run by its columns ended_us, exit_code, preempting and stop_requested."""
    if row.preempting:  # also while the process still lives
        return "preempting"
    if row.ended_us is None:
        return "running"
    if row.exit_code is None:
        return "crashed"
    if row.exit_code == 0:
        return "finished"
    return "killed" if row.stop_requested else "failed"
