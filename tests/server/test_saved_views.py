"""Saved views and descriptions of runs: two who change different things both keep their change."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest


class Views:
    """The views of one project, as one client sees them."""

    def __init__(self, http: httpx.Client, project: str) -> None:
        self.http = http
        self.project = f"/api/projects/local/{project}"
        self.path = f"{self.project}/views"

    def listed(self) -> dict[str, dict[str, Any]]:
        answer = self.http.get(self.path).raise_for_status().json()
        return {view["name"]: view for view in answer["views"]}

    def put(self, name: str, params: Any, **revision: Any) -> httpx.Response:
        body = {"params": params} | revision
        return self.http.put(self.path, params={"name": name}, json=body)

    def delete(self, name: str, **revision: str) -> httpx.Response:
        return self.http.delete(self.path, params={"name": name} | revision)


@pytest.fixture
def views(writer: Any) -> Views:
    writer.log(0)
    return Views(writer.http, writer.start.project)


def test_each_view_is_saved_and_deleted_by_its_name_alone(views: Views) -> None:
    names = ["A", "B & C/..", "..", "é %2F?#"]
    for number, name in enumerate(names):
        assert views.put(name, {"cols": str(number)}, revision=None).is_success
    assert {n: v["params"]["cols"] for n, v in views.listed().items()} == dict(
        zip(names, "0123", strict=True)
    )
    assert views.delete("..", revision=views.listed()[".."]["revision"]).is_success
    assert list(views.listed()) == ["A", "B & C/..", "é %2F?#"]
    assert views.delete("..").is_success, "it is gone already"
    assert views.http.put(views.path, params={"name": ""}, json={"params": {}}).status_code == 422


def test_a_view_that_changed_meanwhile_is_not_replaced_unless_that_is_wanted(views: Views) -> None:
    first = views.put("A", {"cols": "1"}, revision=None).json()
    theirs = views.put("A", {"cols": "2"}, revision=first["revision"]).json()
    refused = views.put("A", {"cols": "3"}, revision=first["revision"])
    assert refused.status_code == 409
    assert refused.json()["error"]["details"]["present"] == theirs == views.listed()["A"]
    assert views.put("A", {"cols": "2"}, revision=first["revision"]).json() == theirs
    assert views.delete("A", revision=first["revision"]).status_code == 409
    assert views.put("A", {"cols": "3"}, revision=theirs["revision"]).is_success
    assert views.put("A", {"cols": "4"}).is_success, "without a revision, whatever is there"
    assert views.put("A", {"cols": "5"}, revision=None).status_code == 409
    assert views.listed()["A"]["params"] == {"cols": "4"}


def test_a_view_that_was_deleted_meanwhile_is_told(views: Views) -> None:
    first = views.put("A", {"cols": "1"}, revision=None).json()
    assert views.delete("A", revision=first["revision"]).is_success
    refused = views.put("A", {"cols": "2"}, revision=first["revision"])
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"present": None}


def test_settings_of_an_earlier_version_are_read_and_the_rest_of_them_is_kept(views: Views) -> None:
    old = {"views": [{"name": "A", "params": {"cols": "2"}}, "?"], "first_view": "A", "more": [1]}
    views.http.patch(views.project, json={"settings": old}).raise_for_status()
    assert list(views.listed()) == ["A"]
    assert views.put("B", {}, revision=None).is_success
    views.http.patch(views.path, json={"first": "B"}).raise_for_status()
    kept = views.http.get(views.project).json()["settings"]
    assert kept == {
        "views": [{"name": "A", "params": {"cols": "2"}}, "?", {"name": "B", "params": {}}],
        "first_view": "B",
        "more": [1],
    }
    assert views.http.get(views.path).json()["first"] == "B"


def test_views_of_no_project_are_not_found(views: Views) -> None:
    nowhere = Views(views.http, "nowhere")
    assert nowhere.http.get(nowhere.path).status_code == 404
    assert nowhere.put("A", {}, revision=None).status_code == 404
    assert nowhere.delete("A").status_code == 404


def test_the_settings_of_a_project_stay_as_small_as_a_request(
    server_factory: Any, writer_of: Any
) -> None:
    writer = writer_of(server_factory(request_limit_bytes=10_000))
    writer.log(0)
    views = Views(writer.http, writer.start.project)
    assert [views.put(name, {"x": "y" * 4000}).status_code for name in "ABC"] == [200, 200, 413]
    assert list(views.listed()) == ["A", "B"]
    assert views.delete("A").is_success and views.put("C", {"x": "y" * 4000}).is_success


def test_who_listens_to_the_project_is_told_of_its_views(views: Views) -> None:
    project = views.project.removeprefix("/api/projects/")
    with views.http.stream("GET", "/api/events", params={"project": project}) as stream:
        lines = stream.iter_lines()
        next(lines)
        with httpx.Client(base_url=views.http.base_url) as other:
            Views(other, project.partition("/")[2]).put("A", {}).raise_for_status()
        data = next(line for line in lines if line.startswith("data: "))
    change = json.loads(data.removeprefix("data: "))
    assert (change["project"], change["run"], change["what"]) == (project, 0, ["settings"])


def test_an_edit_of_a_run_changes_what_it_names_alone(writer: Any) -> None:
    writer.log(0)
    path = f"/api/runs/{writer.run()['uid']}"
    for tags in ({"tags": ["a", "b"]}, {"add_tags": ["c"]}, {"add_tags": ["d"]}):
        writer.http.patch(path, json=tags).raise_for_status()
    writer.http.patch(path, json={"remove_tags": ["a", "nothing"]}).raise_for_status()
    assert writer.run()["tags"] == ["b", "c", "d"]
    writer.http.patch(path, json={"name": "new", "was": {"name": "r"}}).raise_for_status()
    writer.http.patch(path, json={"notes": "mine", "was": {"notes": ""}}).raise_for_status()
    assert (writer.run()["name"], writer.run()["notes"]) == ("new", "mine")


def test_a_field_of_a_run_that_changed_meanwhile_is_told(writer: Any) -> None:
    writer.log(0)
    path = f"/api/runs/{writer.run()['uid']}"
    writer.http.patch(path, json={"notes": "theirs"}).raise_for_status()
    refused = writer.http.patch(path, json={"notes": "mine", "was": {"notes": ""}})
    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {"present": {"notes": "theirs"}}
    assert writer.run()["notes"] == "theirs"
    again = writer.http.patch(path, json={"notes": "mine", "was": {"notes": "theirs"}})
    assert again.json()["notes"] == "mine"
    assert writer.http.patch(path, json={"notes": "mine", "was": {"notes": "old"}}).is_success
