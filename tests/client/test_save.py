"""Files that a script saves with its run arrive, under the names it expects, as they are last."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import lossboard
from lossboard.connection import NotFound
from lossboard.errors import CommError


def text(run: Any, name: str) -> str:
    with run.file(name).download("fetched", replace=True) as file:
        return str(file.read())


def names(run: Any) -> set[str]:
    """The files of a run that its user saved."""
    own = {"requirements.txt", "wandb-metadata.json", "wandb-summary.json", "diff.patch"}
    return {file.name for file in run.files()} - own - {"config.yaml", "output.log"}


def written(path: str, content: str = "content") -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(content)
    return target


@pytest.mark.covers("save")
def test_a_relative_path_keeps_its_folders(api: lossboard.Api) -> None:
    written("out/model.txt", "weights")
    with lossboard.init() as run:
        [saved] = run.save("out/model.txt", policy="now")
    assert saved == os.path.join(run.dir, "out/model.txt")
    assert Path(saved).read_text() == "weights"
    assert text(api.run(run.path), "out/model.txt") == "weights"


def test_an_absolute_path_keeps_one_folder(api: lossboard.Api, tmp_path: Path) -> None:
    path = written(str(tmp_path / "deep" / "down" / "a.txt"))
    with lossboard.init() as run:
        run.save(str(path))
    assert names(api.run(run.path)) == {"down/a.txt"}


@pytest.mark.covers("save")
def test_the_base_path_is_left_out(api: lossboard.Api, tmp_path: Path) -> None:
    path = written(str(tmp_path / "deep" / "down" / "a.txt"))
    with lossboard.init() as run:
        run.save(path, base_path=tmp_path / "deep" / "down")
    assert names(api.run(run.path)) == {"a.txt"}


def test_a_pattern_means_all_files_that_match(api: lossboard.Api) -> None:
    for name in ("logs/a.txt", "logs/b.txt", "logs/c.bin"):
        written(name)
    with lossboard.init() as run:
        saved = run.save("logs/*.txt")
    assert len(saved) == 2
    assert names(api.run(run.path)) == {"logs/a.txt", "logs/b.txt"}


def test_a_folder_means_all_that_is_in_it(api: lossboard.Api) -> None:
    written("data/x/a.txt")
    written("data/b.txt")
    with lossboard.init() as run:
        run.save("data")
    assert names(api.run(run.path)) == {"data/b.txt", "data/x/a.txt"}


def test_what_lies_in_the_folder_of_the_run_keeps_its_name(api: lossboard.Api) -> None:
    with lossboard.init() as run:
        written(os.path.join(run.dir, "own.txt"), "mine")
        run.save(os.path.join(run.dir, "own.txt"))
    assert text(api.run(run.path), "own.txt") == "mine"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.1)


def is_there(api: lossboard.Api, path: str, name: str) -> bool:
    """Whether the server has the file; the run itself arrives a moment after `init`."""
    try:
        return name in names(api.run(path))
    except NotFound:
        return False


def holds(api: lossboard.Api, path: str, name: str, content: str) -> bool:
    """Whether the file has the content; one that is replaced while it is read is refused."""
    try:
        return text(api.run(path), name) == content
    except CommError:
        return False


@pytest.mark.covers("save")
def test_a_live_file_is_uploaded_again_while_the_run_goes_on(api: lossboard.Api) -> None:
    written("live.txt", "first")
    with lossboard.init() as run:
        run.save("live.txt", policy="live")
        eventually(lambda: is_there(api, run.path, "live.txt"))
        written("live.txt", "second")
        eventually(lambda: holds(api, run.path, "live.txt", "second"))


@pytest.mark.covers("save")
@pytest.mark.parametrize(
    ("policy", "expected"), [("live", "changed"), ("end", "changed"), ("now", "first")]
)
def test_the_policy_says_which_state_of_a_file_counts(
    api: lossboard.Api, policy: str, expected: str
) -> None:
    written("f.txt", "first")
    with lossboard.init() as run:
        run.save("f.txt", policy=policy)
        written("f.txt", "changed")
    assert text(api.run(run.path), "f.txt") == expected


def test_saved_files_of_an_offline_run_arrive_by_sync(script: Any, project: str) -> None:
    code = (
        "import lossboard\n"
        "run = lossboard.init(id='off', mode='offline')\n"
        "open('f.txt', 'w').write('kept')\n"
        "run.save('f.txt')\n"
        "run.finish()\n"
    )
    assert script(code).returncode == 0
    synced = script("import sys; from lossboard.cli import main; sys.exit(main())", "sync", ".")
    assert synced.returncode == 0, synced.stderr
    assert text(lossboard.Api().run(f"{project}/off"), "f.txt") == "kept"


@pytest.mark.covers("save")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"glob_str": "x", "policy": "never"}, "policies", id="policy"),
        pytest.param({"glob_str": "../x", "base_path": "."}, "above the base", id="above"),
        pytest.param({"glob_str": "*.txt", "base_path": "."}, "start with", id="star"),
    ],
)
def test_wrong_arguments_are_value_errors(
    offline: Path, arguments: dict[str, Any], message: str
) -> None:
    run = lossboard.init()
    with pytest.raises(ValueError, match=message):
        run.save(**arguments)
    run.finish()


def test_nothing_matched_and_cloud_addresses_are_no_files(offline: Path) -> None:
    run = lossboard.init()
    assert run.save("nothing.txt") == run.save("s3://bucket/key") == []
    run.finish()


@pytest.mark.covers("restore")
def test_restore_brings_a_file_of_a_run_back(api: lossboard.Api) -> None:
    written("model.txt", "weights")
    with lossboard.init() as first:
        lossboard.save("model.txt", policy="now")
    with lossboard.init() as run:
        with run.restore("model.txt", run_path=first.path) as file:
            assert file.read() == "weights"
        assert Path(run.dir, "model.txt").exists()
        with pytest.raises(ValueError, match=r"none\.txt"):
            run.restore("none.txt", run_path=first.path)


@pytest.mark.covers("log_code")
def test_log_code_keeps_the_sources_and_not_our_folders(api: lossboard.Api) -> None:
    written("train.py", "print()")
    written("pkg/model.py", "x = 1")
    written("notes.md")
    with lossboard.init() as run:
        artifact = run.log_code(".")
        assert artifact is not None
        assert set(artifact.wait().manifest.entries) == {"train.py", "pkg/model.py"}
        assert artifact.type == "code"
        only = run.log_code(".", name="notes", include_fn=lambda path, root: path.endswith(".md"))
        assert only is not None and set(only.manifest.entries) == {"notes.md"}
        assert run.log_code("pkg", include_fn=lambda path: False) is None


@pytest.mark.covers("run.display")
@pytest.mark.parametrize("console", ["off", "auto"])
def test_text_can_be_added_to_the_output_of_a_run(
    api: lossboard.Api, server: Any, console: str
) -> None:
    with lossboard.init(settings={"console": console}) as run:
        run.write_logs("first\nsecond\n")
    uid = api.run(run.path)._attributes["uid"]
    answer = httpx.get(f"{server.base_url}/api/runs/{uid}/console").json()
    assert [line["text"] for line in answer["lines"]] == ["first", "second"]
