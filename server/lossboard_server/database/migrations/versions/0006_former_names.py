"""Projects have descriptions and former names, runs former places, alerts a step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", _ID, primary_key=True, autoincrement=True)


def _of(table: str) -> sa.Column[int]:
    return sa.Column(f"{table}_id", _ID, sa.ForeignKey(f"{table}.id"), nullable=False)


def upgrade() -> None:
    described = sa.Column("description", sa.Text(), nullable=False, server_default="")
    op.add_column("project", described)
    op.add_column("alert", sa.Column("step", sa.BigInteger()))
    op.create_table(
        "former_name",
        _id(),
        _of("project"),
        sa.Column("entity", sa.String(128), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.UniqueConstraint("entity", "name"),
    )
    op.create_table(
        "former_place",
        _id(),
        _of("project"),
        _of("run"),
        sa.Column("known_as", sa.String(256), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.UniqueConstraint("project_id", "known_as"),
    )
