"""Requests over one kept-alive connection, against a real server on a socket."""

from __future__ import annotations

import gc
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lossboard.sending.transport import Transport, Unreachable


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]] = set()

    def do_POST(self) -> None:
        self.connections.add(self.client_address)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/early"):  # answers before it has read what follows, and closes
            self.close_connection = True
        said = f"{self.command} {self.path} {self.headers.get('X-Team')} ".encode() + body
        self.send_response(418)
        self.send_header("Content-Length", str(len(said) + 5 * self.path.endswith("/short")))
        if self.path.endswith("/last/short"):
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said)
        self.close_connection |= self.path.endswith("/short")

    do_GET = do_PUT = do_POST

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def http() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    Echo.connections.clear()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def transport(http: ThreadingHTTPServer) -> Iterator[Transport]:
    made = Transport(
        f"http://127.0.0.1:{http.server_address[1]}/under/",
        timeout_secs=10,
        headers={"X-Team": "a"},
    )
    yield made
    made.close()


def test_prefix_headers_and_body_arrive_over_one_connection(transport: Transport) -> None:
    for number in range(3):
        answer = transport.request("POST", "/x", b"%d" % number)
        assert (answer.status, answer.body) == (418, b"POST /under/x a %d" % number)
    assert len(Echo.connections) == 1


def test_a_path_is_sent_as_the_content_of_the_file(transport: Transport, tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"\0" * 3_000_000)
    assert transport.request("PUT", "/x", file).body == b"PUT /under/x a " + bytes(3_000_000)


def test_an_answer_that_is_cut_off_is_no_answer(transport: Transport) -> None:
    with pytest.raises(Unreachable, match="IncompleteRead"):
        transport.request("GET", "/short")


def test_a_last_answer_that_is_cut_off_leaves_no_socket_open(transport: Transport) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        kept: list[object] = []
        try:
            transport.request("GET", "/last/short")
        except Unreachable as error:
            kept += [error, kept]  # a cycle, as reports of errors often are
        assert kept
        del kept
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


def test_no_server_is_unreachable_and_says_why() -> None:
    transport = Transport("http://127.0.0.1:9", timeout_secs=10)
    with pytest.raises(Unreachable, match="Connection refused"):
        transport.request("GET", "/x")


def test_after_abort_nothing_is_sent(transport: Transport) -> None:
    transport.request("GET", "/x")
    transport.abort()
    with pytest.raises(Unreachable, match="sending was stopped"):
        transport.request("GET", "/x")


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://h", "http://", ""])
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match="expected something like http://127.0.0.1:8080"):
        Transport(url, timeout_secs=1)


def test_https_checks_the_certificate(http: ThreadingHTTPServer, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    transport = Transport(f"https://localhost:{http.server_address[1]}", timeout_secs=10)
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        transport.request("GET", "/x")
