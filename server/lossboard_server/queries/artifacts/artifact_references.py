"""References to files of artifacts, where clients name the artifact by an id of their own."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from lossboard_server.database import schema
from lossboard_server.queries.artifacts.artifacts import (
    Artifact,
    artifact_by_client_id,
    artifact_by_name,
)

__all__ = ["numbered"]

_CLIENT_SCHEME: Final = "wandb-client-artifact://"
_COLLECTION = schema.artifact_collection


def numbered(connection: Connection, reference: str) -> str:
    """A reference by the id that its client made up, as one by our number, which every client can
    follow. Other references, and those to what is not here, stay as they are."""
    if not reference.startswith(_CLIENT_SCHEME):
        return reference
    client_id, _, path = reference.removeprefix(_CLIENT_SCHEME).partition("/")
    client_id, _, alias = client_id.partition(":")
    found = artifact_by_client_id(connection, client_id)
    if found is None and alias:
        found = _of_sequence(connection, client_id, alias)
    if found is None:
        return reference
    return f"wandb-artifact://{f'Artifact:{found.id}'.encode().hex()}/{path}"


def _of_sequence(connection: Connection, client_id: str, alias: str) -> Artifact | None:
    row = connection.execute(
        select(_COLLECTION.c.project_id, _COLLECTION.c.name).where(
            _COLLECTION.c.client_id == client_id
        )
    ).first()
    if row is None:
        return None
    return artifact_by_name(connection, row.project_id, f"{row.name}:{alias}")
