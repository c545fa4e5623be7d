"""The server is where it believes to be: its address, its database, its directory."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

import lossboard
from lossboard_server import commands
from lossboard_server.app import create_app
from lossboard_server.commands import serve
from lossboard_server.http.security import bracketed
from lossboard_server.settings import Settings, SettingsError


@pytest.mark.parametrize("option", ["--host", "--data-dir", "--database-url"])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_option_from_an_unset_variable_of_the_shell_is_refused(
    option: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        serve([option, text])
    assert f"argument {option}: is empty" in capsys.readouterr().err


def test_an_empty_host_never_means_all_addresses(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the host is empty"):
        Settings(data_dir=tmp_path, host=" ")
    assert Settings.from_environment({"LOSSBOARD_SERVER_HOST": ""}).host == "127.0.0.1"


def test_a_port_out_of_range_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(["--port", "99999", "--data-dir", str(tmp_path)]) == 1
    assert "the port is 99999" in capsys.readouterr().err


ODD_NAMES = ["a?b", "a%20b", "a#b", "a;b", "a&mode=memory", "a b", "ä", "@a:b", "file:a?mode=ro"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_the_database_lies_in_the_directory_whatever_its_name(tmp_path: Path, name: str) -> None:
    app = create_app(Settings(data_dir=tmp_path / name))
    app.state.services.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with sqlite3.connect(tmp_path / name / "lossboard.db") as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchall() == [(0,)]
    connection.close()


def test_a_relative_directory_with_an_odd_name_is_no_uri(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = create_app(Settings(data_dir=Path("file:a?mode=memory")))
    app.state.services.close()
    assert (tmp_path / "file:a?mode=memory" / "lossboard.db").exists()


def test_servers_of_two_directories_never_share_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    first = create_app(Settings(data_dir=tmp_path / "first", database_url=url))
    options = ["--port", "0", "--data-dir", str(tmp_path / "second"), "--database-url", url]
    assert serve(options) == 1
    assert "another lossboard server" in capsys.readouterr().err
    first.state.services.close()


def removed(directory: Path) -> None:
    directory.rename(directory.with_name("away"))


def replaced_by_an_empty_one(directory: Path) -> None:
    removed(directory)
    directory.mkdir()


def replaced_by_a_copy(directory: Path) -> None:
    removed(directory)
    shutil.copytree(directory.with_name("away"), directory)


def put_back(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.with_name("away").rename(directory)


@pytest.mark.parametrize("take", [removed, replaced_by_an_empty_one, replaced_by_a_copy])
def test_nothing_is_acknowledged_without_the_directory_of_the_start(
    own_server: Any, writer_of: Any, take: Callable[[Path], None]
) -> None:
    writer = writer_of(own_server)
    assert writer.log(0, 1).status_code == 200
    take(own_server.data_dir)
    refused = [writer.log(2), writer.beat(), httpx.get(f"{own_server.base_url}/api/projects")]
    refused.append(upload(own_server, b"content"))
    refused.append(httpx.get(f"{own_server.base_url}/api/health"))
    assert [answer.status_code for answer in refused] == [503] * 5
    message = refused[0].json()["error"]["message"]
    assert "removed or replaced" in message and str(own_server.data_dir) in message
    put_back(own_server.data_dir)
    assert writer.log(2).status_code == 200
    assert upload(own_server, b"content").status_code == 201
    assert set(writer.points()) == {0, 1, 2}
    assert own_server.log().count("was removed or replaced") == 1
    assert own_server.log().count("takes data again") == 1


def upload(server: Any, content: bytes) -> httpx.Response:
    sha256 = hashlib.sha256(content).hexdigest()
    return httpx.put(f"{server.base_url}/api/blobs/{sha256}", content=content)


@pytest.mark.parametrize("name", ["server.lock", "lossboard.db"])
def test_a_replaced_file_of_the_server_is_noticed(
    own_server: Any, writer_of: Any, name: str
) -> None:
    writer = writer_of(own_server)
    writer.log(0)
    path = own_server.data_dir / name
    path.rename(path.with_name("kept"))
    path.write_bytes(b"")
    assert writer.log(1).status_code == 503
    path.with_name("kept").rename(path)
    assert writer.log(1).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "::", "192.0.2.7", "lab.example"])
def test_an_address_that_is_not_loopback_is_explained_in_one_line(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=tmp_path, host=host, allowed_hosts=("box.lan",))
    commands._announce(settings, 8080, as_json=False)
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert f"{host} is not a loopback address" in line and "no accounts" in line
    assert "http://box.lan:8080" in line
    assert printed.out.splitlines()[0].removeprefix("lossboard is running at ").split()[0] in line


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "localhost", "::1"])
def test_a_loopback_address_needs_no_word(
    tmp_path: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands._announce(Settings(data_dir=tmp_path, host=host), 8080, as_json=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_printed_address_is_answered(tmp_path: Path, host: str) -> None:
    settings = Settings(data_dir=tmp_path, host=host, allowed_hosts=("box.lan",))
    app = create_app(settings)
    client = TestClient(app)
    hosts = [bracketed(name) for name in commands._answering_hosts(settings)]
    answers = [client.get("/api/health", headers={"Host": f"{name}:8080"}) for name in hosts]
    assert [answer.status_code for answer in answers] == [200] * len(hosts)
    foreign = client.get("/api/health", headers={"Host": "evil.example"})
    assert foreign.status_code == 403
    app.state.services.close()


def test_other_pages_show_the_dashboard_in_a_frame_only_on_this_machine(server: Any) -> None:
    for path in ("/", "/local/p", "/api/health"):
        policy = httpx.get(server.base_url + path).headers["content-security-policy"]
        ancestors = policy.rpartition("frame-ancestors ")[2]
        assert ancestors == "'self' http://127.0.0.1:* http://localhost:*"


def test_more_pages_that_show_the_dashboard_can_be_named(server_factory: Any) -> None:
    server = server_factory(frame_ancestors="https://notes.example.org, vscode-webview://*")
    policy = httpx.get(server.base_url + "/").headers["content-security-policy"]
    assert policy.endswith(" https://notes.example.org vscode-webview://*")


@pytest.mark.parametrize("origin", ["notes", "https://a; script-src *", "https://a b", "*"])
def test_a_frame_ancestor_that_is_no_origin_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(SettingsError, match="expected origins"):
        Settings(data_dir=tmp_path, frame_ancestors=(origin,))


def test_a_client_keeps_what_the_server_could_not_take(
    own_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"base_url": own_server.base_url, "finish_timeout": 1.0, "x_disable_stats": True}
    with lossboard.init(project="p", id="r", settings=settings) as run:
        run.log({"loss": 1.0})
        removed(own_server.data_dir)
        run.log({"loss": 2.0})
    put_back(own_server.data_dir)
    assert sync(own_server) == 0
    rows = httpx.get(f"{own_server.base_url}/api/runs/local/p/r").json()
    assert rows["last_step"] == 1 and rows["state"] == "finished"


def sync(server: Any) -> int:
    code = "from lossboard.cli import main; main()"
    command = [sys.executable, "-c", code, "sync", "wandb", "--server", server.base_url]
    return subprocess.run(command, check=False, capture_output=True).returncode
