"""Projects, views and pages."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from lossboard.wire import Alert, Exit

from .conftest import unpacked


def project_of(writer: Any) -> dict[str, Any]:
    projects = writer.http.get("/api/projects").json()["projects"]
    return next(p for p in projects if p["name"] == writer.start.project)


def test_a_project_counts_its_runs_by_state(server: Any, writer_of: Any) -> None:
    first = writer_of(server, run_id="a")
    second = writer_of(server, run_id="b", project=first.start.project)
    first.log(0, 1, exit=Exit(0, 1))
    second.log(0)
    project = project_of(first)
    assert (project["runs"], project["states"]) == (2, {"finished": 1, "running": 1})
    alone = first.http.get(f"/api/projects/local/{first.start.project}").json()
    assert project | {"sparkline": None} == alone | {"sparkline": None}


def test_a_project_shows_its_loss_as_a_sparkline(writer: Any, eventually: Any) -> None:
    path = f"/api/projects/local/{writer.start.project}"  # a list has it once there is time
    writer.log(0)
    assert writer.http.get(path).json()["sparkline"] is None
    writer.log(1, 2)
    drawn = writer.http.get(path).json()["sparkline"]
    assert drawn == {"key": "loss", "values": [0.0, 1.0, 2.0]}
    eventually(lambda: project_of(writer)["sparkline"] == drawn)


def test_the_last_active_project_comes_first(server: Any, writer_of: Any) -> None:
    first, second = writer_of(server), writer_of(server)
    first.log(0)
    second.log(0)
    first.log(1)
    names = [project["name"] for project in first.http.get("/api/projects").json()["projects"]]
    assert names.index(first.start.project) < names.index(second.start.project)


def test_settings_of_a_project_are_kept(writer: Any) -> None:
    writer.log(0)
    path = f"/api/projects/local/{writer.start.project}"
    answer = writer.http.patch(path, json={"settings": {"panels": [1, {"a": None}]}})
    assert answer.json()["settings"] == {"panels": [1, {"a": None}]}
    missing = writer.http.patch("/api/projects/local/none", json={"settings": {}})
    assert missing.status_code == 404


def test_a_deleted_project_is_no_longer_listed(writer: Any) -> None:
    writer.log(0)
    assert writer.http.delete(f"/api/projects/local/{writer.start.project}").json() == {
        "deleted": 1
    }
    projects = writer.http.get("/api/projects").json()["projects"]
    assert writer.start.project not in [project["name"] for project in projects]


def test_a_view_is_found_by_its_hash(server: Any) -> None:
    url = f"{server.base_url}/api/views"
    state = {"smoothing": 0.6, "runs": [1, 2]}
    digests = {httpx.post(url, json={"state": state}).json()["hash"] for _ in range(2)}
    assert len(digests) == 1
    digest = digests.pop()
    for asked in (digest, digest[:16]):
        assert httpx.get(f"{url}/{asked}").json() == {"state": state}
    for asked in ("nothing", digest[:15], digest[:16] + "g", digest + "0"):
        assert httpx.get(f"{url}/{asked}").status_code == 404


def test_an_answer_that_is_still_right_is_not_sent_again(writer: Any) -> None:
    writer.log(0)
    path = f"/api/runs/{writer.path}"
    tag = writer.http.get(path).headers["etag"]
    assert writer.http.get(path, headers={"If-None-Match": tag}).status_code == 304
    writer.log(1)
    assert writer.http.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.fixture
def site(server_factory: Any, tmp_path: Path) -> Any:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<p>dashboard</p>")
    (tmp_path / "assets" / "main-1.js").write_text("let a = 1;" * 1000)
    return server_factory(web_dir=tmp_path)


def test_every_page_address_answers_the_dashboard(site: Any) -> None:
    for path in ("/", "/local/p", "/local/p/runs/r-1?x=time"):
        answer = httpx.get(site.base_url + path)
        assert answer.text == "<p>dashboard</p>"
        assert answer.headers["cache-control"] == "no-cache"
    assert httpx.get(f"{site.base_url}/robots.txt").status_code == 404
    assert httpx.get(f"{site.base_url}/api/none").headers["content-type"] == "application/json"


def test_assets_are_immutable_and_compressed(site: Any) -> None:
    url = f"{site.base_url}/assets/main-1.js"
    with httpx.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert gzip.decompress(packed) == b"let a = 1;" * 1000
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert httpx.get(f"{site.base_url}/assets/none.js").status_code == 404


def test_without_a_built_dashboard_the_page_says_what_to_run(
    server_factory: Any, tmp_path: Path
) -> None:
    server = server_factory(web_dir=tmp_path / "nothing")
    answer = httpx.get(server.base_url)
    assert answer.status_code == 503 and "npm" in answer.text
    assert httpx.get(f"{server.base_url}/api/projects").status_code == 200


def test_columns_come_as_json_or_as_binary(writer: Any) -> None:
    writer.log(0, 1, 2)
    query = {"runs": [writer.run()["uid"]], "keys": ["loss"]}
    plain = writer.http.post("/api/query/series", json=query).json()
    binary = writer.http.post(
        "/api/query/series", json=query, headers={"Accept": "application/msgpack"}
    )
    assert binary.headers["content-type"] == "application/msgpack"
    columns = msgspec.msgpack.decode(binary.content)["series"][0]["columns"]
    for name, values in plain["series"][0]["columns"].items():
        told = [float(value) for value in values]  # NaN is text in JSON
        assert unpacked(columns)[name].tolist() == pytest.approx(told, rel=0, nan_ok=True)


def test_openapi_describes_bodies_and_answers(server: Any) -> None:
    document = httpx.get(f"{server.base_url}/api/openapi.json").json()
    assert "SeriesQuery" in document["components"]["schemas"]
    body = document["paths"]["/api/query/series"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"]["$ref"].endswith("/SeriesQuery")


def test_alerts_of_all_runs_of_a_project_are_listed_the_newest_first(
    server: Any, writer_of: Any
) -> None:
    first = writer_of(server, run_id="a")
    second = writer_of(server, run_id="b", project=first.start.project)
    first.log(0, alerts=[Alert("Slow", "3 s a step", 5, "WARN")])
    second.log(0, alerts=[Alert("NaN", "at step 0", 4, "ERROR"), Alert("Done", "", 6)])
    path = f"/api/projects/local/{first.start.project}/alerts"
    found = first.http.get(path).json()["alerts"]
    assert [(alert["run_id"], alert["title"]) for alert in found] == [
        ("b", "Done"),
        ("b", "NaN"),
        ("a", "Slow"),
    ]
    assert found[0]["id"] > found[1]["id"] > found[2]["id"]
    assert first.http.get(path, params={"limit": 1}).json()["alerts"] == found[:1]
    first.http.delete(f"/api/runs/{found[0]['run']}")
    left = first.http.get(path).json()["alerts"]
    assert left == found[2:]
    assert first.http.get("/api/projects/local/none/alerts").status_code == 404
