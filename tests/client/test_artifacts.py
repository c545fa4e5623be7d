"""Artifacts: made, logged, found again, downloaded as they were, and never in part."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lossboard
from lossboard.artifacts import Artifact
from lossboard.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    CommError,
    WaitTimeoutError,
)

SYNC = "import sys; from lossboard.cli import main; sys.exit(main())"


@pytest.fixture
def run(api: lossboard.Api) -> Any:
    with lossboard.init() as run:
        yield run


def dataset(content: str = "rows", name: str = "ds", **more: Any) -> Artifact:
    """An artifact with the one file data.txt."""
    artifact = Artifact(name, type="dataset", **more)
    with artifact.new_file("data.txt", "w") as file:
        file.write(content)
    return artifact


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()


# ---- making


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True), st.binary()))
def test_the_digest_is_the_md5_of_sorted_paths_and_digests(files: dict[str, bytes]) -> None:
    artifact = Artifact("a", "t")
    for path, content in files.items():
        with artifact.new_file(path, "wb") as file:
            file.write(content)
    lines = [f"{path}:{md5(content)}\n" for path, content in sorted(files.items())]
    manifest = "wandb-artifact-manifest-v1\n" + "".join(lines)
    assert artifact.digest == hashlib.md5(manifest.encode()).hexdigest()


@pytest.mark.covers("Artifact")
def test_an_added_file_is_kept_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    artifact = Artifact("a", "t")
    entry = artifact.add_file(path, name="sub/b.txt")
    path.write_text("after")
    assert (entry.path, entry.digest, entry.size) == ("sub/b.txt", md5(b"before"), 6)


@pytest.mark.covers("Artifact")
def test_a_folder_is_added_with_all_below_it(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    artifact = Artifact("a", "t")
    artifact.add_dir(tmp_path, name="all")
    assert set(artifact.manifest.entries) == {"all/x/a.txt", "all/b.txt"}
    artifact.remove("all/x")
    assert set(artifact.manifest.entries) == {"all/b.txt"}
    with pytest.raises(FileNotFoundError, match="nothing"):
        artifact.remove("nothing")


def test_a_new_file_that_fails_is_not_added() -> None:
    artifact = Artifact("a", "t")
    with pytest.raises(ZeroDivisionError), artifact.new_file("x") as file:
        file.write(str(1 / 0))
    assert artifact.manifest.entries == {}


def test_one_path_holds_one_content() -> None:
    artifact = dataset("one")
    with pytest.raises(ValueError, match="already exists"), artifact.new_file("data.txt"):
        pass
    with pytest.raises(ValueError, match="twice"):
        artifact.add_file(__file__, "data.txt")
    artifact.add_file(__file__, "data.txt", overwrite=True)
    assert artifact.manifest.entries["data.txt"].size == Path(__file__).stat().st_size


@pytest.mark.covers("Artifact.add_reference")
def test_references_hold_digests_of_local_files_and_addresses_of_others(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abc")
    artifact = Artifact("a", "t")
    [local] = artifact.add_reference(tmp_path.as_uri())
    [cloud] = artifact.add_reference("s3://bucket/model.pt", name="m.pt")
    assert (local.path, local.digest, local.size) == ("a.txt", md5(b"abc"), 3)
    assert (cloud.path, cloud.digest, cloud.ref) == ("m.pt",) + ("s3://bucket/model.pt",) * 2
    with pytest.raises(ValueError, match="max_objects"):
        artifact.add_reference(tmp_path.as_uri(), max_objects=0)


@pytest.mark.covers("Artifact")
@pytest.mark.parametrize(
    ("make", "error"),
    [
        pytest.param(lambda: Artifact("a/b", "t"), ValueError, id="name"),
        pytest.param(lambda: Artifact("a" * 129, "t"), ValueError, id="long name"),
        pytest.param(lambda: Artifact("a", "job"), ValueError, id="reserved type"),
        pytest.param(lambda: Artifact("a", "wandb-x"), ValueError, id="reserved prefix"),
        pytest.param(lambda: Artifact("a", "t", metadata=[1]), TypeError, id="metadata"),  # type: ignore[arg-type]
        pytest.param(lambda: Artifact("a", "t").add_file("none"), ValueError, id="no file"),
        pytest.param(lambda: Artifact("a", "t").add_dir("none"), ValueError, id="no folder"),
        pytest.param(lambda: Artifact("a", "t").add_reference("none"), ValueError, id="no uri"),
        pytest.param(lambda: Artifact("a", "t").add(3, "x"), ValueError, id="no media"),
        pytest.param(lambda: Artifact("a", "t").new_file("../x").__enter__(), ValueError, id="out"),
        pytest.param(lambda: Artifact("a", "t").version, ArtifactNotLoggedError, id="no version"),
        pytest.param(lambda: Artifact("a", "t").wait(), ArtifactNotLoggedError, id="not logged"),
    ],
)
def test_wrong_use_is_refused(make: Callable[[], Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


# ---- logging


@pytest.mark.covers("log_artifact")
def test_a_logged_artifact_is_a_version_with_its_aliases(run: Any, api: lossboard.Api) -> None:
    run.log({"loss": 1})
    logged = run.log_artifact(dataset(metadata={"rows": 3}, description="d"), aliases=["best"])
    assert logged.wait() is logged
    assert (logged.name, logged.version, logged.state) == ("ds:v0", "v0", "COMMITTED")
    assert set(logged.aliases) == {"best", "latest"}
    found = api.artifact(f"{run.entity}/{run.project}/ds:best")
    assert (found.id, found.digest, found.size) == (logged.id, logged.digest, 4)
    assert (found.metadata, found.description, found.type) == ({"rows": 3}, "d", "dataset")
    assert found.history_step == 1


def test_a_logged_artifact_can_not_be_changed(run: Any) -> None:
    artifact = run.log_artifact(dataset())
    with pytest.raises(ArtifactFinalizedError, match="new_draft"):
        artifact.add_file(__file__)


@pytest.mark.covers("log_artifact")
def test_new_content_is_a_new_version_and_the_same_is_the_same(run: Any) -> None:
    versions = [run.log_artifact(dataset(text)).wait().version for text in ("a", "b", "a")]
    assert versions == ["v0", "v1", "v0"]


def test_the_same_bytes_are_stored_once(run: Any, server: Any) -> None:
    content = f"bytes of {run.id}"
    for name in ("one", "two"):
        run.log_artifact(dataset(content, name)).wait()
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    assert len(list(server.data_dir.glob(f"blobs/*/{sha256}"))) == 1


def test_many_files_arrive_in_order_and_whole(run: Any, tmp_path: Path) -> None:
    artifact = Artifact("many", "t")
    for number in range(1200):
        artifact.add_reference(f"s3://bucket/{number}", name=f"{number}.bin")
    artifact.add_file(__file__)
    logged = run.log_artifact(artifact).wait()
    assert logged.file_count == 1201
    assert logged.manifest.digest() == logged.digest


@pytest.mark.covers("log_artifact")
@pytest.mark.parametrize(
    ("path", "kind"), [("model.txt", "file"), ("folder", "folder"), ("s3://b/k", "address")]
)
def test_a_path_is_logged_as_an_artifact(run: Any, path: str, kind: str) -> None:
    if kind == "folder":
        Path(path).mkdir()
        Path(path, "a").write_text("a")
    elif kind == "file":
        Path(path).write_text("w")
    logged = run.log_artifact(path).wait()
    assert logged.name == f"run-{run.id}-{path.rpartition('/')[2]}:v0"
    assert (logged.type, logged.file_count) == ("unspecified", 1)


def test_an_incremental_artifact_takes_over_what_it_does_not_replace(run: Any) -> None:
    first = dataset("old")
    first.add_file(__file__, "kept.py")
    first.add_file(__file__, "gone.py")
    run.log_artifact(first).wait()
    second = dataset("new", incremental=True)
    second.remove("gone.py")
    entries = run.log_artifact(second).wait().manifest.entries
    assert set(entries) == {"data.txt", "kept.py"}
    assert entries["data.txt"].digest == md5(b"new")


def test_an_artifact_of_another_type_is_refused_with_the_reason(run: Any) -> None:
    run.log_artifact(dataset()).wait()
    other = Artifact("ds", type="model")
    with pytest.raises(ValueError, match="exists with type 'dataset'"):
        run.log_artifact(other).wait()


def test_edits_are_sent_by_save(run: Any, api: lossboard.Api) -> None:
    artifact = run.log_artifact(dataset(), aliases=["a"]).wait()
    artifact.aliases = ["b", "latest"]
    artifact.metadata["k"] = [1]
    artifact.description = "text"
    artifact.tags = ["x"]
    artifact.save()
    found = api.artifact(f"{run.project}/ds:b")
    assert (found.metadata, found.description, found.tags) == ({"k": [1]}, "text", ["x"])
    assert set(found.aliases) == {"b", "latest"}


@pytest.mark.covers("log_model")
def test_a_link_is_a_version_of_another_collection(run: Any, api: lossboard.Api) -> None:
    linked = run.link_artifact(dataset(), "shelf", aliases=["prod"])
    assert (linked.name, linked.source_name) == ("shelf:v0", "ds:v0")
    assert api.artifact(f"{run.project}/shelf:prod").source_name == "ds:v0"


@pytest.mark.covers("Artifact.unlink")
def test_an_unlinked_version_is_gone_from_that_collection_only(
    run: Any, api: lossboard.Api
) -> None:
    link = run.link_artifact(dataset(), "shelf", aliases=["prod"])
    source = api.artifact(f"{run.project}/ds:v0")
    assert [one.name for one in source.linked_artifacts] == ["shelf:v0"]
    assert (link.is_link, source.is_link) == (True, False)
    link.unlink()
    assert not api.artifact_exists(f"{run.project}/shelf:v0")
    assert source.linked_artifacts == []
    with pytest.raises(ValueError, match="not linked"):
        source.unlink()


@pytest.mark.covers("ArtifactCollection")
def test_a_collection_is_renamed_described_tagged_and_deleted(run: Any, api: lossboard.Api) -> None:
    run.link_artifact(dataset(), "shelf")
    collection = api.artifact_collection("dataset", f"{run.project}/ds")
    collection.name, collection.description, collection.tags = "rows", "of a test", ["a", "b"]
    collection.save()
    collection.tags.remove("a")
    collection.change_type("text")
    [found] = api.artifact_collections(run.project, "text")
    assert (found.name, found.description, found.tags) == ("rows", "of a test", ["b"])
    shelf = api.artifact_collection("dataset", f"{run.project}/shelf")
    with pytest.raises(ValueError, match="holds links"):
        shelf.type = "text"
    shelf.name = "rows"
    with pytest.raises(CommError, match="already"):
        shelf.save()
    found.delete()
    assert not api.artifact_collection_exists(f"{run.project}/rows", "text")
    assert api.artifact_collection("dataset", f"{run.project}/shelf").artifacts() == []


def test_a_deleted_version_is_gone(run: Any, api: lossboard.Api) -> None:
    artifact = run.log_artifact(dataset(), aliases=["keep"]).wait()
    with pytest.raises(ValueError, match="keep"):
        artifact.delete()
    artifact.delete(delete_aliases=True)
    assert not api.artifact_exists(f"{run.project}/ds:v0")
    assert run.log_artifact(dataset()).wait().version == "v1"


# ---- using


@pytest.mark.covers("use_artifact", "Api.artifacts")
def test_lineage_is_seen_from_both_sides(api: lossboard.Api) -> None:
    with lossboard.init() as maker:
        maker.log_artifact(dataset()).wait()
    with lossboard.init() as user:
        used = user.use_artifact("ds:latest", type="dataset")
    artifact = api.artifact(f"{maker.project}/ds:v0")
    assert artifact.logged_by().id == maker.id
    assert [run.id for run in used.used_by()] == [user.id]
    assert [one.name for one in api.run(maker.path).logged_artifacts()] == ["ds:v0"]
    assert [one.name for one in api.run(user.path).used_artifacts()] == ["ds:v0"]


@pytest.mark.covers("Api.artifacts")
def test_a_project_lists_its_types_collections_and_versions(run: Any, api: lossboard.Api) -> None:
    for text in ("a", "b"):
        run.log_artifact(dataset(text)).wait()
    run.log_model(__file__, name="net").wait()
    assert {one.name for one in api.artifact_types(run.project)} == {"dataset", "model"}
    [collection] = api.artifact_type("dataset", run.project).collections()
    assert [one.version for one in collection.artifacts()] == ["v1", "v0"]
    assert [one.name for one in api.artifacts("model", f"{run.project}/net")] == ["net:v0"]


def test_using_what_is_not_there_or_of_another_type_is_a_value_error(run: Any) -> None:
    run.log_artifact(dataset()).wait()
    with pytest.raises(ValueError, match="nothing"):
        run.use_artifact("nothing:latest")
    with pytest.raises(ValueError, match="does not match"):
        run.use_artifact("ds:latest", type="model")


@pytest.mark.covers("log_model")
def test_a_model_is_logged_and_used_by_its_path(run: Any) -> None:
    Path("net.txt").write_text("weights")
    run.log_model("net.txt", name="net").wait()
    assert Path(run.use_model("net:latest")).read_text() == "weights"


@pytest.mark.covers("use_artifact")
def test_a_download_is_what_was_logged(run: Any, tmp_path: Path) -> None:
    artifact = dataset("content")
    with artifact.new_file("sub/b.bin", "wb") as file:
        file.write(bytes(range(256)))
    root = Path(run.log_artifact(artifact).download(tmp_path / "there"))
    assert (root / "data.txt").read_text() == "content"
    assert (root / "sub" / "b.bin").read_bytes() == bytes(range(256))
    artifact.verify(root)
    (root / "data.txt").write_text("other")
    with pytest.raises(ValueError, match=r"data\.txt"):
        artifact.verify(root)
    (root / "stranger").touch()
    artifact.checkout(root)
    assert not (root / "stranger").exists() and (root / "data.txt").read_text() == "content"


@pytest.mark.covers("use_artifact")
def test_a_changed_blob_is_detected_and_not_left_there(
    own_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", own_server.base_url)
    with lossboard.init(project="p", settings={"silent": True}) as run:
        artifact = run.log_artifact(dataset("precious")).wait()
    sha256 = hashlib.sha256(b"precious").hexdigest()
    [blob] = own_server.data_dir.glob(f"blobs/*/{sha256}")
    blob.write_bytes(b"damaged!")
    with pytest.raises(CommError, match=r"digest mismatch for 'data\.txt'"):
        artifact.download("out")
    assert not list(Path("out").iterdir())


def test_references_are_downloaded_where_that_can_be(run: Any, tmp_path: Path) -> None:
    (tmp_path / "local.txt").write_text("local")
    artifact = Artifact("refs", "t")
    artifact.add_reference((tmp_path / "local.txt").as_uri())
    artifact.add_reference("s3://bucket/far.bin")
    logged = run.log_artifact(artifact).wait()
    with pytest.raises(lossboard.UnsupportedError, match="allow_missing_references"):
        logged.download("out")
    root = Path(logged.download("out", allow_missing_references=True))
    assert (root / "local.txt").read_text() == "local"
    (tmp_path / "local.txt").write_text("changed")
    (root / "local.txt").unlink()
    with pytest.raises(CommError, match="digest mismatch"):
        logged.download("out", allow_missing_references=True)


@pytest.mark.covers("Artifact.add_reference")
def test_an_address_that_does_not_answer_is_named_or_left_out(run: Any, own_server: Any) -> None:
    own_server.close()
    artifact = dataset()
    artifact.add_reference(f"{own_server.base_url}/far.bin")
    logged = run.log_artifact(artifact).wait()
    with pytest.raises(FileNotFoundError, match=r"'far\.bin' refers to http.*can't be fetched"):
        logged.download("out")
    root = Path(logged.download("part", allow_missing_references=True))
    assert [path.name for path in root.iterdir()] == ["data.txt"]


@pytest.mark.covers("Artifact")
def test_media_and_tables_come_back_from_an_artifact(run: Any) -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    table = lossboard.Table(
        columns=["n", "image"], data=[[float("nan"), lossboard.Image(pixels)], [2.0, None]]
    )
    artifact = Artifact("eval", "t")
    artifact.add(table, "predictions")
    artifact.add(lossboard.Html("<i>page</i>"), "page")
    found = run.use_artifact(artifact)
    rows = found.get("predictions").data
    assert np.isnan(rows[0][0]) and rows[1] == [2.0, None]
    assert np.array_equal(np.asarray(rows[0][1].image), pixels)
    assert b"page" in found["page"]._content
    assert found.get("nothing") is None


def test_joined_tables_come_back(run: Any) -> None:
    sides = [lossboard.Table(columns=["id", name], data=[[1, name]]) for name in ("a", "b")]
    artifact = Artifact("joined", "t")
    artifact.add(lossboard.JoinedTable(*sides, "id"), "j")
    joined = run.log_artifact(artifact).wait().get("j")
    assert (joined.join_key, joined.table2.data) == ("id", [[1, "b"]])


@pytest.mark.covers("Artifact.ttl")
def test_a_time_to_live_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    artifact = dataset()
    artifact.ttl = None
    assert capsys.readouterr().err == ""
    artifact.ttl = 30  # type: ignore[assignment]
    assert artifact.ttl is None
    assert "Artifact.ttl has no effect in lossboard: ds doesn't expire" in capsys.readouterr().err


# ---- never in part


def test_an_offline_artifact_is_a_version_after_sync(script: Any, project: str) -> None:
    code = (
        "import lossboard\n"
        "run = lossboard.init(id='off', mode='offline')\n"
        "artifact = lossboard.Artifact('ds', 'dataset', metadata={'k': 1})\n"
        "with artifact.new_file('a.txt') as file:\n"
        "    file.write('offline')\n"
        "run.log_artifact(artifact, aliases=['x'])\n"
        "try:\n"
        "    run.use_artifact('ds:latest')\n"
        "except TypeError as error:\n"
        "    print(error)\n"
        "run.finish()\n"
    )
    assert "offline mode" in script(code).stdout
    assert script(SYNC, "sync", ".").returncode == 0
    artifact = lossboard.Api().artifact(f"{project}/ds:x")
    assert (artifact.metadata, artifact.logged_by().id) == ({"k": 1}, "off")
    assert Path(artifact.file()).read_text() == "offline"


def test_a_killed_upload_leaves_no_version_and_sync_completes_it(
    script: Any, own_server: Any, tmp_path: Path
) -> None:
    code = (
        "import os, signal, lossboard\n"
        "run = lossboard.init(project='p', id='killed', settings={'silent': True})\n"
        "run.log({'loss': 1})\n"
        "run._sender.flush(30)\n"
        "run._sender._pipeline._couriers[1].stop()  # files wait from here on, records go\n"
        "artifact = lossboard.Artifact('ds', 'dataset')\n"
        "with artifact.new_file('a.bin', 'wb') as file:\n"
        "    file.write(os.urandom(1000))\n"
        "run.log_artifact(artifact)\n"
        "run.log({'loss': 2})\n"
        "while run._sender.flush(0.1) or run._sender._pipeline._ledger.undelivered_bytes:\n"
        "    pass\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    address = {"LOSSBOARD_BASE_URL": own_server.base_url}
    assert script(code, **address).returncode == -9
    api = lossboard.Api({"base_url": own_server.base_url})
    assert api.run("p/killed").id == "killed"
    assert not api.artifact_exists("p/ds:latest") and api.run("p/killed").logged_artifacts() == []
    assert script(SYNC, "sync", ".", **address).returncode == 0
    assert api.artifact("p/ds:latest").size == 1000


def test_waiting_has_an_end(own_server: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOSSBOARD_BASE_URL", own_server.base_url)
    settings = {"silent": True, "finish_timeout": 0.5}
    with lossboard.init(project="p", settings=settings) as run:
        run._sender.flush(30)
        own_server.stop()
        with pytest.raises(WaitTimeoutError, match="1 seconds"):
            run.log_artifact(dataset()).wait(timeout=1)


def test_the_manifest_of_a_table_is_plain_json(run: Any) -> None:
    artifact = Artifact("t", "t")
    artifact.add(lossboard.Table(columns=["x"], data=[[float("inf")]]), "x")
    entry = run.log_artifact(artifact).wait().get_entry("x.table.json")
    stored = json.loads(Path(entry.download("out")).read_text())
    assert (stored["_type"], stored["data"]) == ("table", [["Infinity"]])


def test_artifacts_logged_one_after_the_other_are_versions_in_that_order(
    run: Any, api: lossboard.Api
) -> None:
    for number in range(8):
        run.log_artifact(dataset(f"rows {number}", name="ordered", metadata={"number": number}))
    run.finish()
    path = f"{run.entity}/{run.project}/ordered"
    versions = [api.artifact(f"{path}:v{number}") for number in range(8)]
    assert [version.metadata["number"] for version in versions] == list(range(8))
