"""Downloads: many processes at once, whole or not at all, and never out of their folder."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import lossboard
from lossboard.artifacts import Artifact
from lossboard.errors import CommError

from .conftest import ROOTS

# A rank: says that it is ready, waits for the word, then downloads.
RANK = """
import sys
import lossboard
artifact = lossboard.Api().artifact(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
{how}
"""


@pytest.fixture
def run(project: str) -> Any:
    """A run that writes nothing by itself while a test looks at its files."""
    with lossboard.init(settings={"x_disable_meta": True, "x_disable_stats": True}) as run:
        yield run


def logged(run: Any, **files: bytes) -> Artifact:
    """An artifact `ds` of these files; underscores of their names are slashes."""
    artifact = Artifact("ds", type="dataset")
    for name, content in files.items():
        with artifact.new_file(name.replace("_", "/"), "wb") as file:
            file.write(content)
    return run.log_artifact(artifact).wait()  # type: ignore[no-any-return]


def changed(server: Any, statement: str, *values: object) -> None:
    """Changes the database under the server, as a server that means ill would answer."""
    with sqlite3.connect(server.data_dir / "lossboard.db", timeout=30) as database:
        assert database.execute(statement, values).rowcount == 1


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("how", "count"),
    [
        ("artifact.download('shared')", 12),
        ("artifact.checkout('shared')", 4),
        ("artifact.get_entry('a/b').download('shared')", 4),
        ("artifact.logged_by().file('a/b').download('shared', replace=True)", 4),
    ],
    ids=["download", "checkout", "entry", "file of the run"],
)
def test_many_ranks_download_into_one_folder(
    run: Any, tmp_path: Path, how: str, count: int
) -> None:
    content = os.urandom(3_000_000)
    artifact = logged(run, a_b=content, **({"c": b"c" * 1000, "d": b""} if "entry" in how else {}))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(content)
    run.save("a/b", policy="now")
    assert run._sender.flush(60)
    command = [sys.executable, "-c", RANK.format(how=how), artifact.full_name]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    environment = os.environ | {"PYTHONPATH": ROOTS}
    ranks = [subprocess.Popen(command, env=environment, **pipes) for _ in range(count)]
    for rank in ranks:
        assert rank.stdout.readline() == b"ready\n", rank.communicate()
    for rank in ranks:
        rank.stdin.write(b"go\n")
        rank.stdin.flush()
    said = [rank.communicate(timeout=100)[1].decode() for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0] * count, "\n".join(said)
    assert files_below(tmp_path / "shared") == {"a/b": content}


def test_a_file_of_the_users_that_ends_in_part_is_left_alone(run: Any, tmp_path: Path) -> None:
    artifact = logged(run, model=b"weights")
    own = {"model.part": b"mine", ".lossboard.part": b"mine too"}
    for name, content in own.items():
        (tmp_path / name).write_bytes(content)
    artifact.download(tmp_path)
    artifact.get_entry("model").download(tmp_path)
    (tmp_path / "model").unlink()
    run.save("model.part", policy="now")
    assert run._sender.flush(60)
    lossboard.Api().run(run.path).file("model.part").download("other").close()
    assert {name: (tmp_path / name).read_bytes() for name in own} == own


def test_a_download_that_fails_leaves_what_was_there(run: Any, server: Any) -> None:
    content = os.urandom(20)  # a blob of this test alone
    artifact = logged(run, model=content)
    Path("out").mkdir()
    Path("out", "model").write_bytes(b"older")
    sha256 = hashlib.sha256(content).hexdigest()
    [blob] = server.data_dir.glob(f"blobs/*/{sha256}")
    for damaged in (content[:7], os.urandom(20), content + b" and more"):
        blob.write_bytes(damaged)
        with pytest.raises(CommError, match="'model'"):
            artifact.download("out")
    blob.unlink()
    with pytest.raises(CommError):
        artifact.download("out")
    assert files_below(Path("out")) == {"model": b"older"}


def test_a_damaged_file_of_a_run_is_not_put_in_its_place(run: Any, server: Any) -> None:
    Path("notes").write_bytes(os.urandom(20))
    run.save("notes", policy="now")
    assert run._sender.flush(60)
    file = lossboard.Api().run(run.path).file("notes")
    [blob] = server.data_dir.glob(f"blobs/*/{file.sha256}")
    blob.write_bytes(os.urandom(20))
    with pytest.raises(CommError, match="'notes' is not what it was"):
        file.download("out")
    assert files_below(Path("out")) == {}


WAYS_OUT = (
    "../x",
    "a/../../x",
    "..",
    "/tmp/x",
    "..\\x",
    "a\\..\\..\\x",
    "C:\\x",
    "c:/x",
    "\\\\host\\share\\x",
)


@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_path_in_an_artifact_leads_out_of_the_folder(
    run: Any, server: Any, tmp_path: Path, path: str
) -> None:
    artifact = logged(run, a=b"a", b=b"b")
    place = "path = 'b' AND artifact_id = ?"
    changed(server, f"UPDATE artifact_entry SET path = ? WHERE {place}", path, artifact.id)
    found = lossboard.Api().artifact(artifact.full_name)
    before = files_below(tmp_path)
    for write in (
        lambda: found.download(tmp_path / "out"),
        lambda: found.download(),
        lambda: found.checkout(tmp_path / "out"),
        lambda: found.get_entry(path).download(tmp_path / "out"),
        lambda: found.get_entry(path).download(),
        lambda: found.verify(tmp_path / "out"),
    ):
        with pytest.raises(ValueError, match=r"leads out of|Digest mismatch.*/a$") as raised:
            write()
        assert repr(path) in str(raised.value) or "/a" in str(raised.value)
    assert files_below(tmp_path) == before


@pytest.mark.parametrize("name", ["../../esc", "a/b", "/esc", "..\\esc", "C:\\esc", ".."])
def test_no_name_of_a_collection_leads_out_of_the_folder_of_artifacts(
    run: Any, server: Any, tmp_path: Path, name: str
) -> None:
    artifact = logged(run, a=b"a")
    before = files_below(tmp_path)
    collection = artifact._known().attributes["collection_id"]
    changed(server, "UPDATE artifact_collection SET name = ? WHERE id = ?", name, collection)
    [found] = lossboard.Api().run(run.path).logged_artifacts()
    assert found.digest == artifact.digest
    for write in (found.download, found.checkout, found.file, found.get_entry("a").download):
        if name == "..":  # with its version it is a name as good as others
            write()
            assert Path("artifacts", "..:v0", "a").read_bytes() == b"a"
            continue
        with pytest.raises(ValueError, match="leads out of artifacts") as raised:
            write()
        assert repr(f"{name}:v0") in str(raised.value)
    assert name == ".." or files_below(tmp_path) == before
    found.download("chosen")
    assert files_below(tmp_path / "chosen") == {"a": b"a"}


def test_a_version_that_is_no_number_leads_nowhere(run: Any) -> None:
    logged(run, a=b"a")
    [found] = lossboard.Api().run(run.path).logged_artifacts()
    found._known().attributes |= {"version": "0/../../esc"}  # our own server has only numbers
    with pytest.raises(ValueError, match=r"'ds:v0/\.\./\.\./esc' leads out of artifacts"):
        found.download()


@pytest.mark.parametrize("name", WAYS_OUT)
def test_no_name_of_a_file_of_a_run_leads_out_of_the_folder(
    run: Any, server: Any, tmp_path: Path, name: str
) -> None:
    Path("notes").write_bytes(b"notes")
    run.save("notes", policy="now")
    assert run._sender.flush(60)
    uid = lossboard.Api().run(run.path).storage_id
    place = "name = 'notes' AND run_id = ?"
    changed(server, f"UPDATE file SET name = ? WHERE {place}", name, uid)
    before = files_below(tmp_path)
    stored = lossboard.Api().run(run.path)
    for write in (
        lambda: stored.file(name).download(tmp_path / "out"),
        lambda: [file.download(tmp_path / "out", replace=True) for file in stored.files([name])],
        lambda: run.restore(name, root=tmp_path / "out"),
        lambda: run.restore(name, replace=True),
    ):
        with pytest.raises(ValueError, match="leads out of") as raised:
            write()
        assert repr(name) in str(raised.value)
    assert files_below(tmp_path) == before


def test_no_link_in_the_folder_is_followed_out_of_it(run: Any, tmp_path: Path) -> None:
    artifact = logged(run, sub_a=b"a", b=b"new")
    Path("sub").mkdir()
    Path("sub", "a").write_bytes(b"a")
    run.save("sub/a", policy="now")
    assert run._sender.flush(60)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "kept").write_bytes(b"kept")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(ValueError, match="'sub/a' leads out of"):
        artifact.download("out")
    with pytest.raises(ValueError, match="'sub/a' leads out of"):
        lossboard.Api().run(run.path).file("sub/a").download("out")
    (tmp_path / "out" / "sub").unlink()
    (tmp_path / "out" / "b").symlink_to(tmp_path / "kept")
    artifact.download("out")
    assert (tmp_path / "kept").read_bytes() == b"kept"
    assert files_below(tmp_path / "elsewhere") == {}
    assert files_below(tmp_path / "out") == {"sub/a": b"a", "b": b"new"}


def test_a_checkout_leaves_what_another_process_is_writing_and_removes_what_one_left(
    run: Any, tmp_path: Path
) -> None:
    artifact = logged(run, a=b"a")
    Path("out").mkdir()
    fresh, stale = (Path("out", f".lossboard-{digit * 16}.part") for digit in "01")
    for path in (fresh, stale):
        path.write_bytes(b"half")
    os.utime(stale, (1, 1))
    artifact.checkout("out")
    assert set(files_below(Path("out"))) == {"a", fresh.name}


@pytest.mark.parametrize("path", ["C:\\x", "c:/x", "../x", "/x", "a\\..\\..\\x"])
def test_a_path_that_leads_out_can_not_be_logged(run: Any, path: str) -> None:
    entry = logged(run, a=b"a").get_entry("a")
    artifact = Artifact("other", type="dataset")
    with pytest.raises(ValueError, match="not a path within an artifact"):
        artifact.new_file(path).__enter__()
    with pytest.raises(ValueError, match="not a path within an artifact"):
        artifact.add_reference(entry, path)
