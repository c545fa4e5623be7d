"""Several runs changed at once."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from lossboard.wire import RunFields

TAGS = {"a": ("old",), "b": (), "c": ("new", "old")}


@pytest.fixture
def runs(server: Any, writer_of: Any) -> list[Any]:
    """Writers of three runs of one project."""
    project = f"bulk-{secrets.token_hex(4)}"
    writers = [writer_of(server, project=project, run_id=run_id) for run_id in TAGS]
    for writer in writers:
        tags = TAGS[writer.start.run_id]
        writer.log(0, fields=RunFields(tags=tags)).raise_for_status()
    return writers


def uids(runs: list[Any]) -> list[int]:
    return [writer.run()["uid"] for writer in runs]


def test_tags_are_added_and_removed_and_the_others_kept(runs: list[Any]) -> None:
    edit = {"runs": uids(runs), "add_tags": ["new"], "remove_tags": ["nothing"]}
    runs[0].http.patch("/api/runs", json=edit).raise_for_status()
    assert [writer.run()["tags"] for writer in runs] == [["old", "new"], ["new"], ["new", "old"]]
    edit = {"runs": uids(runs[:2]), "remove_tags": ["old"]}
    runs[0].http.patch("/api/runs", json=edit).raise_for_status()
    assert [writer.run()["tags"] for writer in runs] == [["new"], ["new"], ["new", "old"]]


def test_group_and_colour_are_set_and_taken_back(runs: list[Any]) -> None:
    for group, color in (("sweep", "#123456"), ("", "")):
        edit = {"runs": uids(runs), "group": group, "color": color}
        runs[0].http.patch("/api/runs", json=edit).raise_for_status()
        assert {(w.run()["group"], w.run()["color"]) for w in runs} == {(group, color)}


def test_runs_are_deleted_and_restored_together(runs: list[Any]) -> None:
    chosen = {"runs": uids(runs[:2])}
    runs[0].http.post("/api/runs/delete", json=chosen).raise_for_status()
    gone = [w.http.get(f"/api/runs/{w.path}").status_code for w in runs]
    assert gone == [410, 410, 200]
    runs[0].http.post("/api/runs/restore", json=chosen).raise_for_status()
    assert [w.run()["state"] for w in runs] == ["running"] * 3


def test_if_one_of_them_is_not_there_none_is_changed(runs: list[Any]) -> None:
    chosen = uids(runs)
    edit = {"runs": [*chosen, 2**40], "group": "sweep"}
    assert runs[0].http.patch("/api/runs", json=edit).status_code == 404
    assert {writer.run()["group"] for writer in runs} == {""}
    assert runs[0].http.post("/api/runs/delete", json={"runs": []}).status_code == 422
