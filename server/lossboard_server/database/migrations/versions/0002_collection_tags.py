"""Tags of artifact collections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    tags = sa.Column("tags_json", sa.Text(), nullable=False, server_default="[]")
    op.add_column("artifact_collection", tags)
