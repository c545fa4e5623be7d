"""Changes of several runs at once, in one transaction of the writer: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from lossboard.wire import RunFields
from lossboard_server.database import schema
from lossboard_server.database.dialect import among
from lossboard_server.encoding import decode_json
from lossboard_server.writing.catalogue import delete_run, edit_run, restore_run
from lossboard_server.writing.run_edits import tags_with
from lossboard_server.writing.writer import Transaction

__all__ = ["delete_runs", "edit_runs", "restore_runs"]


def edit_runs(
    transaction: Transaction,
    uids: Sequence[int],
    *,
    add_tags: Sequence[str],
    remove_tags: Sequence[str],
    group: str | None,
    color: str | None,
) -> None:
    """Add and remove tags, set group and colour; None leaves a thing as it is. Raises NotFound or
    Gone if one of the runs isn't there."""
    run = schema.run.c
    connection = transaction.connection
    query = select(run.id, run.tags_json).where(among(connection, run.id, uids))
    rows = connection.execute(query)
    tags = {row.id: decode_json(row.tags_json) for row in rows}
    for uid in uids:
        before = tags.get(uid, [])
        after = tags_with(before, add_tags, remove_tags)
        changed = None if after == before else tuple(after)
        fields = RunFields(tags=changed, group=group)
        edit_run(transaction, uid, color=color, fields=fields)


def delete_runs(transaction: Transaction, uids: Sequence[int]) -> None:
    """Mark the runs deleted; their data go later, in the background."""
    for uid in uids:
        delete_run(transaction, uid)


def restore_runs(transaction: Transaction, uids: Sequence[int]) -> None:
    """Take the deletion marks off; raises Gone once the data of one of them are gone."""
    for uid in uids:
        restore_run(transaction, uid)
