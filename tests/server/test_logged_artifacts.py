"""Artifacts of the native door become versions when everything of them has come."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from lossboard.wire import ArtifactEntry, ArtifactPart, LoggedArtifact, UsedArtifact


def blob(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry(path: str, content: bytes) -> ArtifactEntry:
    md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
    return ArtifactEntry(path, md5, len(content), blob(content))


def logged(*entries: ArtifactEntry, name: str = "ds", type: str = "dataset", **more: Any) -> Any:
    """The parts of a record that announce an artifact of these entries."""
    client_id = hashlib.md5(repr((name, entries)).encode()).hexdigest()
    artifact = LoggedArtifact(
        client_id=client_id,
        name=name,
        type=type,
        digest=client_id,
        entry_count=len(entries),
        **more,
    )
    return {"artifacts": [artifact], "artifact_parts": [ArtifactPart(client_id, list(entries))]}


class Project:
    """The artifacts of a writer's project."""

    def __init__(self, writer: Any) -> None:
        self.http = writer.http
        self.path = f"/api/projects/{writer.start.entity}/{writer.start.project}/artifacts"

    def put(self, *contents: bytes) -> None:
        for content in contents:
            self.http.put(f"/api/blobs/{blob(content)}", content=content).raise_for_status()

    def get(self, name: str) -> Any:
        return self.http.get(f"{self.path}/{name}")


@pytest.fixture
def project(writer: Any) -> Project:
    return Project(writer)


def test_an_artifact_is_a_version_once_its_last_blob_is_here(writer: Any, project: Project) -> None:
    writer.send(**logged(entry("a", b"one-a"), entry("b", b"one-b"), aliases=("best",)))
    project.put(b"one-a")
    assert project.get("ds/latest").status_code == 404
    project.put(b"one-b")
    found = project.get("ds/best").json()
    assert (found["version"], found["state"], found["aliases"]) == (
        0,
        "COMMITTED",
        ["best", "latest"],
    )
    assert (found["file_count"], found["size_bytes"]) == (2, 10)
    assert found["run"]["run_id"] == "r"


def test_blobs_may_come_before_the_record(writer: Any, project: Project) -> None:
    project.put(b"early")
    writer.send(**logged(entry("a", b"early")))
    assert project.get("ds/v0").json()["version"] == 0


def test_entries_may_come_in_several_records(writer: Any, project: Project) -> None:
    project.put(b"x", b"y")
    whole = logged(entry("a", b"x"), entry("b", b"y"))
    [artifact], [part] = whole["artifacts"], whole["artifact_parts"]
    first, second = (ArtifactPart(part.client_id, [one]) for one in part.entries)
    writer.send(artifacts=[artifact], artifact_parts=[first])
    assert project.get("ds/v0").status_code == 404
    writer.send(artifact_parts=[second])
    number = project.get("ds/v0").json()["id"]
    paths = project.http.get(f"/api/artifacts/{number}/entries").json()["entries"]
    assert [one["path"] for one in paths] == ["a", "b"]


def test_the_same_content_is_the_same_version(writer: Any, project: Project) -> None:
    project.put(b"same")
    for alias in ("first", "second"):
        writer.send(**logged(entry("a", b"same"), aliases=(alias,)))
    versions = project.get("ds").json()["versions"]
    assert [(one["version"], one["aliases"]) for one in versions] == [
        (0, ["first", "latest", "second"])
    ]


def test_a_wrong_type_is_a_notice_and_the_record_is_kept(writer: Any, project: Project) -> None:
    project.put(b"t")
    writer.send(**logged(entry("a", b"t")))
    answer = writer.log(1, **logged(entry("b", b"t"), type="model"))
    assert answer.status_code == 200
    kinds = {notice["kind"]: notice["text"] for notice in writer.run()["notices"]}
    assert set(kinds) == {"artifact_refused"}
    assert writer.points() == {1: 1.0}


def test_lineage_names_the_runs(writer: Any, project: Project) -> None:
    project.put(b"l")
    whole = logged(entry("a", b"l"))
    client_id = whole["artifacts"][0].client_id
    writer.send(**whole, used_artifacts=[UsedArtifact(client_id=client_id)])
    found = project.http.get(f"/api/artifacts/by_client_id/{client_id}").json()
    runs = project.http.get(f"/api/artifacts/{found['id']}/runs").json()
    assert runs["logged_by"]["run_id"] == "r"
    assert [run["run_id"] for run in runs["used_by"]] == ["r"]
    of_run = project.http.get(f"/api/runs/{writer.run()['uid']}/artifacts").json()
    assert [len(of_run[side]) for side in ("logged", "used")] == [1, 1]


def test_an_artifact_can_be_edited_linked_and_deleted(writer: Any, project: Project) -> None:
    project.put(b"e")
    writer.send(**logged(entry("a", b"e")))
    path = f"/api/artifacts/{project.get('ds/v0').json()['id']}"
    edit = {"description": "d", "add_aliases": ["good"], "remove_aliases": ["latest"]}
    edited = project.http.patch(path, json=edit).raise_for_status().json()
    assert (edited["description"], edited["aliases"]) == ("d", ["good"])
    place = {"entity": "local", "project": writer.start.project, "collection": "shelf"}
    linked = project.http.post(f"{path}/link", json=place).raise_for_status().json()
    assert (linked["collection"], linked["source"]["collection"]) == ("shelf", "ds")
    assert project.http.delete(path).status_code == 409
    project.http.delete(path, params={"delete_aliases": True}).raise_for_status()
    assert project.get("shelf/latest").status_code == project.get("ds/good").status_code == 404


def test_an_upload_that_a_restart_interrupts_goes_on(own_server: Any, writer_of: Any) -> None:
    writer = writer_of(own_server)
    project = Project(writer)
    writer.send(**logged(entry("a", b"late")))
    own_server.restart()
    project.put(b"late")
    assert project.get("ds/v0").json()["state"] == "COMMITTED"


def numbers_of(project: Project) -> dict[int, list[str]]:
    """Number and aliases of the versions that are there, the newest first."""
    versions = project.get("ds").json()["versions"]
    return {one["version"]: one["aliases"] for one in versions}


def test_versions_have_the_order_of_their_records_whatever_blob_comes_first(
    writer: Any, project: Project
) -> None:
    contents = [f"rows {number}".encode() for number in range(4)]
    for content in contents:
        writer.send(**logged(entry("a", content), aliases=("newest",)))
    for number in (2, 0, 3, 1):
        project.put(contents[number])
    assert numbers_of(project) == {3: ["latest", "newest"], 2: [], 1: [], 0: []}
    for number, content in enumerate(contents):
        found = project.get(f"ds/v{number}").json()
        entries = project.http.get(f"/api/artifacts/{found['id']}/entries").json()["entries"]
        assert [one["sha256"] for one in entries] == [blob(content)]


def test_a_version_whose_blob_never_comes_holds_up_no_other(writer: Any, project: Project) -> None:
    for content in (b"1st", b"never", b"3rd"):
        writer.send(**logged(entry("a", content)))
    project.put(b"1st")
    assert numbers_of(project) == {0: ["latest"]}
    assert project.get("ds").json()["collection"]["versions"] == 1
    project.put(b"3rd")
    assert numbers_of(project) == {2: ["latest"], 0: []}
    assert project.get("ds/v1").status_code == 404


def test_a_late_blob_takes_no_alias_from_what_was_logged_after_it(
    writer: Any, project: Project
) -> None:
    writer.send(**logged(entry("a", b"late"), aliases=("best", "only")))
    project.put(b"again")
    writer.send(**logged(entry("a", b"again"), aliases=("best",)))
    project.put(b"late")
    assert numbers_of(project) == {1: ["best", "latest"], 0: ["only"]}


def test_an_alias_that_was_set_meanwhile_stays_where_it_was_set(
    writer: Any, project: Project
) -> None:
    project.put(b"held before")
    writer.send(**logged(entry("a", b"held before")))
    writer.send(**logged(entry("a", b"held later"), aliases=("best",)))
    path = f"/api/artifacts/{project.get('ds/v0').json()['id']}"
    project.http.patch(path, json={"add_aliases": ["best"]}).raise_for_status()
    project.put(b"held later")
    assert numbers_of(project) == {1: ["latest"], 0: ["best"]}


def test_content_that_is_logged_again_while_others_wait_is_the_latest(
    writer: Any, project: Project
) -> None:
    for content in (b"twice", b"once", b"twice"):
        writer.send(**logged(entry("a", content)))
    project.put(b"once", b"twice")
    assert numbers_of(project) == {1: [], 0: ["latest"]}
    writer.send(**logged(entry("a", b"once")))
    assert numbers_of(project) == {1: ["latest"], 0: []}


def test_a_blob_that_several_artifacts_share_completes_them_in_their_order(
    writer: Any, project: Project
) -> None:
    for number in range(3):
        alone = f"of {number}".encode()
        writer.send(**logged(entry("a", alone), entry("b", b"shared")))
        project.put(alone)
    assert project.get("ds/latest").status_code == 404
    project.put(b"shared")
    assert numbers_of(project) == {2: ["latest"], 1: [], 0: []}


def test_an_artifact_is_complete_in_whatever_order_its_blobs_come(
    writer: Any, project: Project
) -> None:
    contents = [f"part {number}".encode() for number in range(450)]  # three pages of entries
    entries = [entry(f"{number:03}", content) for number, content in enumerate(contents)]
    writer.send(**logged(*entries))
    for number in (449, *range(0, 449, 2), *range(447, 1, -2)):
        project.put(contents[number])
        assert project.get("ds/v0").status_code == 404
    project.put(contents[1])
    assert project.get("ds/v0").json()["file_count"] == 450


def test_a_deleted_collection_is_begun_anew_with_what_comes_after(
    writer: Any, project: Project
) -> None:
    # No other test may have uploaded these: all share a server.
    gone, kept, new = (f"{word} {project.path}".encode() for word in ("gone", "kept", "new"))
    writer.send(**logged(entry("a", gone), entry("b", kept)))
    project.put(gone)
    project.http.delete(f"{project.path}/ds").raise_for_status()
    project.put(kept)
    writer.send(**logged(entry("a", new), entry("b", kept)))
    assert project.get("ds/v0").status_code == 404
    project.put(new)
    assert numbers_of(project) == {0: ["latest"]}


def test_entries_that_come_twice_count_once(writer: Any, project: Project) -> None:
    project.put(b"counted", b"not yet")
    whole = logged(entry("a", b"counted"), entry("b", b"not yet"))
    [artifact], [part] = whole["artifacts"], whole["artifact_parts"]
    first, second = (ArtifactPart(part.client_id, [one]) for one in part.entries)
    writer.send(artifacts=[artifact], artifact_parts=[first])
    writer.send(artifacts=[artifact], artifact_parts=[first])
    assert project.get("ds/v0").status_code == 404
    writer.send(artifact_parts=[second])
    assert project.get("ds/v0").json()["file_count"] == 2
