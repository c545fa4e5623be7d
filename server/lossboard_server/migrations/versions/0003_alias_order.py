"""When a version was told to have an alias: late files move no alias back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    told = sa.Column("told_us", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("artifact_alias", told)
