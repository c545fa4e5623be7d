"""One server writes a database: on PostgreSQL, which has no data directory to lock.

The tests start a real PostgreSQL, on a Unix socket and with a user of its own.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from lossboard_server.commands import serve


def programs() -> Path | None:
    """The directory of PostgreSQL's programs; None where it isn't installed."""
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which("initdb")
    places += [Path(found).resolve().parent] if found else []
    whole = (place for place in places if (place / "initdb").exists())
    return next((place for place in whole if (place / "pg_ctl").exists()), None)


class Postgres:
    """A server with its data in a temporary directory; it refuses to run as root."""

    def __init__(self, bin_dir: Path) -> None:
        self._bin = bin_dir
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._user = _other_user() if os.getuid() == 0 else None
        if self._user is not None:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run("initdb", "-D", self._data, "-U", "lossboard", "-A", "trust", "-N")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c fsync=off -k {self._folder}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """The URL of an empty database, for SQLAlchemy."""
        name = f"d{secrets.token_hex(6)}"
        self.execute("postgres", f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://lossboard@/{name}?host={self._folder}"

    def execute(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement that needs no transaction."""
        where = f"host={self._folder} user=lossboard dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        done = subprocess.run(
            command, user=self._user, cwd=self._folder, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr}"


def _other_user() -> str:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    bin_dir = programs()
    if bin_dir is None:
        pytest.skip("PostgreSQL is not installed: `make postgres` does that where there is apt-get")
    running = Postgres(bin_dir)
    yield running
    running.close()


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


def holders(postgres: Postgres, url: str) -> list[int]:
    """Processes of PostgreSQL that hold the lock of a database."""
    rows = postgres.execute(
        name_of(url),
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    return [pid for (pid,) in rows]


def cut_off(postgres: Postgres, url: str) -> None:
    for pid in holders(postgres, url):
        postgres.execute(name_of(url), f"SELECT pg_terminate_backend({pid}, 10000)")


def test_a_run_is_stored_in_postgresql(
    postgres: Postgres, server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    server = server_factory(database_url=postgres.new_database(), seal_rows=10)
    writer = writer_of(server)
    for step in range(0, 60, 20):
        assert writer.log(*range(step, step + 20)).status_code == 200
    eventually(lambda: writer.run()["generation"] > 0)
    assert writer.points() == {step: float(step) for step in range(60)}
    server.restart()
    assert writer.points() == {step: float(step) for step in range(60)}


def test_a_second_server_on_one_database_refuses_and_says_who_has_it(
    postgres: Postgres, server_factory: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = postgres.new_database()
    first = server_factory(database_url=url)
    options = ["--port", "0", "--data-dir", str(tmp_path / "other"), "--database-url", url]
    assert serve(options) == 1
    words = capsys.readouterr().err
    assert "another lossboard server uses this database" in words
    assert f"process {first.process.pid}" in words
    assert "--database-url" in words
    assert httpx.get(f"{first.base_url}/api/health").is_success


def test_the_next_server_starts_when_the_first_has_ended_or_was_killed(
    postgres: Postgres, server_factory: Any, eventually: Any
) -> None:
    url = postgres.new_database()
    server_factory(database_url=url).stop()
    second = server_factory(database_url=url)
    second.kill()
    eventually(lambda: holders(postgres, url) == [])
    assert holders(postgres, url) == []
    third = server_factory(database_url=url)
    assert httpx.get(f"{third.base_url}/api/health").is_success


def test_servers_of_two_databases_dont_hinder_each_other(
    postgres: Postgres, server_factory: Any, writer_of: Any
) -> None:
    servers = [server_factory(database_url=postgres.new_database()) for _ in range(2)]
    assert [writer_of(server).log(0, 1).status_code for server in servers] == [200, 200]


def test_a_server_that_lost_its_connection_takes_the_lock_again_before_it_writes(
    postgres: Postgres, server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    url = postgres.new_database()
    writer = writer_of(server_factory(database_url=url))
    assert writer.log(0, 1).status_code == 200
    before = holders(postgres, url)
    cut_off(postgres, url)
    assert writer.log(2, 3).status_code == 503
    eventually(lambda: writer.log(2, 3).status_code == 200)
    assert len(holders(postgres, url)) == 1
    assert holders(postgres, url) != before
    assert writer.points() == {step: float(step) for step in range(4)}


def test_a_server_whose_lock_went_to_another_one_writes_nothing(
    postgres: Postgres, server_factory: Any, writer_of: Any
) -> None:
    url = postgres.new_database()
    first = server_factory(database_url=url)
    old, project = writer_of(first), f"p-{name_of(url)}"
    assert old.log(0, 1).status_code == 200
    first.process.send_signal(signal.SIGSTOP)  # SIGSTOP: it can't take the lock again meanwhile
    cut_off(postgres, url)
    second = server_factory(database_url=url)
    first.process.send_signal(signal.SIGCONT)
    refused = [old.log(2, 3) for _ in range(3)]
    assert [answer.status_code for answer in refused] == [503] * 3
    assert "another lossboard server" in refused[-1].json()["error"]["message"]
    new = writer_of(second, project=project)
    assert new.log(5, 6).status_code == 200
    assert new.points() == {5: 5.0, 6: 6.0}
    second.stop()
    assert old.log(2, 3).status_code == 200
    assert old.points() == {step: float(step) for step in range(4)}


def test_postgresql_that_is_away_is_503_and_then_all_goes_on(
    postgres: Postgres, server_factory: Any, writer_of: Any, eventually: Any
) -> None:
    writer = writer_of(server_factory(database_url=postgres.new_database()))
    assert writer.log(0).status_code == 200
    postgres.stop()
    assert writer.log(1).status_code == 503
    postgres.start()
    eventually(lambda: writer.log(1).status_code == 200)
    assert writer.points() == {0: 0.0, 1: 1.0}


def test_background_work_says_once_that_postgresql_is_away_and_once_that_it_is_back(
    postgres: Postgres, server_factory: Any, eventually: Any
) -> None:
    server = server_factory(database_url=postgres.new_database(), maintenance_secs=0.02)
    away, back = "the database can't be used, background work waits", "the database can be used"
    postgres.stop()
    try:
        eventually(lambda: away in server.log())
    finally:
        postgres.start()
    eventually(lambda: back in server.log())
    assert (server.log().count(away), server.log().count(back)) == (1, 1)
    assert "Traceback" not in server.log()
