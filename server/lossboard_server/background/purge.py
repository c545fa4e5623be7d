"""Deletes the data of runs whose time for an undo is over, in small steps.

The run's row stays, without data: its id stays taken, so that late records of its writers are
still refused, and versions never go back.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, exists, select, update

from lossboard_server.database import schema
from lossboard_server.encoding import decode_json
from lossboard_server.writing import artifacts, collections
from lossboard_server.writing.catalogue import WITH_ARTIFACTS
from lossboard_server.writing.writer import Transaction

__all__ = ["purge_step", "purgeable_runs"]

_ARTIFACTS_PER_STEP = 5  # each may have many entries
_ROWS_PER_STEP = 128  # of blocks: some 5 MB, so that records don't wait long behind it


def purgeable_runs(connection: Connection, deleted_before_us: int) -> list[int]:
    """Numbers of the runs deleted before that time whose data can go now.

    A run whose attempts others continue (forks) waits until these are gone.
    """
    run, attempt = schema.run, schema.attempt
    child, child_run = attempt.alias(), run.alias()
    continued = exists(
        select(child.c.id)
        .join(attempt, child.c.parent_id == attempt.c.id)
        .join(child_run, child.c.run_uid == child_run.c.id)
        .where(
            attempt.c.run_uid == run.c.id,
            child.c.run_uid != run.c.id,
            child_run.c.purged.is_(False),
        )
    )
    found = select(run.c.id).where(
        run.c.deleted_us < deleted_before_us, run.c.purged.is_(False), ~continued
    )
    return list(connection.execute(found).scalars())


def purge_step(transaction: Transaction, uid: int) -> bool:
    """Delete some of the run's data; False once there is nothing left, or it was restored."""
    run = transaction.run(uid)
    if run is None or not run.deleted:
        return False
    for table, mine in _parts(uid):
        if _delete_some(transaction, table, mine):
            return True
    if _delete_artifacts(transaction, uid) or _delete_collections(transaction, uid):
        return True
    transaction.update_run(uid, "state", purged=True, **_EMPTY)
    writer = schema.writer
    transaction.connection.execute(
        update(writer).where(writer.c.run_uid == uid).values(metadata_json="{}")
    )
    _delete_sweeps(transaction, uid)
    return False


def _delete_artifacts(transaction: Transaction, uid: int) -> bool:
    """Delete some of what the run logged: what never became a version, and all of it if that was
    asked for; whether there was any."""
    run, artifact = schema.run.c, schema.artifact.c
    notices = transaction.connection.execute(select(run.notices_json).where(run.id == uid))
    states = ["PENDING"]
    if WITH_ARTIFACTS in decode_json(notices.scalar_one()):
        states.append("COMMITTED")
    mine = select(artifact.id).where(artifact.run_uid == uid, artifact.state.in_(states))
    found = transaction.connection.execute(mine.limit(_ARTIFACTS_PER_STEP)).scalars().all()
    for id_ in found:
        artifacts.remove(transaction, id_)
    return bool(found)


def _delete_collections(transaction: Transaction, uid: int) -> bool:
    """Delete one of the collections that a project had before its last run was deleted, unless
    something in it is linked in another project; whether there was any."""
    run, collection = schema.run.c, schema.artifact_collection.c
    connection = transaction.connection
    gone = connection.execute(select(run.project_id, run.deleted_us).where(run.id == uid)).one()
    here = (run.project_id == gone.project_id) | run.id.in_(_moved_from(gone.project_id))
    others = here & run.deleted_us.is_(None)
    if connection.execute(select(run.id).where(others).limit(1)).first() is not None:
        return False
    mine = select(collection.id).where(
        collection.project_id == gone.project_id,
        collection.updated_us < gone.deleted_us,
        ~_linked_elsewhere(gone.project_id),
    )
    found = connection.execute(mine.limit(1)).scalar()
    if found is not None:
        collections.remove(transaction, found)
    return found is not None


def _moved_from(project_id: int) -> Select[tuple[int]]:
    """The runs that were in the project once: what they logged stays there."""
    place = schema.former_place.c
    return select(place.run_uid).where(place.project_id == project_id)


def _linked_elsewhere(project_id: int) -> ColumnElement[bool]:
    """Whether an artifact that was logged to the collection is in one of another project."""
    link, other = schema.artifact_membership.c, schema.artifact_collection.alias()
    artifact = schema.artifact
    return exists(
        select(artifact.c.id)
        .join(schema.artifact_membership, link.artifact_id == artifact.c.id)
        .join(other, other.c.id == link.artifact_collection_id)
        .where(
            artifact.c.artifact_collection_id == schema.artifact_collection.c.id,
            other.c.project_id != project_id,
        )
        .correlate(schema.artifact_collection)
    )


def _delete_sweeps(transaction: Transaction, uid: int) -> None:
    """Delete the sweeps that a project without any run had before its last one was deleted."""
    run, sweep, agent = schema.run, schema.sweep, schema.sweep_agent
    connection = transaction.connection
    gone = connection.execute(
        select(run.c.project_id, run.c.deleted_us).where(run.c.id == uid)
    ).one()
    here = (run.c.project_id == gone.project_id) | run.c.id.in_(_moved_from(gone.project_id))
    alive = select(run.c.id).where(here, run.c.purged.is_(False))
    if connection.execute(alive.limit(1)).first() is not None:
        return
    # One that gave nothing to run yet was made for runs to come.
    mine = select(sweep.c.id).where(
        sweep.c.project_id == gone.project_id,
        sweep.c.created_us < gone.deleted_us,
        sweep.c.given > 0,
    )
    connection.execute(delete(agent).where(agent.c.sweep_id.in_(mine)))
    connection.execute(delete(sweep).where(sweep.c.id.in_(mine)))


_EMPTY = {
    "config_json": "{}",
    "metadata_json": "{}",
    "metrics_json": "{}",
    "notices_json": "{}",
    "set_summary_json": "{}",
    "summary_json": "{}",
    "notes": "",
}


def _parts(uid: int) -> list[tuple[Table, ColumnElement[bool]]]:
    """The tables with the run's rows, those that refer to others first."""
    series = schema.series
    attempts = select(schema.attempt.c.id).where(schema.attempt.c.run_uid == uid)
    of_run: Select[tuple[int]] = select(series.c.id).where(series.c.attempt_id.in_(attempts))
    blocks = (schema.block, schema.hist_block, schema.json_block)
    owned = (schema.tail, schema.console_line, schema.file, schema.alert)
    mark = schema.stream_mark
    return [
        *((table, table.c.series_id.in_(of_run)) for table in blocks),
        (series, series.c.attempt_id.in_(attempts)),
        (mark, mark.c.attempt_id.in_(attempts)),
        *((table, table.c.run_uid == uid) for table in owned),
    ]


def _delete_some(transaction: Transaction, table: Table, mine: ColumnElement[bool]) -> bool:
    some = select(table.c.id).where(mine).limit(_ROWS_PER_STEP)
    return transaction.connection.execute(delete(table).where(table.c.id.in_(some))).rowcount > 0
