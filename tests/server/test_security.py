"""What a server on a developer's machine must withstand."""

from __future__ import annotations

import hashlib
import re
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from lossboard.wire import FileEntry
from lossboard_server.app import create_app
from lossboard_server.settings import Settings
from lossboard_server.writing.names import RESERVED_ENTITIES


def get(server: Any, path: str, **headers: str) -> httpx.Response:
    return httpx.get(server.base_url + path, headers=headers)


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8080", "", "127.0.0.1.a"])
def test_a_foreign_host_is_refused_everywhere(server: Any, host: str) -> None:
    for path in ("/", "/api/health", "/api/projects"):
        answer = get(server, path, Host=host)
        assert answer.status_code == 403
        assert "ALLOWED_HOSTS" in answer.json()["error"]["message"]


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "[::1]:80", "LOCALHOST"])
def test_loopback_names_are_answered(server: Any, host: str) -> None:
    assert get(server, "/api/health", Host=host).status_code == 200


def test_a_host_can_be_allowed(server_factory: Any) -> None:
    server = server_factory(allowed_hosts="lab, box.lan")
    assert get(server, "/api/health", Host="box.lan:8080").status_code == 200
    assert get(server, "/api/health", Host="other.lan").status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example.com", "null", "http://127.0.0.1:1", "http://["]
)
def test_pages_of_other_sites_change_nothing(server: Any, writer: Any, origin: str) -> None:
    writer.log(0)
    uid = writer.run()["uid"]
    answer = httpx.delete(f"{server.base_url}/api/runs/{uid}", headers={"Origin": origin})
    assert answer.status_code == 403
    assert writer.run()["uid"] == uid


def test_the_dashboard_itself_may_change_things(server: Any, writer: Any) -> None:
    writer.log(0)
    answer = httpx.patch(
        f"{server.base_url}/api/runs/{writer.run()['uid']}",
        json={"notes": "seen"},
        headers={"Origin": server.base_url},
    )
    assert answer.json()["notes"] == "seen"


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nope", "/local/p/runs/r"])
def test_every_answer_has_the_policy(server: Any, path: str) -> None:
    headers = get(server, path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers


def test_only_explore_allows_inline_styles(server_factory: Any, tmp_path: Path) -> None:
    for name in ("index.html", "explore.html"):
        (tmp_path / name).write_text("<p>")
    server = server_factory(web_dir=tmp_path)
    policy = get(server, "/explore.html").headers["content-security-policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy and "script-src 'self';" in policy


def test_every_first_path_segment_of_a_route_is_a_reserved_entity(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path / "data"))
    app.state.services.close()
    paths = [getattr(route, "path", "") for route in all_routes(app)]
    segments = {path.split("/")[1] for path in paths if path.count("/")}
    fixed = {segment for segment in segments if segment and "{" not in segment}
    assert {"api", "graphql", "assets"} <= fixed
    assert sorted(fixed - RESERVED_ENTITIES) == []


def all_routes(app: Any) -> list[Any]:
    """Routes of the app and of the routers it includes."""
    found, waiting = [], list(app.routes)
    while waiting:
        route = waiting.pop()
        found.append(route)
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        waiting += getattr(inner, "routes", [])
    return found


@pytest.mark.parametrize("entity", ["api", "graphql", "assets", "a/b", "..", "", "a?b", "x" * 200])
def test_names_that_would_break_addresses_are_refused(
    server: Any, writer_of: Any, entity: str
) -> None:
    for names in ({"entity": entity}, {"project": f"{entity}/x"}, {"run_id": f"{entity}\\x"}):
        assert writer_of(server, **names).log(0).status_code == 422


NASTY = ["../../../etc/passwd", "/etc/passwd", "a\\..\\b", "%2e%2e/x", "nul\x00", "CON", "a//b"]


@pytest.mark.parametrize("name", NASTY)
def test_a_file_name_is_only_a_name(server: Any, writer: Any, name: str) -> None:
    content = name.encode()
    sha256 = hashlib.sha256(content).hexdigest()
    httpx.put(f"{server.base_url}/api/blobs/{sha256}", content=content).raise_for_status()
    writer.send(files=[FileEntry(name, sha256, len(content), 1)]).raise_for_status()
    uid = writer.run()["uid"]
    files = writer.http.get(f"/api/runs/{uid}/files").json()["files"]
    assert [file["name"] for file in files] == [name]
    stored = {path.name for path in (server.data_dir / "blobs").rglob("*") if path.is_file()}
    assert all(re.fullmatch("[0-9a-f]{64}", entry) for entry in stored)


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/assets/../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/index.html",
        "/api/blobs/..%2f..%2fserver.lock",
    ],
)
def test_a_path_never_leaves_what_is_served(server: Any, path: str) -> None:
    host = server.base_url.removeprefix("http://")
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = raw_answer(server.port, request.encode())
    assert b"root:" not in answer and not answer.startswith(b"HTTP/1.1 5")


def raw_answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_variables_nested_without_end_are_refused(server: Any) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    body = f'{{"query": "{{viewer{{id}}}}", "variables": {{"a": {deep}}}}}'
    answer = httpx.post(server.base_url + "/graphql", content=body)
    assert answer.status_code == 422
    assert "deeply" in answer.json()["error"]["message"]


@pytest.mark.parametrize("part", ["config", "summaryMetrics"])
@pytest.mark.parametrize("levels", [101, 100_000])
def test_a_run_nested_too_deeply_is_refused_by_the_official_door(
    server: Any, part: str, levels: int
) -> None:
    given = {"name": "deep", part: '{"net": ' + "[" * levels + "]" * levels + "}"}
    question = {
        "query": f"mutation U($name: String, ${part}: JSONString) {{ upsertBucket(input:"
        f' {{name: $name, modelName: "p", {part}: ${part}}}) {{ bucket {{ id }} }} }}',
        "variables": given,
    }
    answer = httpx.post(f"{server.base_url}/graphql", json=question).json()
    message = answer["errors"][0]["message"]
    assert "flatter" in message
    if levels == 101:
        assert "'net'" in message and "101 levels; at most 100" in message


def test_a_filter_nested_without_end_is_refused(server: Any, writer: Any) -> None:
    writer.log(0)
    nested = '{"state": ' + '{"$not": ' * 300 + '{"$eq": 1}' + "}" * 301
    address = f"{server.base_url}/api/projects/local/{writer.start.project}/runs"
    assert httpx.get(address, params={"filter": nested}).status_code == 422


def test_fragments_that_double_are_refused(server: Any) -> None:
    spreads = [f"fragment f{n} on U {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40)]
    document = " ".join(["{ viewer { ...f0 } }", *spreads, "fragment f40 on U { id }"])
    answer = httpx.post(f"{server.base_url}/graphql", json={"query": document})
    assert "fragments" in answer.json()["errors"][0]["message"]


def test_bodies_are_limited(server_factory: Any) -> None:
    server = server_factory(request_limit_bytes=1000, blob_limit_bytes=1000)
    large = b"x" * 2000
    sha256 = hashlib.sha256(large).hexdigest()
    views = httpx.post(f"{server.base_url}/api/views", content=large)
    blobs = httpx.put(f"{server.base_url}/api/blobs/{sha256}", content=iter([large]))
    assert (views.status_code, blobs.status_code) == (413, 413)
    assert not list((server.data_dir / "blobs" / "incoming").iterdir())
