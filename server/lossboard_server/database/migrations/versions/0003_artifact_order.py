"""When a version was told to have an alias, and how many entries pending artifacts have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COUNT_ENTRIES = """
UPDATE artifact SET file_count =
    (SELECT count(*) FROM artifact_entry WHERE artifact_entry.artifact_id = artifact.id)
WHERE state = 'PENDING'
"""


def upgrade() -> None:
    told = sa.Column("told_us", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("artifact_alias", told)
    op.execute(_COUNT_ENTRIES)
