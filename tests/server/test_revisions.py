"""What older databases hold is the same after the revisions that came since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine

from lossboard_server.database import migration
from lossboard_server.database.engines import Database
from lossboard_server.queries.runs.launches import launches_of
from lossboard_server.queries.runs.lives import latest_launch, lives_of, outcome_of
from lossboard_server.settings import Settings


class Old:
    """A database as an older revision left it; what is not told of a row is empty or 0."""

    def __init__(self, path: Path, revision: str) -> None:
        self._engine = create_engine(f"sqlite:///{path}")
        config = Config()
        scripts = Path(migration.__file__).parent / "migrations"
        config.set_main_option("script_location", str(scripts))
        self._tables = MetaData()
        with self._engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            self._tables.reflect(connection)

    def add(self, table: str, **values: Any) -> None:
        given = {
            column.name: "" if column.type.python_type is str else 0
            for column in self._tables.tables[table].columns
            if not column.nullable and not column.primary_key
        }
        with self._engine.begin() as connection:
            connection.execute(self._tables.tables[table].insert().values(given | values))

    def close(self) -> None:
        self._engine.dispose()


ENDS: dict[int, tuple[int | None, int | None]] = {1: (None, None), 2: (500, None), 3: (500, 3)}


def test_processes_of_an_older_database_are_what_its_runs_were(tmp_path: Path) -> None:
    old = Old(tmp_path / "lossboard.db", "0004")
    old.add("project", id=1, entity="e", name="p")
    for number, (ended_us, code) in ENDS.items():
        ended = {"ended_us": ended_us, "exit_code": code, "heartbeat_us": 500}
        old.add(
            "run",
            id=number,
            project_id=1,
            run_id=f"r{number}",
            slot=number,
            preempting=False,
            **ended,
        )
        for attempt in (2 * number, 2 * number + 1):
            old.add("attempt", id=attempt, run_id=number, kind="fresh")
            last = code if attempt % 2 else 0
            writer = {"run_id": number, "attempt_id": attempt}
            old.add("writer", token=f"a{attempt}", exit_code=last, joined=False, **writer)
            old.add("writer", token=f"b{attempt}", exit_code=None, joined=True, **writer)
    old.close()
    database = Database(Settings(data_dir=tmp_path))
    with database.read() as connection:
        for number, ends in ENDS.items():
            check(connection, number, *ends)
    database.close()


def check(connection: Connection, uid: int, ended_us: int | None, code: int | None) -> None:
    lives = lives_of(connection, uid)
    outcome = outcome_of(latest_launch(lives))
    assert (outcome.ended_us, outcome.exit_code) == (ended_us, code)
    first, _ = launches_of(lives, "running")
    assert first["state"] == "finished"
