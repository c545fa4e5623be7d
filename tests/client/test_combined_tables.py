"""Joined and partitioned tables in the history: files of artifacts, named by their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import lossboard
from lossboard.artifacts import Artifact
from lossboard.data_types import JoinedTable, PartitionedTable

from .conftest import Script, the_run

SYNC = "import sys; from lossboard.cli import main; sys.exit(main())"


def sides() -> tuple[lossboard.Table, lossboard.Table]:
    return (
        lossboard.Table(columns=["id", "score"], data=[[1, 0.5], [2, 0.75]]),
        lossboard.Table(columns=["id", "name"], data=[[2, "dog"], [4, "cat"]]),
    )


def parts() -> tuple[Artifact, PartitionedTable]:
    artifact, table = Artifact("parts", "dataset"), PartitionedTable("of")
    for number in (1, 2):
        part = lossboard.Table(columns=["n", "page"], data=[[number, lossboard.Html(str(number))]])
        artifact.add(part, f"of/{number}")
    artifact.add(table, "whole")
    return artifact, table


def logged_values(key: str) -> list[Any]:
    return [row[key] for row in the_run().scan_history(keys=[key])]


def artifact_of(key: str) -> Any:
    """The artifact that a key of the run was logged as, read anew from the server."""
    run = the_run()
    [found] = [one for one in run.logged_artifacts() if one.name == f"run-{run.id}-{key}:v0"]
    return found


@pytest.mark.covers("JoinedTable")
@pytest.mark.parametrize("key", ["id", ["id", "id"]], ids=["one name", "a name of each"])
def test_a_joined_table_is_an_artifact_that_the_history_names(
    api: lossboard.Api, key: str | list[str]
) -> None:
    with lossboard.init() as run:
        run.log({"joined": JoinedTable(*sides(), key)})
    [value] = logged_values("joined")
    artifact = artifact_of("joined")
    assert artifact.type == "run_table"
    assert set(value) == {"_type", "artifact_path"} and value["_type"] == "joined-table"
    client_id = value["artifact_path"].split("/")[2]
    assert value["artifact_path"].endswith("/joined.joined-table.json")
    assert str(api.artifact_by_client_id(client_id).attributes["id"]) == artifact.id
    joined = artifact.get("joined")
    assert joined.join_key == key
    assert [joined.table1.data, joined.table2.data] == [side.data for side in sides()]
    assert the_run().summary["joined"] == value


@pytest.mark.covers("PartitionedTable")
def test_a_table_of_a_logged_artifact_is_named_there(api: lossboard.Api) -> None:
    with lossboard.init() as run:
        artifact, whole = parts()
        run.log_artifact(artifact)
        run.log({"whole": whole})
        artifact.wait()
        run.log({"again": artifact.get("whole")})
    paths = [logged_values(key)[0]["artifact_path"] for key in ("whole", "again")]
    client_id = paths[0].split("/")[2]
    number = f"Artifact:{artifact.id}".encode().hex()
    assert str(api.artifact_by_client_id(client_id).attributes["id"]) == artifact.id
    assert paths == [
        f"wandb-client-artifact://{client_id}/whole.partitioned-table.json",
        f"wandb-artifact://{number}/whole.partitioned-table.json",
    ]
    for key in ("whole", "again"):
        [entry] = artifact_of(key).files()
        assert entry.ref == paths[1]
        rows = list(artifact_of(key).get(key).iterrows())
        assert [(index, number) for index, (number, _) in rows] == [(0, 1), (1, 2)]
        assert b"2" in rows[1][1][1]._content


@pytest.mark.covers("JoinedTable")
def test_tables_of_other_artifacts_are_joined_where_they_are(api: lossboard.Api) -> None:
    artifact, whole = parts()
    artifact.add(lossboard.Table(columns=["n", "word"], data=[[2, "two"]]), "words")
    with lossboard.init() as run:
        run.log_artifact(artifact).wait()
        words = artifact.get_entry("words.table.json")
        run.log({"joined": JoinedTable(whole, words, "n")})
    joined = artifact_of("joined").get("joined")
    assert joined.table2.data == [[2, "two"]]
    assert [row[0] for _, row in joined.table1.iterrows()] == [1, 2]
    assert artifact_of("joined").get_entry("joined.table2.table.json").ref == words.ref_url()
    root = Path(artifact_of("joined").download("got"))
    assert (root / "joined.table2.table.json").read_bytes() == Path(words.download()).read_bytes()


@pytest.mark.covers("Artifact.add_reference")
def test_files_of_other_artifacts_are_downloaded_from_there_while_they_exist(
    api: lossboard.Api,
) -> None:
    artifact, whole = parts()
    with lossboard.init() as run:
        run.log_artifact(artifact).wait()
        run.log({"whole": whole})
        linking = Artifact("linking", "dataset")
        for entry in artifact.files():
            linking.add_reference(entry.ref_url(), f"linked/{entry.path}")
        run.log_artifact(linking).wait()
    root = Path(linking.download("got"))
    for entry in artifact.files():
        assert (root / "linked" / entry.path).read_bytes() == Path(entry.download()).read_bytes()
    artifact.delete(delete_aliases=True)
    with pytest.raises(FileNotFoundError, match="refers to an artifact that is gone"):
        artifact_of("whole").get("whole")
    again = api.artifact("linking:v0")
    with pytest.raises(FileNotFoundError, match="refers to an artifact that is gone"):
        again.download("gone")
    assert list(Path(again.download("gone", allow_missing_references=True)).rglob("*.*")) == []


@pytest.mark.covers("JoinedTable")
def test_a_joined_table_takes_paths_and_entries_of_its_artifact(api: lossboard.Api) -> None:
    first, second = sides()
    artifact = Artifact("both", "dataset")
    artifact.add(first, "left")
    right = artifact.add(second, "right")
    artifact.add(JoinedTable("left.table.json", right, "id"), "joined")
    with lossboard.init() as run:
        joined = run.log_artifact(artifact).wait().get("joined")
    assert [joined.table1.data, joined.table2.data] == [first.data, second.data]
    with pytest.raises(ValueError, match=r"table:far\.table\.json not found in artifact"):
        Artifact("c", "t").add(JoinedTable("far.table.json", first, "id"), "joined")


@pytest.mark.covers("JoinedTable")
def test_wrong_tables_and_keys_are_value_errors() -> None:
    table, other = sides()
    for wrong in (3, [[1]], "text.txt", "x.joined-table.json", JoinedTable(table, other, "id")):
        with pytest.raises(ValueError, match="table1 should be an artifact path to a table"):
            JoinedTable(wrong, table, "id")
    for key in (None, 3, "", [], ["id"], ["a", "b", "c"], [1, 2]):
        with pytest.raises(ValueError, match="should be a string or a list of two strings"):
            JoinedTable(table, other, key)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="parts_path is a folder's path, not None"):
        PartitionedTable(None)  # type: ignore[arg-type]


@pytest.mark.covers("PartitionedTable")
def test_a_table_of_an_artifact_that_is_not_logged_is_refused(offline: Path) -> None:
    _, whole = parts()
    joined = JoinedTable(*sides(), "id")
    Artifact("a", "t").add(joined, "joined")
    with lossboard.init(settings={"strict": True}) as run:
        for table in (whole, joined):
            with pytest.raises(ValueError, match="must first be added to an Artifact before"):
                run.log({"x": table})
        with pytest.raises(TypeError, match="run config"):
            run.config["joined"] = joined


@pytest.mark.covers("PartitionedTable")
def test_what_will_show_nothing_is_said_when_it_is_logged(
    project: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOSSBOARD_SILENT", "false")
    with lossboard.init() as run:
        run.log({"alone": PartitionedTable("of")})
        run.log({"odd": JoinedTable(*sides(), ["id", "score"])})
    errors = capfd.readouterr().err
    assert "'alone': no artifact holds the tables below 'of'" in errors
    assert "'odd': can't be joined: table2 has no column 'score'" in errors
    assert artifact_of("odd").get("odd").join_key == ["id", "score"]


def test_they_are_media_of_lists_nested_keys_and_the_summary(api: lossboard.Api) -> None:
    joined = JoinedTable(*sides(), "id")
    with lossboard.init() as run:
        run.log({"list": [joined], "outer": {"inner": joined}})
        run.summary["best"] = JoinedTable(*sides(), "id")
    row = next(iter(the_run().scan_history()))
    assert row["list"][0] == row["outer"]["inner"]
    assert the_run().summary["best"]["artifact_path"].endswith("best.joined-table.json")
    assert artifact_of("list").get("list").table2.data == sides()[1].data


def test_a_second_run_refers_to_what_the_first_has_logged(api: lossboard.Api) -> None:
    joined = JoinedTable(*sides(), "id")
    with lossboard.init(id="first") as run:
        run.log({"j": joined})
    with lossboard.init(id="second") as run:
        run.log({"j": joined})
    [artifact] = api.run("second").logged_artifacts()
    assert artifact.get("j").table1.data == sides()[0].data
    assert artifact.get_entry("j.joined-table.json").ref.startswith("wandb-artifact://")


@pytest.mark.covers("JoinedTable", "PartitionedTable")
def test_joined_and_partitioned_tables_of_an_offline_run_arrive_by_sync(
    script: Script, project: str
) -> None:
    code = (
        "import lossboard\n"
        "from lossboard.data_types import JoinedTable, PartitionedTable\n"
        "run = lossboard.init(id='off', mode='offline')\n"
        "table = lossboard.Table(columns=['id'], data=[[1], [2]])\n"
        "run.log({'joined': JoinedTable(table, table, 'id')})\n"
        "artifact, whole = lossboard.Artifact('parts', 'dataset'), PartitionedTable('of')\n"
        "artifact.add(table, 'of/one')\n"
        "artifact.add(whole, 'whole')\n"
        "run.log_artifact(artifact)\n"
        "run.log({'whole': whole})\n"
        "run.finish()\n"
    )
    done = script(code)
    assert done.returncode == 0, done.stderr
    assert script(SYNC, "sync", ".").returncode == 0
    assert artifact_of("joined").get("joined").table2.data == [[1], [2]]
    assert list(artifact_of("whole").get("whole").iterrows()) == [(0, [1]), (1, [2])]


def test_a_disabled_run_takes_them_and_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, whole = parts()
    run = lossboard.init(mode="disabled")
    run.log({"j": JoinedTable(*sides(), "id"), "p": whole})
    run.summary["s"] = whole
    run.finish()
    assert list(tmp_path.iterdir()) == []
