"""Other names of blobs: the MD5 that W&B's manifests call files by."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from lossboard_server.database import schema
from lossboard_server.writing.writer import Transaction

__all__ = ["forget_md5", "remember_md5"]


def remember_md5(transaction: Transaction, *, md5: str, sha256: str, size_bytes: int) -> None:
    """Notes which blob has this MD5 (hex): W&B's manifests name files by it."""
    table = schema.blob_md5
    connection = transaction.connection
    known = connection.execute(select(table.c.sha256).where(table.c.md5 == md5)).first()
    if known is None:
        connection.execute(insert(table).values(md5=md5, sha256=sha256, size_bytes=size_bytes))


def forget_md5(transaction: Transaction, *, names: Sequence[str]) -> None:
    """These blobs (SHA-256) are gone: nobody is told any more that they are here."""
    blob = schema.blob_md5
    transaction.connection.execute(delete(blob).where(blob.c.sha256.in_(names)))
