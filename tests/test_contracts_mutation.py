"""The rules that tests/mutation breaks still stand where it says, and so do the tests for them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
MUTATIONS: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "mutation" / "mutations.toml").read_text(encoding="utf-8")
)["mutation"]


def test_names_of_mutations_are_unique() -> None:
    names = [mutation["name"] for mutation in MUTATIONS]
    assert len(names) == len(set(names)) > 20


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["name"])
def test_what_a_mutation_breaks_stands_once_in_its_file(mutation: dict[str, Any]) -> None:
    text = (ROOT / mutation["file"]).read_text(encoding="utf-8")
    assert text.count(mutation["old"]) == 1
    assert mutation["new"] != mutation["old"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["name"])
def test_the_tests_of_a_mutation_are_there(mutation: dict[str, Any]) -> None:
    assert mutation["tests"]
    for test in mutation["tests"]:
        path, _, name = test.partition("::")
        assert (ROOT / path).is_file()
        assert f"def {name}" in (ROOT / path).read_text(encoding="utf-8")
