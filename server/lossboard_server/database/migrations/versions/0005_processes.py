"""The processes of a run: who each is, when it was heard of last, and how it ended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_COLUMNS: tuple[sa.Column[Any], ...] = (
    sa.Column("launch", sa.Integer(), nullable=False, server_default="1"),
    sa.Column("launch_key", sa.String(256), nullable=False, server_default=""),
    sa.Column("label", sa.Text(), nullable=False, server_default=""),
    sa.Column("rank", sa.BigInteger()),
    sa.Column("host", sa.Text(), nullable=False, server_default=""),
    sa.Column("pid", sa.BigInteger()),
    sa.Column("is_primary", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("must_end", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("preempting", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("clock_offset_us", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("heard_us", sa.BigInteger(), nullable=False, server_default="0"),
    sa.Column("ended_us", sa.BigInteger()),
)


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("writer", column)
    op.create_index("writer_by_run", "writer", ["run_id"])
    op.create_index("writer_by_end", "writer", ["ended_us"])
    _fill()


def _fill() -> None:
    """Fills in the processes that the rows tell of: launches were attempts, and the process that
    opened one decided, or the first that joined it."""
    first = "(SELECT min(w.id) FROM writer AS w WHERE w.attempt_id = writer.attempt_id)"
    opened = (
        "(SELECT min(w.id) FROM writer AS w WHERE w.attempt_id = writer.attempt_id"
        " AND NOT w.joined)"
    )
    op.execute(
        "UPDATE writer SET launch = 1 + (SELECT count(*) FROM attempt AS a WHERE"
        " a.run_id = writer.run_id AND a.id < writer.attempt_id)"
    )
    op.execute(f"UPDATE writer SET must_end = (id = coalesce({opened}, {first}))")
    op.execute("UPDATE writer SET is_primary = must_end")
    op.execute(
        "UPDATE writer SET heard_us = CASE WHEN must_end AND attempt_id = (SELECT max(a.id) FROM"
        " attempt AS a WHERE a.run_id = writer.run_id) THEN (SELECT r.heartbeat_us FROM run AS r"
        " WHERE r.id = writer.run_id) ELSE created_us END"
    )
    op.execute(
        "UPDATE writer SET preempting = (SELECT r.preempting FROM run AS r WHERE r.id ="
        " writer.run_id) WHERE must_end"
    )
    op.execute(
        "UPDATE writer SET ended_us = CASE WHEN must_end AND attempt_id = (SELECT max(a.id) FROM"
        " attempt AS a WHERE a.run_id = writer.run_id) THEN (SELECT r.ended_us FROM run AS r"
        " WHERE r.id = writer.run_id) ELSE heard_us END"
    )
