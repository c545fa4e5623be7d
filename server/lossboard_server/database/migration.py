"""Brings a database to the tables of this version, at start and never later."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from lossboard_server.database.dialect import begin_write

__all__ = ["MigrationError", "migrate"]


class MigrationError(RuntimeError):
    """The database isn't one that this version can use, with what to do."""


def migrate(engine: Engine) -> None:
    """Apply the revisions that are missing; raises MigrationError for a newer database."""
    config = Config()
    scripts = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", scripts.replace("%", "%%"))  # % is configparser's
    with engine.begin() as connection:
        begin_write(connection)
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise MigrationError(
                f"the database was written by a newer lossboard (revision {revision}; this one"
                f" knows up to {scripts.get_current_head()}): upgrade lossboard, or choose"
                " another directory with --data-dir"
            )
