"""Reads of who names a blob."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, union

from lossboard_server.database import schema

__all__ = ["unreferenced"]


def unreferenced(connection: Connection, names: Sequence[str]) -> list[str]:
    """The SHA-256 `names` that no file and no artifact stands for; that their MD5 is known, too,
    keeps nothing."""
    columns = (
        schema.file.c.sha256,
        schema.artifact.c.manifest_sha256,
        schema.artifact_entry.c.sha256,
    )
    named = union(*(select(column).where(column.in_(names)) for column in columns))
    used = set(connection.execute(named).scalars())
    return [name for name in names if name not in used]
