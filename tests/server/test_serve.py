"""`lossboard serve`: starts, says where, and refuses with a reason."""

from __future__ import annotations

import http.server
import json
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from lossboard_server.commands import serve
from lossboard_server.database.directory import DataDirectory, DirectoryError, file_system_of
from lossboard_server.database.engines import Database
from lossboard_server.database.schema import metadata
from lossboard_server.settings import Settings, SettingsError


def test_it_prints_address_and_directory(server: Any) -> None:
    assert (
        f"lossboard is running at http://127.0.0.1:{server.port} (Ctrl-C stops it)" in server.log()
    )
    assert f"data directory: {server.data_dir}" in server.log()


def test_it_prints_the_same_as_json(tmp_path: Path) -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}; from lossboard_server.commands import serve"
    options = ["--json", "--port", "0", "--data-dir", str(tmp_path / "data")]
    command = [sys.executable, "-c", f"{code}; sys.exit(serve({options!r}))"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        process.terminate()
    assert facts["url"].startswith("http://127.0.0.1:")
    assert facts["data_dir"] == str(tmp_path / "data")


def test_a_busy_port_is_named_with_the_lossboard_that_answers_there(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(["--port", str(server.port), "--data-dir", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert f":{server.port}" in message and "lossboard" in message
    assert "answers there already" in message and "--port" in message


def test_a_busy_port_is_named_with_the_foreign_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=other.handle_request).start()
    assert serve(["--port", str(other.server_port), "--data-dir", str(tmp_path)]) == 1
    other.server_close()
    assert "BaseHTTP" in capsys.readouterr().err


def test_a_second_server_on_the_same_data_refuses(
    server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(["--port", "0", "--data-dir", str(server.data_dir)]) == 1
    assert f"process {server.process.pid}" in capsys.readouterr().err


def test_a_database_of_a_newer_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Database(Settings(data_dir=tmp_path)).close()
    with sqlite3.connect(tmp_path / "lossboard.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert serve(["--port", "0", "--data-dir", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert "newer lossboard" in message and "9999" in message


def test_a_directory_that_cant_be_made_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert serve(["--port", "0", "--data-dir", str(tmp_path / "file" / "data")]) == 1
    assert "--data-dir" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql+nosuchdriver://host/name", "nosuchdriver"),
        ("postgresql+pg8000://host/name", "psycopg[binary]"),
        ("no url", "database"),
    ],
)
def test_a_database_that_cant_be_opened_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, reason: str
) -> None:
    options = ["--port", "0", "--data-dir", str(tmp_path), "--database-url", url]
    assert serve(options) == 1
    assert reason in capsys.readouterr().err


MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:40 / /home rw - nfs4 server:/home rw
24 23 8:2 / /home/ann/with\\040space rw - xfs /dev/sdb rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/data", "ext4"),
        ("/home/bob", "nfs4"),
        ("/homes", "ext4"),
        ("/home/ann/with space/x", "xfs"),
    ],
)
def test_the_file_system_of_a_directory_is_known(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system_of(Path(path), mounts) == kind


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lossboard_server.database.directory.file_system_of", lambda path: "nfs4")
    with pytest.raises(DirectoryError, match="network file system"):
        DataDirectory(tmp_path).open()


def words_of_tables(path: Path) -> dict[str, list[str]]:
    """The words of each CREATE statement; their order may differ."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        tables = {name: sorted(re.findall(r"\w+", sql)) for name, sql in rows}
    connection.close()
    return {name: words for name, words in tables.items() if name != "alembic_version"}


def test_the_revisions_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    Database(Settings(data_dir=tmp_path)).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'wanted.db'}")
    metadata.create_all(engine)
    engine.dispose()
    made, wanted = (words_of_tables(tmp_path / name) for name in ("lossboard.db", "wanted.db"))
    assert made == wanted, "schema.py was changed: add a revision under migrations/versions"


def test_the_database_returns_pages_and_logs_ahead(tmp_path: Path) -> None:
    database = Database(Settings(data_dir=tmp_path))
    with database.read() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("auto_vacuum", "journal_mode", "query_only")
        ]
    database.close()
    assert pragmas == [2, "wal", 1]


def test_a_reader_cant_write(tmp_path: Path) -> None:
    database = Database(Settings(data_dir=tmp_path))
    with database.read() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM run")
    database.close()


def test_a_read_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    database = Database(Settings(data_dir=tmp_path, read_limit_secs=0.1))
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(Exception, match="took longer than 0.1 s"), database.read() as connection:
        connection.exec_driver_sql(endless)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
    database.close()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("PORT", "9000", 9000),
        ("ALLOWED_HOSTS", "a, b", ("a", "b")),
        ("SYNCHRONOUS", "normal", "NORMAL"),
        ("UNDO_SECS", "0.5", 0.5),
    ],
)
def test_settings_come_from_the_environment(name: str, text: str, expected: object) -> None:
    settings = Settings.from_environment({f"LOSSBOARD_SERVER_{name}": text})
    assert getattr(settings, name.lower()) == expected
    assert Settings.from_environment({"LOSSBOARD_SERVER_PORT": "1"}, port=2).port == 2


@pytest.mark.parametrize(
    ("name", "text"), [("PORT", "http"), ("SYNCHRONOUS", "OFF"), ("UNDO_SECS", "-1")]
)
def test_a_setting_that_cant_be_read_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"LOSSBOARD_SERVER_{name} is {text!r}"):
        Settings.from_environment({f"LOSSBOARD_SERVER_{name}": text})
