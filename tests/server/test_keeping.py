"""A store for years: damage is noticed, told, shown around, and repaired where it can be."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import lossboard
from lossboard.wire import FileEntry, HistogramColumn, HistogramData
from lossboard_server.app import create_app
from lossboard_server.database.directory import DirectoryError
from lossboard_server.keeping import backups
from lossboard_server.keeping.commands import backup, check, disk, restore
from lossboard_server.settings import Settings

POINTS = 70_000  # some full blocks of points, nodes of two levels


def changed(path: Path, statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def rows_of(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def flipped(data: bytes) -> bytes:
    """64 bytes of it are others."""
    middle = len(data) // 2
    part = bytes(byte ^ 0x55 for byte in data[middle : middle + 64])
    return data[:middle] + part + data[middle + 64 :]


def damaged(path: Path, table: str, column: str, where: str) -> int:
    """Change 64 bytes of the blocks that are chosen; how many these are."""
    found = rows_of(path, f"SELECT id, {column} FROM {table} WHERE {where}")
    for id_, data in found:
        changed(path, f"UPDATE {table} SET {column} = ? WHERE id = ?", flipped(data), id_)
    return len(found)


def series_of(writer: Any, key: str = "loss", **options: Any) -> dict[str, Any]:
    asked = {"runs": [writer.run()["uid"]], "keys": [key], "buckets": 1000} | options
    answer = writer.http.post("/api/query/series", json=asked).raise_for_status().json()
    (series,) = answer["series"]
    return dict(series)


@pytest.fixture
def stored(own_server: Any, writer_of: Any) -> Any:
    """A run of some full blocks, sealed, on a server that was stopped."""
    writer = writer_of(own_server)
    for first in range(0, POINTS, 10_000):
        assert writer.log(*range(first, first + 10_000)).is_success
    counts = np.arange(64, dtype="<u4").tobytes()
    one = HistogramData(0.0, 1.0, counts, 2, 2016.0)
    step = np.zeros(1, "<i8").tobytes()
    writer.send(histograms=[HistogramColumn("weights", step, step, [one])])
    own_server.stop()
    assert rows_of(own_server.data_dir / "lossboard.db", "SELECT count(*) FROM tail") == [(0,)]
    return writer


@pytest.fixture
def database(own_server: Any) -> Path:
    return Path(own_server.data_dir / "lossboard.db")


def test_a_damaged_block_is_told_and_the_rest_is_shown(
    own_server: Any, stored: Any, database: Path
) -> None:
    count = damaged(database, "block", "data", "level = 0 AND ordinal = 8192")
    own_server.start()
    zoomed = series_of(stored, x0=0, x1=20_000, buckets=50_000)
    assert count == zoomed["damaged"] == 1
    shown = {int(step) for step in zoomed["columns"]["x_first"]}
    assert shown == {*range(8192), *range(12_288, 20_001)}
    health = httpx.get(f"{own_server.base_url}/api/health").json()
    assert (health["status"], health["damaged_blocks"]) == ("troubled", 1)
    assert own_server.log().count("left out of answers: block 8192 of level 0") == 1


def test_damaged_nodes_are_read_from_what_they_sum_up(
    own_server: Any, stored: Any, database: Path
) -> None:
    own_server.start()
    whole = series_of(stored)
    own_server.stop()
    assert damaged(database, "block", "data", "level > 0")
    own_server.start()
    found = series_of(stored)
    assert found["damaged"] > 0
    assert found["columns"] == whole["columns"]


@pytest.mark.parametrize("column", ["data", "counts"])
def test_damaged_histograms_are_left_out_and_told(
    own_server: Any, stored: Any, database: Path, column: str
) -> None:
    assert damaged(database, "hist_block", column, "1")
    own_server.start()
    asked = {"runs": [stored.run()["uid"]], "keys": ["weights"]}
    answer = stored.http.post("/api/query/histograms", json=asked).raise_for_status().json()
    assert all(series["damaged"] == 1 for series in answer["series"])
    assert not any(series["columns"]["step"] for series in answer["series"])


def test_a_damaged_record_of_the_tail_costs_only_itself_and_is_kept(
    own_server: Any, writer_of: Any, database: Path
) -> None:
    writer = writer_of(own_server)
    for step in range(5):
        writer.log(step)
    own_server.kill()
    assert damaged(database, "tail", "payload", "seq = 2") == 1
    own_server.start()
    assert set(writer.points()) == {0, 1, 3, 4}
    own_server.stop()  # which seals
    own_server.start()
    assert set(writer.points()) == {0, 1, 3, 4}
    notices = {notice["kind"]: notice["amount"] for notice in writer.run()["notices"]}
    assert notices == {"damaged_records": 1}
    assert len(list((own_server.data_dir / "damaged").iterdir())) == 1


def test_a_damaged_block_that_more_is_appended_to_holds_up_no_seal(
    own_server: Any, stored: Any, database: Path
) -> None:
    lost = damaged(database, "block", "data", "open AND level = 0")
    assert lost + damaged(database, "block", "data", "open AND level > 0")
    own_server.start()
    assert stored.log(*range(POINTS, POINTS + 5000)).is_success
    own_server.stop()
    assert rows_of(database, "SELECT count(*) FROM tail") == [(0,)]
    own_server.start()
    last = series_of(stored, x0=POINTS, x1=POINTS + 5000, buckets=10_000)
    assert last["in_window"] == 5000
    assert "damaged_blocks" in {notice["kind"] for notice in stored.run()["notices"]}
    assert list((own_server.data_dir / "damaged").iterdir())


def put(server: Any, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    httpx.put(f"{server.base_url}/api/blobs/{name}", content=content).raise_for_status()
    return name


def blob_path(server: Any, name: str) -> Path:
    return Path(server.data_dir / "blobs" / name[:2] / name)


def test_a_damaged_file_is_never_served_and_healed_by_the_right_bytes(own_server: Any) -> None:
    content = secrets.token_bytes(100_000)
    name = put(own_server, content)
    own_server.stop()
    blob_path(own_server, name).write_bytes(flipped(content))
    own_server.start()
    url = f"{own_server.base_url}/api/blobs/{name}"
    answer = httpx.get(url)
    assert answer.status_code == 404
    assert "storing the same file again heals it" in answer.json()["error"]["message"]
    assert httpx.head(url).status_code == 404
    assert httpx.put(url, content=content).status_code == 201
    assert httpx.get(url).content == content


def test_what_a_kill_left_of_an_upload_is_swept_at_the_start(own_server: Any) -> None:
    own_server.kill()
    left = own_server.data_dir / "blobs" / "incoming" / "tmpabc"
    left.write_bytes(bytes(1000))
    own_server.start()
    assert not left.exists()


def refusal(directory: Path) -> str:
    with pytest.raises(DirectoryError) as refused:
        create_app(Settings(data_dir=directory))
    return str(refused.value)


def test_a_database_that_is_not_the_one_of_its_files_is_refused(
    own_server: Any, writer_of: Any, database: Path
) -> None:
    writer, folder = writer_of(own_server), own_server.data_dir
    writer.log(0, files=[FileEntry("a.txt", put(own_server, b"a"), 1, 1, "text/plain")])
    own_server.stop()
    older = database.read_bytes()
    own_server.start()
    writer.log(1)
    own_server.stop()
    database.write_bytes(older)
    assert "older copy" in refusal(folder)
    database.write_bytes(b"")
    assert "is empty" in refusal(folder)
    database.unlink()
    assert "is missing" in refusal(folder)
    (folder / "lossboard.db-wal").write_bytes(b"log")
    assert "write-ahead log" in refusal(folder)
    assert not database.exists()


def test_a_database_under_the_log_of_another_time_is_refused(
    own_server: Any, writer_of: Any, database: Path
) -> None:
    writer = writer_of(own_server)
    writer.log(*range(100))
    own_server.stop()
    older = database.read_bytes()
    own_server.start()
    for first in range(100, 40_000, 1000):
        writer.log(*range(first, first + 1000))
    own_server.stop()
    own_server.start()
    writer.log(*range(50_000, 50_100), config={"text": "t" * 500_000})
    own_server.kill()
    assert database.with_name("lossboard.db-wal").stat().st_size
    database.write_bytes(older)
    assert "write-ahead log" in refusal(own_server.data_dir)


def test_an_empty_signing_key_is_refused(own_server: Any) -> None:
    own_server.stop()
    (own_server.data_dir / "signing.key").write_bytes(b"")
    assert "signing.key has 0 bytes" in refusal(own_server.data_dir)


Said = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command with --json: its exit code and what it says."""

    def run(command: Any, *arguments: object) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = command([*map(str, arguments), "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else {}

    return run


def test_check_finds_each_kind_of_damage_and_repairs_what_can_be_made_anew(
    own_server: Any, stored: Any, database: Path, told: Said
) -> None:
    own_server.start()
    whole = series_of(stored)
    name = put(own_server, b"weights")
    stored.send(files=[FileEntry("w.bin", name, 7, 1, "text/plain")])
    assert told(check, "--data-dir", own_server.data_dir) == (0, {"faults": [], "mended": []})
    own_server.stop()
    damaged(database, "block", "data", "level = 1")
    changed(database, "UPDATE series SET n = n + 1 WHERE kind = 'scalar'")
    damaged(database, "hist_block", "data", "1")
    blob_path(own_server, name).write_bytes(b"WEIGHTS")
    code, found = told(check, "--data-dir", own_server.data_dir)
    assert code == 1
    assert {fault["kind"] for fault in found["faults"]} == {"block", "catalogue", "file"}
    assert {fault["key"] for fault in found["faults"]} == {"loss", "weights", ""}
    code, left = told(check, "--repair", "--data-dir", own_server.data_dir)
    assert code == 1
    assert {fault["key"] for fault in left["faults"]} == {"weights", ""}
    assert len(list(own_server.data_dir.glob("lossboard.db.before-repair-*"))) == 1
    own_server.start()
    assert series_of(stored)["columns"] == whole["columns"]


def test_check_finds_a_series_that_has_lost_all_its_blocks(
    own_server: Any, stored: Any, told: Said
) -> None:
    own_server.stop()
    assert told(check, "--data-dir", own_server.data_dir)[0] == 0
    with closing(sqlite3.connect(own_server.data_dir / "lossboard.db")) as database, database:
        database.execute("DELETE FROM hist_block")
    code, found = told(check, "--data-dir", own_server.data_dir)
    assert (code, {fault["kind"] for fault in found["faults"]}) == (1, {"catalogue"})
    assert {fault["key"] for fault in found["faults"]} == {"weights"}


def test_check_needs_a_store_and_repair_a_stopped_server(
    own_server: Any, tmp_path: Path, told: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(check, "--data-dir", tmp_path)[0] == 2
    assert check(["--repair", "--data-dir", str(own_server.data_dir)]) == 2
    assert "another lossboard server" in capsys.readouterr().err


def test_a_backup_of_a_running_server_is_whole_and_goes_on(
    own_server: Any, writer_of: Any, tmp_path: Path, told: Said
) -> None:
    writer, target = writer_of(own_server), tmp_path / "backup"
    name = put(own_server, b"model")
    writer.log(*range(1000), files=[FileEntry("m.bin", name, 5, 1, "text/plain")])
    ending = threading.Event()

    def go_on() -> None:
        while not ending.is_set():
            writer.log(writer.seq + 1000)

    training = threading.Thread(target=go_on)
    training.start()
    code, first = told(backup, target, "--data-dir", own_server.data_dir)
    ending.set()
    training.join()
    assert (code, first["files"], first["new"], first["missing"]) == (0, 1, 1, [])
    second_name = put(own_server, b"second")
    writer.send(files=[FileEntry("s.bin", second_name, 6, 1, "text/plain")])
    code, second = told(backup, target, "--data-dir", own_server.data_dir)
    assert (code, second["files"], second["new"]) == (0, 2, 1)
    assert told(backup, target, "--verify") == (0, {"faults": [], "mended": []})
    sent, run = writer.points(), writer.run()
    own_server.stop()
    assert told(restore, target, "--data-dir", own_server.data_dir)[0] == 2  # it isn't empty
    shutil.rmtree(own_server.data_dir)
    assert told(restore, target, "--data-dir", own_server.data_dir)[0] == 0
    own_server.start()
    assert writer.points() == sent
    assert writer.run()["run_id"] == run["run_id"]
    assert httpx.get(f"{own_server.base_url}/api/blobs/{second_name}").content == b"second"
    assert writer.log(10**6).is_success  # the run goes on


def test_a_backup_that_fails_leaves_the_one_before_as_it_was(
    own_server: Any, writer_of: Any, tmp_path: Path, told: Said
) -> None:
    writer, target = writer_of(own_server), tmp_path / "backup"
    writer.log(*range(2000))
    assert told(backup, target, "--data-dir", own_server.data_dir)[0] == 0
    own_server.stop()
    database = own_server.data_dir / "lossboard.db"
    with database.open("r+b") as file:
        file.seek(database.stat().st_size // 2 // 4096 * 4096)
        file.write(bytes(range(256)) * 64)
    assert told(backup, target, "--data-dir", own_server.data_dir)[0] == 2
    shutil.rmtree(own_server.data_dir)
    assert told(restore, target, "--data-dir", own_server.data_dir)[0] == 0
    own_server.start()
    assert len(writer.points()) == 2000


def test_a_backup_fits_what_its_directory_remembers_however_far_the_server_went_meanwhile(
    own_server: Any, writer_of: Any, tmp_path: Path, told: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, target = writer_of(own_server), tmp_path / "backup"
    writer.log(0)
    copied = backups._copy_blobs

    def while_the_server_ends(*arguments: Any) -> None:
        writer.log(1)
        own_server.stop()
        copied(*arguments)

    monkeypatch.setattr(backups, "_copy_blobs", while_the_server_ends)
    assert told(backup, target, "--data-dir", own_server.data_dir)[0] == 0
    monkeypatch.undo()
    shutil.rmtree(own_server.data_dir)
    assert told(restore, target, "--data-dir", own_server.data_dir)[0] == 0
    own_server.start()
    assert list(writer.points()) == [0]


def test_a_backup_says_what_is_missing_or_damaged(
    own_server: Any, writer_of: Any, tmp_path: Path, told: Said
) -> None:
    writer, target = writer_of(own_server), tmp_path / "backup"
    name = put(own_server, b"model")
    writer.log(0, files=[FileEntry("m.bin", name, 5, 1, "text/plain")])
    blob_path(own_server, name).write_bytes(b"other")
    code, copied = told(backup, target, "--data-dir", own_server.data_dir)
    assert (code, copied["missing"]) == (1, [name])
    blob_path(own_server, name).write_bytes(b"model")
    assert told(backup, target, "--data-dir", own_server.data_dir)[0] == 0
    (target / "blobs" / name[:2] / name).write_bytes(b"other")
    code, found = told(backup, target, "--verify")
    assert (code, [fault["kind"] for fault in found["faults"]]) == (1, ["file"])


@pytest.fixture
def tidy(server_factory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server that takes the data of deleted runs at once, and looks for unused files each six
    hours, as servers do."""
    monkeypatch.chdir(tmp_path)  # where runs have their files
    return server_factory(maintenance_secs=0.05, undo_secs=0, blob_unused_secs=0)


def logged_artifact(server: Any, project: str, name: str) -> str:
    """The SHA-256 of the one file of an artifact that a run logged."""
    content = secrets.token_bytes(100)
    settings = {"silent": True, "base_url": server.base_url}
    with lossboard.init(project=project, id="r", settings=settings) as run:
        artifact = lossboard.Artifact(name, type="model")
        with artifact.new_file("w.bin", mode="wb") as file:
            file.write(content)
        run.log_artifact(artifact).wait()
    return hashlib.sha256(content).hexdigest()


def collections_of(server: Any, project: str) -> list[Any]:
    answer = httpx.get(f"{server.base_url}/api/projects/local/{project}/artifacts")
    return list(answer.json()["collections"])


def test_a_deleted_run_takes_its_artifacts_with_it_if_asked_and_a_project_all_of_them(
    tidy: Any, eventually: Any
) -> None:
    kept, gone = (logged_artifact(tidy, project, "model") for project in ("kept", "gone"))
    for project, artifacts in (("kept", False), ("gone", True)):
        settings = {"silent": True, "base_url": tidy.base_url}
        lossboard.init(project=project, settings=settings).finish()
        api = lossboard.Api({"base_url": tidy.base_url})
        api.run(f"local/{project}/r").delete(delete_artifacts=artifacts)
    eventually(lambda: not blob_path(tidy, gone).exists())
    assert blob_path(tidy, kept).exists()
    assert len(collections_of(tidy, "kept")) == 1
    httpx.delete(f"{tidy.base_url}/api/projects/local/kept").raise_for_status()
    eventually(lambda: not blob_path(tidy, kept).exists())
    assert collections_of(tidy, "kept") == []


def test_a_run_that_was_moved_keeps_its_artifacts_in_the_project_where_they_are(
    tidy: Any, eventually: Any
) -> None:
    moved = logged_artifact(tidy, "left", "model")
    settings = {"silent": True, "base_url": tidy.base_url}
    lossboard.init(project="left", id="other", settings=settings).finish()
    other, run = (
        httpx.get(f"{tidy.base_url}/api/runs/local/left/{name}").json()["uid"]
        for name in ("other", "r")
    )
    wanted = {"runs": [run], "project": "right"}
    httpx.post(f"{tidy.base_url}/api/runs/move", json=wanted).raise_for_status()
    gone = logged_artifact(tidy, "bare", "model")
    httpx.delete(f"{tidy.base_url}/api/runs/{other}").raise_for_status()
    httpx.delete(f"{tidy.base_url}/api/projects/local/bare").raise_for_status()
    eventually(lambda: not blob_path(tidy, gone).exists())  # the one deleted before is done too
    assert blob_path(tidy, moved).exists()
    assert len(collections_of(tidy, "left")) == 1


def test_disk_shows_who_takes_what_and_gives_back_what_nothing_names(
    own_server: Any, stored: Any, told: Said
) -> None:
    own_server.start()
    named, unnamed = put(own_server, bytes(50_000)), put(own_server, b"u" * 70_000)
    stored.send(files=[FileEntry("w.bin", named, 50_000, 1, "text/plain")])
    code, found = told(disk, "--data-dir", own_server.data_dir)
    assert code == 0
    mine = {one["kind"]: one["size_bytes"] for one in found["use"] if one["run"] == "r"}
    assert mine["files"] == 50_000 and mine["metrics"] > 1_000 and mine["histograms"] > 50
    own_server.stop()
    os.utime(blob_path(own_server, unnamed), (1, 1))
    code, found = told(disk, "--free", "--data-dir", own_server.data_dir)
    assert (code, found["freed_bytes"]) == (0, 70_000)
    assert blob_path(own_server, named).exists()
    assert disk(["--data-dir", str(own_server.data_dir)]) == 0
