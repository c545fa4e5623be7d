"""Edits of a run's descriptions: only what it names changes, and only if nobody
has changed that meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import select

from lossboard.wire import RunFields
from lossboard_server.database import schema
from lossboard_server.encoding import decode_json
from lossboard_server.errors import Conflict
from lossboard_server.writing.catalogue import require_run
from lossboard_server.writing.writer import Transaction

__all__ = ["described", "tags_with"]


def tags_with(before: Iterable[str], add: Iterable[str], remove: Sequence[str]) -> list[str]:
    """The tags in their order, new ones last; what is in both lists is taken off."""
    return [tag for tag in dict.fromkeys([*before, *add]) if tag not in remove]


def described(
    transaction: Transaction,
    uid: int,
    fields: RunFields,
    *,
    was: Mapping[str, str],
    add_tags: Sequence[str],
    remove_tags: Sequence[str],
) -> RunFields:
    """`fields` with the tags that the run has once some are added and removed.

    `was` are the name, notes or group that the edit started from. Raises Conflict with the present
    ones where they are neither those nor what is wanted; NotFound or Gone if there is no run.
    """
    require_run(transaction, uid)
    run = schema.run.c
    query = select(run.name, run.notes, run.group, run.tags_json).where(run.id == uid)
    row = transaction.connection.execute(query).one()
    present = {name: getattr(row, name) for name in was}
    wanted = {name: getattr(fields, name) for name in was}
    other = [name for name in was if present[name] not in (was[name], wanted[name])]
    if other:
        raise Conflict(
            f"the {' and '.join(other)} of the run changed meanwhile: look at what is there, then"
            " send this with that as `was`",
            present={name: present[name] for name in other},
        )
    if not (add_tags or remove_tags):
        return fields
    before = decode_json(row.tags_json) if fields.tags is None else fields.tags
    tags = tags_with(before, add_tags, remove_tags)
    return msgspec.structs.replace(fields, tags=tuple(tags))
