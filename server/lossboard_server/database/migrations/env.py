"""Runs the revisions on the connection that `lossboard_server.database.migration` hands over."""

from __future__ import annotations

from alembic import context

from lossboard_server.database.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
