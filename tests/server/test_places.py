"""Projects that are renamed and described, runs that are moved: old names lead to them."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from lossboard.wire import Alert


def own_name() -> str:
    return f"place-{secrets.token_hex(4)}"


def rename(writer: Any, before: str, after: str) -> Any:
    return writer.http.patch(f"/api/projects/local/{before}", json={"name": after})


def move(writer: Any, project: str) -> Any:
    wanted = {"runs": [writer.run()["uid"]], "project": project}
    return writer.http.post("/api/runs/move", json=wanted)


def run_at(writer: Any, project: str, run_id: str = "r") -> Any:
    return writer.http.get(f"/api/runs/local/{project}/{run_id}")


def ids_in(writer: Any, project: str) -> list[str]:
    answer = writer.http.get(f"/api/projects/local/{project}/runs").raise_for_status()
    return [run["run_id"] for run in answer.json()["runs"]]


def test_a_renamed_project_is_found_by_both_names_and_goes_on(server: Any, writer_of: Any) -> None:
    first, after = writer_of(server), own_name()
    before = first.start.project
    first.log(0)
    assert rename(first, before, after).json()["name"] == after
    assert first.log(1).json()["run"]["project"] == after
    later = writer_of(server, project=before, run_id="late")
    assert later.log(0).json()["run"]["project"] == after
    for name in (before, after):
        assert run_at(first, name).json()["project"] == after
        assert ids_in(first, name) == ["late", "r"]
        assert first.http.get(f"/api/projects/local/{name}").json()["name"] == after
    listed = [project["name"] for project in first.http.get("/api/projects").json()["projects"]]
    assert after in listed and before not in listed


def test_a_name_that_a_project_has_is_refused_and_one_that_it_had_is_taken_over(
    server: Any, writer_of: Any
) -> None:
    first, second, between = writer_of(server), writer_of(server), own_name()
    first.log(0)
    second.log(0)
    one, two = first.start.project, second.start.project
    refused = rename(first, one, two)
    assert refused.status_code == 409 and two in refused.json()["error"]["message"]
    assert rename(first, one, "a/b").status_code == 422
    rename(first, one, between).raise_for_status()
    rename(second, two, one).raise_for_status()
    assert run_at(first, one).json()["uid"] == run_at(first, two).json()["uid"]
    assert run_at(first, between).json()["uid"] != run_at(first, one).json()["uid"]
    rename(first, between, own_name()).raise_for_status()
    assert rename(second, one, between).json()["name"] == between


def test_a_description_is_kept_unless_it_was_changed_meanwhile(writer: Any) -> None:
    writer.log(0)
    path = f"/api/projects/local/{writer.start.project}"
    kept = writer.http.patch(path, json={"description": "Baselines", "was": ""}).json()
    assert kept["description"] == "Baselines"
    clash = writer.http.patch(path, json={"description": "Mine", "was": ""})
    assert clash.status_code == 409
    assert clash.json()["error"]["details"]["present"] == {"description": "Baselines"}
    assert writer.http.patch(path, json={"unknown": 1}).status_code == 422
    assert writer.http.get(path).json() == kept


def test_a_moved_run_is_found_from_both_projects_and_goes_on_logging(
    server: Any, writer_of: Any
) -> None:
    writer, beside, target = writer_of(server), writer_of(server), own_name()
    before = writer.start.project
    writer.log(0)
    beside.log(0)
    seen = writer.http.get(f"/api/projects/local/{before}/runs").json()["version"]
    uid = writer.run()["uid"]
    move(writer, target).raise_for_status()
    assert writer.log(1).json()["run"]["project"] == target
    assert run_at(writer, before).json()["project"] == target
    assert writer.points() == {0: 0.0, 1: 1.0}
    assert (ids_in(writer, before), ids_in(writer, target)) == ([], ["r"])
    changes = {"since": seen}
    news = writer.http.get(f"/api/projects/local/{before}/runs", params=changes).json()
    assert (news["gone"], news["runs"], news["total"]) == ([uid], [], 0)
    resumed = writer_of(server, project=before, opens="resume")
    assert resumed.log(2).json()["run"]["uid"] == uid
    assert resumed.http.get(f"/api/resume/local/{before}/r").json()["exists"]


def test_a_run_that_comes_back_has_its_old_place_in_the_order(server: Any, writer_of: Any) -> None:
    first = writer_of(server)
    before = first.start.project
    first.log(0)
    slot = first.run()["slot"]
    move(first, own_name()).raise_for_status()
    second = writer_of(server, project=before, run_id="next")
    second.log(0)
    assert second.run()["slot"] == slot + 1
    move(first, before).raise_for_status()
    assert first.run()["slot"] == slot and ids_in(first, before) == ["next", "r"]


def test_a_run_is_not_moved_over_another_one_of_its_id(server: Any, writer_of: Any) -> None:
    first, second = writer_of(server), writer_of(server)
    first.log(0)
    second.log(0)
    for blocked in (True, False):
        refused = move(first, second.start.project)
        assert refused.status_code == 409 and "'r'" in refused.json()["error"]["message"]
        assert ids_in(first, first.start.project) == ["r"]
        if blocked:  # the id of a run that was moved on stays taken too
            move(second, own_name()).raise_for_status()
    assert move(first, "a/b").status_code == 422
    wanted = {"runs": [2**40], "project": own_name()}
    assert first.http.post("/api/runs/move", json=wanted).status_code == 404


@pytest.mark.parametrize("kind", ["project", "run"])
def test_pages_of_the_former_place_hear_of_the_change(writer: Any, kind: str) -> None:
    before, after = writer.start.project, own_name()
    writer.log(0)
    uid = writer.run()["uid"]
    address = f"/api/events?project=local/{before}"
    with writer.http.stream("GET", address) as stream:
        lines = stream.iter_lines()
        next(lines)
        change = rename(writer, before, after) if kind == "project" else move(writer, after)
        change.raise_for_status()
        told = next(line for line in lines if line.startswith("data:") and before in line)
    assert f'"run":{0 if kind == "project" else uid}' in told


def test_an_alert_has_the_step_that_its_run_had_come_to(writer: Any) -> None:
    writer.log(0, 7)
    writer.send(alerts=[Alert("Here", "", 5), Alert("There", "", 6, step=3)])
    path = f"/api/projects/local/{writer.start.project}/alerts"
    for alerts in (writer.run()["alerts"][::-1], writer.http.get(path).json()["alerts"]):
        assert [alert["step"] for alert in alerts] == [3, 7]
