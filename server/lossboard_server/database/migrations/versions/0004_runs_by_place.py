"""Runs of a project are counted, paged and found by their last sign of life from indexes alone."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_STATE = ["ended_us", "exit_code", "preempting", "stop_requested"]


def upgrade() -> None:
    present = ["project_id", "deleted_us"]
    op.create_index("run_by_place", "run", [*present, "slot"])
    op.create_index("run_by_life", "run", [*present, "heartbeat_us"])
    op.create_index("run_by_state", "run", [*present, *_STATE])
