"""Files of a run: linked folders are followed once, and a draft that is used is an input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import lossboard
from lossboard.artifacts import Artifact


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with a link to another folder, which has a link back to the first."""
    root, other = tmp_path / "root", tmp_path / "other"
    root.mkdir()
    other.mkdir()
    (root / "a.py").write_text("a")
    (other / "b.py").write_text("b")
    (root / "more").symlink_to(other, target_is_directory=True)
    (other / "back").symlink_to(root, target_is_directory=True)
    (root / "round").symlink_to("round")
    return root


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.covers("Artifact", "Artifact.add_reference")
def test_linked_folders_are_followed_and_not_round_in_circles(linked: Path) -> None:
    artifact, references = Artifact("a", "t"), Artifact("r", "t")
    artifact.add_dir(linked)
    assert set(artifact.manifest.entries) == {"a.py", "more/b.py"}
    references.add_reference(linked.as_uri())
    assert set(references.manifest.entries) == {"a.py", "more/b.py"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.covers("save", "log_code")
def test_saved_files_and_code_lie_in_linked_folders_too(project: str, linked: Path) -> None:
    run = lossboard.init()
    saved = run.save(str(linked), base_path=str(linked), policy="now")
    assert sorted(Path(path).name for path in saved) == ["a.py", "b.py"]
    code = run.log_code(linked)
    assert set(code.manifest.entries) == {"a.py", "more/b.py"}


@pytest.mark.covers("use_artifact")
def test_a_draft_that_is_used_is_an_input_of_the_run_and_no_output(
    api: lossboard.Api, tmp_path: Path
) -> None:
    (tmp_path / "data.txt").write_text("rows")
    draft = Artifact("ds", "dataset")
    draft.add_file(tmp_path / "data.txt")
    with lossboard.init() as user:
        used = user.use_artifact(draft)
    assert used.logged_by() is None
    assert [run.id for run in used.used_by()] == [user.id]
    run = api.run(user.path)
    assert (run.logged_artifacts(), [one.name for one in run.used_artifacts()]) == ([], ["ds:v0"])
