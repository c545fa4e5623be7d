"""Sending the changes of a run: all at once, and one by one where the server refuses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from lossboard.api.editable import EditableValues
from lossboard.connection import Connection, Refused
from lossboard.faults import Fault

__all__ = ["Change", "changes_of", "send_changes"]


class Change(NamedTuple):
    """One change, as the body of a request; `note_sent` is called once it is stored."""

    body: dict[str, Any]
    note_sent: Callable[[], None]


def changes_of(name: str, values: EditableValues) -> tuple[list[Change], list[Fault]]:
    """A change for each key of config or summary, and what can't be stored as it is."""
    unsent = values.unsent()
    changed = [
        Change({name: {key: value}}, _noting(values, {key: value}, ()))
        for key, value in unsent.changed.items()
    ]
    removed = [
        Change({f"remove_{name}": [key]}, _noting(values, {}, (key,))) for key in unsent.removed
    ]
    return [*changed, *removed], unsent.faults


def _noting(
    values: EditableValues, changed: Mapping[str, Any], removed: Iterable[str]
) -> Callable[[], None]:
    return lambda: values.note_sent(changed, removed)


def send_changes(connection: Connection, uid: int, changes: Sequence[Change]) -> None:
    """Stores the changes of a run. What the server refuses costs no other: Refused is raised, with
    all reasons, once the others are stored."""
    if not changes:
        return
    try:
        connection.patch("runs", uid, **_joined(changes))
    except Refused:
        if len(changes) == 1:
            raise
        _send_each(connection, uid, changes)
        return
    for change in changes:
        change.note_sent()


def _send_each(connection: Connection, uid: int, changes: Sequence[Change]) -> None:
    refused: list[str] = []
    for change in changes:
        try:
            send_changes(connection, uid, [change])
        except Refused as error:
            refused.append(str(error))
    if refused:
        raise Refused("; ".join(refused))


def _joined(changes: Sequence[Change]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in (item for change in changes for item in change.body.items()):
        if isinstance(value, dict):
            body[name] = body.get(name, {}) | value
        elif name.startswith("remove_"):
            body[name] = [*body.get(name, []), *value]
        else:
            body[name] = value
    return body
