"""Projects and runs by their names, also those that they had before: old links, scripts and spools
lead to what was renamed or moved since."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from lossboard_server.database import schema

__all__ = [
    "next_slot",
    "path_of_project",
    "present_name",
    "project_named",
    "run_named",
    "run_placed",
]


def project_named(connection: Connection, entity: str, name: str) -> int | None:
    """Id of the project that has the name, else of the one that had it last."""
    project, former = schema.project.c, schema.former_name.c
    present = select(project.id).where(project.entity == entity, project.name == name)
    found = connection.execute(present).scalar_one_or_none()
    if found is not None:
        return int(found)
    before = select(former.project_id).where(former.entity == entity, former.name == name)
    return connection.execute(before).scalar_one_or_none()


def run_placed(connection: Connection, project_id: int, run_id: str) -> int | None:
    """Number of the run of that id in the project, deleted ones too, else of the one that was moved
    from there."""
    run, former = schema.run.c, schema.former_place.c
    present = select(run.id).where(run.project_id == project_id, run.run_id == run_id)
    found = connection.execute(present).scalar_one_or_none()
    if found is not None:
        return int(found)
    before = select(former.run_uid).where(
        former.project_id == project_id, former.known_as == run_id
    )
    return connection.execute(before).scalar_one_or_none()


def run_named(connection: Connection, entity: str, project: str, run_id: str) -> int | None:
    """Number of the run by all its names, or those that it had; deleted ones too."""
    project_id = project_named(connection, entity, project)
    return None if project_id is None else run_placed(connection, project_id, run_id)


def next_slot(connection: Connection, project_id: int) -> int:
    """The place of the next run in the order of the project: after all runs that are or were in it,
    so that one that comes back has its own."""
    slots = []
    for table in (schema.run.c, schema.former_place.c):
        last = select(func.coalesce(func.max(table.slot), -1)).where(table.project_id == project_id)
        slots.append(int(connection.execute(last).scalar_one()))
    return max(slots) + 1


def present_name(connection: Connection, project: str) -> str:
    """ "entity/name" of the project that has or had this one; as it is, where there is none."""
    entity, _, name = project.partition("/")
    project_id = project_named(connection, entity, name)
    return project if project_id is None else path_of_project(connection, project_id)


def path_of_project(connection: Connection, project_id: int) -> str:
    """ "entity/name"."""
    table = schema.project.c
    query = select(table.entity, table.name).where(table.id == project_id)
    return "/".join(connection.execute(query).one())
