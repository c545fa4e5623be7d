"""Saved views of a project, changed one by one, so that nobody sends what they haven't changed.

They stand in the project's settings: a list of `{"name", "params"}` under `views`, and under
`first_view` the name of the one that opens by itself. What else stands there stays as it is. The
revision of a view is a hash of what it holds: settings of any age have it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, select, update

from lossboard_server.database import schema
from lossboard_server.database.places import path_of_project, project_named
from lossboard_server.encoding import decode_json, encode_json, encode_json_text
from lossboard_server.errors import Conflict, NotFound, TooLarge
from lossboard_server.writing.writer import Transaction

__all__ = [
    "SavedView",
    "SavedViews",
    "change_settings",
    "delete_view",
    "put_view",
    "saved_views",
    "set_first_view",
]

_REVISION_DIGITS = 16


class SavedView(msgspec.Struct, frozen=True):
    """A view by its name; `revision` changes with what it holds."""

    name: str
    params: dict[str, Any]
    revision: str


class SavedViews(msgspec.Struct, frozen=True):
    """The views of a project, and the name of the one that opens by itself."""

    views: list[SavedView]
    first: str | None


def saved_views(connection: Connection, project_id: int) -> SavedViews:
    """The views that the project's settings hold."""
    project = schema.project.c
    text = connection.execute(select(project.settings_json).where(project.id == project_id))
    settings = decode_json(text.scalar_one())
    first = settings.get("first_view")
    views = [_view(entry) for entry in _entries(settings) if _is_view(entry)]
    return SavedViews(views, first if isinstance(first, str) else None)


def _entries(settings: Mapping[str, Any]) -> list[Any]:
    found = settings.get("views")
    return list(found) if isinstance(found, list) else []


def _is_view(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("params"), dict)
    )


def _view(entry: Mapping[str, Any]) -> SavedView:
    return SavedView(entry["name"], entry["params"], _revision_of(entry["params"]))


def _revision_of(params: Mapping[str, Any]) -> str:
    text = encode_json(dict(sorted(params.items())))
    return hashlib.sha256(text).hexdigest()[:_REVISION_DIGITS]


def put_view(
    transaction: Transaction,
    project: tuple[str, str],
    name: str,
    params: Mapping[str, Any],
    revision: str | None | UnsetType,
    limit_bytes: int,
) -> SavedView:
    """Keep a view under its name; the others stay as they are.

    `revision` is that of the view it is to replace, None if there is to be none, UNSET to replace
    any. Raises Conflict with the present one where that isn't so, NotFound for an unknown project,
    TooLarge where all settings of the project together get too large.
    """
    settings = _settings(transaction, project)
    entries = _entries(settings)
    at = _place(entries, name)
    wanted = {"name": name, "params": dict(params)}
    _check_revision(name, None if at is None else _view(entries[at]), revision, _view(wanted))
    if at is None:
        entries.append(wanted)
    else:
        entries[at] = wanted
    change_settings(transaction, project, settings | {"views": entries}, limit_bytes)
    return _view(wanted)


def delete_view(
    transaction: Transaction,
    project: tuple[str, str],
    name: str,
    revision: str | UnsetType,
    limit_bytes: int,
) -> None:
    """Take a view off; nothing happens if there is none. Raises Conflict with the present one if
    it has another revision."""
    settings = _settings(transaction, project)
    entries = _entries(settings)
    at = _place(entries, name)
    if at is None:
        return
    _check_revision(name, _view(entries.pop(at)), revision, None)
    change_settings(transaction, project, settings | {"views": entries}, limit_bytes)


def set_first_view(
    transaction: Transaction, project: tuple[str, str], name: str | None, limit_bytes: int
) -> None:
    """Choose the view that opens by itself."""
    settings = _settings(transaction, project) | {"first_view": name}
    change_settings(transaction, project, settings, limit_bytes)


def _settings(transaction: Transaction, project: tuple[str, str]) -> dict[str, Any]:
    table, project_id = schema.project.c, project_named(transaction.connection, *project)
    query = select(table.settings_json).where(table.id == project_id)
    text = transaction.connection.execute(query).scalar_one_or_none()
    if text is None:
        raise _unknown(project)
    settings: dict[str, Any] = decode_json(text)
    return settings


def _unknown(project: tuple[str, str]) -> NotFound:
    return NotFound(f"there is no project {project[0]}/{project[1]}")


def _place(entries: list[Any], name: str) -> int | None:
    places = (at for at, entry in enumerate(entries) if _is_view(entry) and entry["name"] == name)
    return next(places, None)


def _check_revision(
    name: str,
    present: SavedView | None,
    expected: str | None | UnsetType,
    wanted: SavedView | None,
) -> None:
    """Who wants what is there already is told nothing."""
    found = None if present is None else present.revision
    if expected is UNSET or found == expected or (wanted is not None and present == wanted):
        return
    what = "was deleted" if present is None else "was changed" if expected else "exists already"
    raise Conflict(
        f"the view {name!r} {what} meanwhile: look at the present one, then send this with its"
        " revision",
        present=present,
    )


def change_settings(
    transaction: Transaction,
    project: tuple[str, str],
    settings: Mapping[str, Any],
    limit_bytes: int,
) -> None:
    """Replace the project's settings. Raises NotFound, or TooLarge past `limit_bytes` of JSON."""
    text = encode_json_text(settings)
    if len(text.encode()) > limit_bytes:
        raise TooLarge(
            f"the settings of {project[0]}/{project[1]} would have more than {limit_bytes >> 20}"
            " MB: delete a saved view first"
        )
    table, project_id = schema.project, project_named(transaction.connection, *project)
    if project_id is None:
        raise _unknown(project)
    change = update(table).where(table.c.id == project_id).values(settings_json=text)
    transaction.connection.execute(change)
    transaction.settings_of.add(path_of_project(transaction.connection, project_id))
