"""Other names of blobs: the MD5 that W&B's manifests call files by."""

from __future__ import annotations

from sqlalchemy import insert, select

from lossboard_server.database import schema
from lossboard_server.writing.writer import Transaction

__all__ = ["remember_md5"]


def remember_md5(transaction: Transaction, *, md5: str, sha256: str, size_bytes: int) -> None:
    """Notes which blob has this MD5 (hex): W&B's manifests name files by it."""
    table = schema.blob_md5
    connection = transaction.connection
    known = connection.execute(select(table.c.sha256).where(table.c.md5 == md5)).first()
    if known is None:
        connection.execute(insert(table).values(md5=md5, sha256=sha256, size_bytes=size_bytes))
