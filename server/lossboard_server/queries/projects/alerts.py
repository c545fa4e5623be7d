"""Alerts of all runs of a project, which `alert()` sends."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from lossboard_server.database import schema

__all__ = ["ProjectAlert", "project_alerts"]


class ProjectAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with the run that sent it; a later one has a greater `id`."""

    id: int
    run: int
    run_id: str
    name: str
    title: str
    text: str
    level: str
    time_us: int
    step: int | None


def project_alerts(connection: Connection, project_id: int, limit: int) -> list[ProjectAlert]:
    """The newest first, of runs that aren't deleted."""
    alert, run = schema.alert, schema.run
    query = (
        select(
            alert.c.id,
            run.c.id.label("run"),
            run.c.run_id,
            run.c.name,
            alert.c.title,
            alert.c.text,
            alert.c.level,
            alert.c.time_us,
            alert.c.step,
        )
        .join(run, run.c.id == alert.c.run_uid)
        .where(run.c.project_id == project_id, run.c.deleted_us.is_(None))
        .order_by(alert.c.id.desc())
        .limit(limit)
    )
    return [ProjectAlert(**row._mapping) for row in connection.execute(query)]
