"""Artifacts as the HTTP API tells them, with the names of what they refer to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.database.places import project_named
from lossboard_server.errors import NotFound
from lossboard_server.queries.artifacts import artifacts as reads

__all__ = [
    "artifact_answer",
    "artifact_answers",
    "collection_answer",
    "collection_of",
    "project_id_of",
    "run_answers",
]


def project_id_of(connection: Connection, entity: str, name: str) -> int:
    """Id of a project by the name that it has or had; raises NotFound."""
    found = project_named(connection, entity, name)
    if found is None:
        raise NotFound(f"there is no project {entity}/{name}")
    return found


def collection_of(connection: Connection, entity: str, project: str, name: str) -> reads.Collection:
    """The collection of that name; raises NotFound."""
    project_id = project_id_of(connection, entity, project)
    found = reads.collection_by_name(connection, project_id, name)
    if found is None:
        raise NotFound(f"{entity}/{project} has no artifact collection {name!r}")
    return found


def artifact_answer(connection: Connection, found: reads.Artifact) -> dict[str, Any]:
    """One artifact, with the project it is seen in, the collection it was logged to, its run."""
    told = asdict(found)
    uid = told.pop("run_uid")
    runs = run_answers(connection, [] if uid is None else [uid])
    source = found if found.collection_id == found.sequence_id else None
    source = source or reads.artifact_by_id(connection, found.id)
    return {
        **told,
        **_project(connection, found.project_id),
        "run": runs[0] if runs else None,
        "source": None if source is None else _source(connection, source),
    }


def _source(connection: Connection, source: reads.Artifact) -> dict[str, Any]:
    place = _project(connection, source.project_id)
    return {**place, "collection": source.collection, "version": source.version}


def _project(connection: Connection, project_id: int) -> dict[str, Any]:
    project = schema.project
    row = connection.execute(
        select(project.c.entity, project.c.name).where(project.c.id == project_id)
    ).one()
    return {"entity": row.entity, "project": row.name}


def artifact_answers(
    connection: Connection, found: Iterable[reads.Artifact]
) -> list[dict[str, Any]]:
    """Several artifacts."""
    return [artifact_answer(connection, one) for one in found]


def collection_answer(found: reads.Collection) -> dict[str, Any]:
    """A collection."""
    return asdict(found)


def run_answers(connection: Connection, uids: Iterable[int]) -> list[dict[str, Any]]:
    """The runs with these numbers, in this order; those that were deleted are left out."""
    run, project = schema.run, schema.project
    wanted = list(uids)
    rows = connection.execute(
        select(run.c.id.label("uid"), project.c.entity, project.c.name.label("project"))
        .add_columns(run.c.run_id, run.c.name)
        .join(project, project.c.id == run.c.project_id)
        .where(among(connection, run.c.id, wanted), run.c.deleted_us.is_(None))
    )
    by_uid = {row.uid: dict(row._mapping) for row in rows}
    return [by_uid[uid] for uid in wanted if uid in by_uid]
