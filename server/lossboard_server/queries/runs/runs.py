"""Reads of runs: one in full, and which of them have changed or are running."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, func, select

from lossboard_server.changes import EVERYTHING, Change
from lossboard_server.database import schema
from lossboard_server.database.dialect import among, unindexed
from lossboard_server.database.places import project_named, run_named
from lossboard_server.encoding import decode_json
from lossboard_server.errors import Gone, NotFound
from lossboard_server.queries.runs.launches import ending_of, launches_of, notices_of, writers_of
from lossboard_server.queries.runs.lives import lives_of
from lossboard_server.queries.runs.run_rows import Run, RunMemo
from lossboard_server.queries.runs.shown import WHOLE, shown

__all__ = [
    "Run",
    "RunDetail",
    "RunMemo",
    "changed_since",
    "config_keys",
    "config_value",
    "find_run",
    "project_ids",
    "resume_state",
    "run_detail",
    "run_version",
    "run_versions",
    "started_us",
    "store_version",
]

# fmt: off
_RESUMED = (
    "config", "group", "job_type", "last_step", "name", "notes", "runtime_secs", "summary",
    "tags", "uid",
)
# fmt: on


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a run's own page besides `run`."""

    run: Run
    metadata: dict[str, Any]
    metrics: dict[str, Any]
    notices: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    launches: list[dict[str, Any]]
    writers: list[dict[str, Any]]
    ending: dict[str, Any] | None

    def flat(self) -> dict[str, Any]:
        """The fields of the run and the others side by side, as the API answers them."""
        own = msgspec.structs.asdict(self)
        return msgspec.structs.asdict(own.pop("run")) | own


def run_version(connection: Connection, uid: int) -> int:
    """Version of the run's last change."""
    run = schema.run
    return int(connection.execute(select(run.c.version).where(run.c.id == uid)).scalar_one())


def run_versions(
    connection: Connection, project_id: int, only: Collection[int] | None = None
) -> dict[int, int]:
    """Version of the last change of each run of the project, or of `only` those of them, by its
    number, oldest run first."""
    run = schema.run
    found = select(run.c.id, run.c.version).where(run.c.deleted_us.is_(None)).order_by(run.c.slot)
    if only is None:
        found = found.where(run.c.project_id == project_id)
    else:
        among_them = among(connection, run.c.id, only)
        found = found.where(unindexed(run.c.project_id) == project_id, among_them)
    return {row.id: row.version for row in connection.execute(found)}


def resume_state(
    connection: Connection, memo: RunMemo, entity: str, project: str, run_id: str
) -> dict[str, Any]:
    """The state that a client needs to go on with a run; raises Gone if the run was deleted."""
    try:
        uid = find_run(connection, entity, project, run_id)
    except NotFound:
        return {"exists": False}
    run = run_detail(connection, memo, uid).run
    return {"exists": True} | {name: getattr(run, name) for name in _RESUMED}


def store_version(connection: Connection) -> int:
    """Version of the last change in the store."""
    last = select(func.coalesce(func.max(schema.run.c.version), 0))
    return int(connection.execute(last).scalar_one())


def find_run(connection: Connection, entity: str, project: str, run_id: str) -> int:
    """Number of a run; raises NotFound, or Gone if it was deleted."""
    uid, run = run_named(connection, entity, project, run_id), schema.run.c
    if uid is None:
        raise NotFound(f"there is no run {entity}/{project}/{run_id}")
    query = select(run.id, run.deleted_us, run.purged).where(run.id == uid)
    row = connection.execute(query).one()
    if row.deleted_us is not None:
        raise _gone(f"{entity}/{project}/{run_id}", row.id, row.purged)
    return int(row.id)


def project_ids(connection: Connection, uids: Sequence[int]) -> dict[int, int]:
    """The project of each run, by uid."""
    run = schema.run
    found = select(run.c.id, run.c.project_id).where(among(connection, run.c.id, uids))
    return {row.id: row.project_id for row in connection.execute(found)}


def started_us(connection: Connection, uid: int) -> int:
    """When the run began."""
    run = schema.run
    found = select(run.c.started_us).where(run.c.id == uid)
    return int(connection.execute(found).scalar_one())


def config_keys(connection: Connection, uid: int) -> list[str]:
    """Top-level keys of the run's config."""
    run = schema.run
    text = connection.execute(select(run.c.config_json).where(run.c.id == uid)).scalar_one()
    return list(decode_json(text))


def config_value(connection: Connection, uid: int, key: str) -> Any:
    """Value of a top-level key of the run's config; None if it isn't there."""
    run = schema.run
    text = connection.execute(select(run.c.config_json).where(run.c.id == uid)).scalar_one()
    return decode_json(text).get(key)


def _gone(name: str, uid: int, purged: bool) -> Gone:
    hint = "its data are gone" if purged else "it can still be restored"
    return Gone(f"run {name} was deleted; {hint}", uid=uid, restorable=not purged)


def run_detail(connection: Connection, memo: RunMemo, uid: int) -> RunDetail:
    """The run in full; raises NotFound, or Gone if it was deleted."""
    run = schema.run
    row = connection.execute(select(run).where(run.c.id == uid)).one_or_none()
    if row is None:
        raise NotFound(f"there is no run with number {uid}")
    if row.deleted_us is not None:
        raise _gone(row.run_id, uid, row.purged)
    lives, found = lives_of(connection, uid), memo.whole(connection, row)
    return RunDetail(
        run=found,
        metadata=shown(row.metadata_json, WHOLE),
        metrics=decode_json(row.metrics_json),
        notices=[
            *({"kind": k} | notice for k, notice in decode_json(row.notices_json).items()),
            *notices_of(lives),
        ],
        alerts=_alerts(connection, uid),
        attempts=_attempts(connection, uid),
        launches=launches_of(lives, found.state),
        writers=writers_of(connection, uid, lives),
        ending=ending_of(lives, found.state),
    )


def _alerts(connection: Connection, uid: int) -> list[dict[str, Any]]:
    alert = schema.alert
    rows = connection.execute(
        select(alert.c.title, alert.c.text, alert.c.level, alert.c.time_us, alert.c.step)
        .where(alert.c.run_uid == uid)
        .order_by(alert.c.id)
    )
    return [dict(row._mapping) for row in rows]


def _attempts(connection: Connection, uid: int) -> list[dict[str, Any]]:
    attempt = schema.attempt
    rows = connection.execute(
        select(attempt).where(attempt.c.run_uid == uid).order_by(attempt.c.id)
    )
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "opened_us": row.opened_us,
            "cut_step": row.cut_step,
            "parent": row.parent_id,
        }
        for row in rows
    ]


def changed_since(
    connection: Connection, version: int, project: str, *, limit: int
) -> list[Change]:
    """Runs changed after `version`, oldest change first; `project` is "entity/project", or
    empty for all. At most `limit` + 1 of them, so that the caller sees if there are more."""
    run, owner = schema.run, schema.project
    found = (
        select(run.c.version, run.c.id, owner.c.entity, owner.c.name, run.c.generation)
        .join(owner, owner.c.id == unindexed(run.c.project_id))
        .where(run.c.version > version)
        .order_by(run.c.version)
        .limit(limit + 1)
    )
    if project:
        found = found.where(_of_project(connection, project))
    return [
        Change(
            row.version, row.id, project or f"{row.entity}/{row.name}", EVERYTHING, row.generation
        )
        for row in connection.execute(found)
    ]


def _of_project(connection: Connection, project: str) -> ColumnElement[bool]:
    """Whether a run is or was in the project."""
    entity, _, name = project.partition("/")
    project_id, former = project_named(connection, entity, name), schema.former_place.c
    moved = select(former.run_uid).where(former.project_id == project_id)
    present = unindexed(schema.run.c.project_id) == project_id
    return present | schema.run.c.id.in_(moved)
