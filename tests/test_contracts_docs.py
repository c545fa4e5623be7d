"""Every setting and every route stands in the documentation, and errors have one shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from lossboard import Settings as ClientSettings
from lossboard_server.app import create_app
from lossboard_server.settings import ENVIRONMENT_PREFIX
from lossboard_server.settings import Settings as ServerSettings

DOCS = Path(__file__).parents[1] / "docs"
ROUTE = re.compile(r"\b(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^\s`?]*)")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    app = create_app(ServerSettings(data_dir=tmp_path / "data"))
    yield app
    app.state.services.close()


def without_names(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def test_every_setting_of_the_server_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    names = [ENVIRONMENT_PREFIX + setting.name.upper() for setting in fields(ServerSettings)]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_setting_of_the_client_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text()
    names = [name for name, _ in ClientSettings()]
    assert names
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_route_is_documented(app: FastAPI) -> None:
    text = (DOCS / "http_api.md").read_text()
    documented = {(method, without_names(path)) for method, path in ROUTE.findall(text)}
    routes = {
        (method.upper(), without_names(path))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert len(routes) > 20
    assert sorted(routes - documented) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/api/no/such/route", 404, id="no such route"),
        pytest.param("GET", "/api/runs/a/b/c", 404, id="no such run"),
        pytest.param("DELETE", "/api/health", 405, id="wrong method"),
        pytest.param("POST", "/api/query/series", 422, id="no body"),
        pytest.param("GET", "/api/projects/a/b/runs?limit=x", 422, id="wrong parameter"),
        pytest.param("PUT", f"/api/blobs/{'0' * 64}", 422, id="wrong hash"),
    ],
)
def test_errors_have_one_shape(server: Any, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, server.base_url + path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"code", "message", "details"}
    assert error["code"] and error["message"]
