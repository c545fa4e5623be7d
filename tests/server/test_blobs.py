"""File contents: stored under their hash or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lossboard.wire import FileEntry
from lossboard_server.blobs import BlobStore
from lossboard_server.errors import Invalid


def url_of(server: Any, content: bytes) -> str:
    return f"{server.base_url}/api/blobs/{hashlib.sha256(content).hexdigest()}"


def test_a_blob_is_there_once_it_was_stored(server: Any) -> None:
    content = secrets.token_bytes(100_000)
    url = url_of(server, content)
    assert httpx.head(url).status_code == 404
    assert httpx.put(url, content=content).status_code == 201
    assert httpx.put(url, content=content).status_code == 200
    assert httpx.head(url).status_code == 200
    assert httpx.get(url).content == content


def test_bytes_with_another_hash_are_refused_and_leave_nothing(server: Any) -> None:
    url = url_of(server, secrets.token_bytes(10))
    assert httpx.put(url, content=b"something else").status_code == 422
    assert httpx.head(url).status_code == 404


@pytest.mark.parametrize(
    ("asked", "shown", "disposition"),
    [
        ("image/png", "image/png", "inline"),
        ("application/xhtml+xml", "application/octet-stream", "attachment"),
        ("text/javascript", "application/octet-stream", "attachment"),
    ],
)
def test_only_types_that_never_run_are_shown(
    server: Any, asked: str, shown: str, disposition: str
) -> None:
    content = secrets.token_bytes(10)
    url = url_of(server, content)
    httpx.put(url, content=content)
    headers = httpx.get(url, params={"type": asked}).headers
    assert headers["content-type"].startswith(shown)
    assert headers["content-disposition"] == disposition


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml"])
def test_what_could_run_is_shown_in_an_origin_of_its_own(server: Any, kind: str) -> None:
    url = url_of(server, b"<script>1</script>")
    httpx.put(url, content=b"<script>1</script>")
    policy = httpx.get(url, params={"type": kind}).headers["content-security-policy"]
    assert policy.startswith("sandbox") and "default-src 'none'" in policy
    assert "allow-same-origin" not in policy


def test_a_file_of_a_run_is_a_download(server: Any, writer: Any) -> None:
    content = secrets.token_bytes(10)
    sha256 = hashlib.sha256(content).hexdigest()
    writer.send(files=[FileEntry("media/images/a.html", sha256, 10, 1, "text/html")])
    path = f"{server.base_url}/api/runs/{writer.run()['uid']}/files/media/images/a.html"
    assert httpx.get(path).status_code == 404
    httpx.put(url_of(server, content), content=content)
    answer = httpx.get(path)
    assert answer.content == content
    assert answer.headers["content-disposition"] == 'attachment; filename="a.html"'


def test_ranges_of_a_blob_have_one_tag_however_often_it_was_asked_for(server: Any) -> None:
    content = secrets.token_bytes(1000)
    url = url_of(server, content)
    httpx.put(url, content=content)
    first = httpx.get(url, headers={"Range": "bytes=0-99"})
    again = {"Range": "bytes=100-", "If-Range": first.headers["etag"]}
    rest = httpx.get(url, headers=again)
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == content
    assert rest.headers["last-modified"] == first.headers["last-modified"]


async def chunks_of(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def test_unused_blobs_are_removed_and_asking_keeps_one(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 1000)
    names = [hashlib.sha256(content).hexdigest() for content in (b"old", b"asked")]
    for name, content in zip(names, (b"old", b"asked"), strict=True):
        asyncio.run(store.receive(name, chunks_of(content)))
        os.utime(store.path(name), (0, 0))
    assert store.has(names[1])
    assert store.unused(unused_secs=60) == [names[0]]
    assert [store.remove_unused(name, unused_secs=60) for name in names] == [True, False]


def test_a_transfer_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path, 1000)
    with pytest.raises(Invalid):
        asyncio.run(store.receive(hashlib.sha256(b"whole").hexdigest(), chunks_of(b"wh", b"o")))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_a_killed_server_left_half_received_is_removed(own_server: Any) -> None:
    incoming = own_server.data_dir / "blobs" / "incoming"
    own_server.kill()
    (incoming / "tmpabcdef").write_bytes(bytes(100_000))
    own_server.start()
    assert list(incoming.iterdir()) == []
    content = secrets.token_bytes(10)
    assert httpx.put(url_of(own_server, content), content=content).status_code == 201
