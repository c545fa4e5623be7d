"""Every setting and every route stands in the documentation, and errors have one shape."""

from __future__ import annotations

import re
import subprocess
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

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# A file's path in a text; not the end of an address, and no bare name.
PATH = re.compile(
    r"(?<![\w/.:@$}-])((?:\.\./)*(?:[\w-]+/)+[\w.-]+\.(?:md|py|tsx?|toml|css))\b(?!/)"
)
NOTES = re.compile(r"(?<![\w/.-])(?:\.\./)*(?:design|spec|research|prototypes|shared)/[\w.*-]")
READ_FROM = (".", "docs", "client/lossboard", "server/lossboard_server", "web", "web/src", "tests")
ROUTE = re.compile(r"\b(GET|HEAD|POST|PUT|PATCH|DELETE) (/[^\s`?]*)")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    app = create_app(ServerSettings(data_dir=tmp_path / "data"))
    yield app
    app.state.services.close()


def without_names(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def texts() -> Iterator[tuple[Path, str]]:
    """All text files that git tracks or would track, but for the list of packages."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in (ROOT / line for line in listing.splitlines()):
        if path.is_file() and path.suffix not in (".png", ".gz") and "lock" not in path.name:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def leads_somewhere(reference: str, file: Path) -> bool:
    return any(
        (place / reference).exists() for place in (file.parent, *map(ROOT.joinpath, READ_FROM))
    )


def test_no_text_leads_to_a_file_outside_the_repository() -> None:
    """Paths that tests make up for their scripts are theirs; to notes beside the repository nobody
    leads."""
    lost = {
        f"{path.relative_to(ROOT)}: {found}"
        for path, text in texts()
        if path != Path(__file__)
        for found in [*NOTES.findall(text), *PATH.findall(text)]
        if not leads_somewhere(found, path)
        if not (path.is_relative_to(ROOT / "tests") and PATH.fullmatch(found))
    }
    assert sorted(lost) == []


def section(title: str) -> str:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_one_place_of_each_concept_exists() -> None:
    lines = [line for line in section("4. One place for each concept").splitlines() if "`" in line]
    cells = [re.findall(r"`([\w./]+)`", line.split("|")[2]) for line in lines if line[:1] == "|"]
    assert len(cells) > 10
    missing = []
    for first, *others in cells:
        beside = ROOT / first if first.endswith("/") else (ROOT / first).parent
        named = [name for name in others if "/" in name or "." in name]
        places = [ROOT / first, *(ROOT / n if "/" in n else beside / n for n in named)]
        missing += [place for place in places if not place.exists()]
    assert missing == []


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
