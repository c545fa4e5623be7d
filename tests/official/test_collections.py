"""Artifact collections are edited by the public API, and what isn't there is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Runner


@pytest.mark.covers("Artifact.unlink", "ArtifactCollection")
def test_collections_are_linked_edited_moved_and_deleted(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = "collections-old" if packages else "collections"
    done = official(server, "artifact_collections.py", project, packages=packages)
    assert done == {
        "again": "v0",
        "files": ["x.txt"],
        "links": ["shelf:v1"],
        "linked": ["shelf:v2", "shelf:v0"],
        "aliases": ["latest", "s0", "s2"],
        "rows": ["rows-2", "about", ["three", "two"], "dataset"],
        "shelf": ["shelf-2", "about", ["three", "two"], "dataset"],
        "moved": ["rows-2"],
        "kept": ["rows-2:v2", "rows-2:v1", "rows-2:v0"],
        "exists": False,
        "types": [],
    }


@pytest.mark.covers("Api.unsupported")
def test_what_is_not_supported_is_said_and_not_null(
    server: Any, official: Runner, packages: Path | None
) -> None:
    project = "unsupported-old" if packages else "unsupported"
    done = official(server, "unsupported.py", project, packages=packages)
    for name, words in done.items():
        assert "lossboard does not support" in words, (name, words)
