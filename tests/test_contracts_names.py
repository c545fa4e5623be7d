"""One name a thing: `uid` is the server's number of a run, `run_id` the client's text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lossboard_server.database import schema

ROOT = Path(__file__).parents[1]
TEXT = re.compile(r"(\w*_)?run_ids?")
NUMBER = re.compile(r"(\w*_)?(?<!by_)uids?")
SOURCES = [
    p for part in ("client", "server", "bench", "tests") for p in (ROOT / part).rglob("*.py")
]
MODULES = [path for path in sorted(SOURCES) if re.search("run_id|uid", path.read_text())]


def annotated(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What `node` annotates: an argument, a variable, a field, or what a function returns."""
    if isinstance(node, ast.arg) and node.annotation:
        yield node.arg, node.annotation
    if isinstance(node, ast.AnnAssign):
        yield last_name(node.target), node.annotation
    if isinstance(node, ast.FunctionDef) and node.returns and not node.name.startswith("test_"):
        yield node.name, node.returns


def given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that `node` gives a value, with it: by assignment, keyword or key of a dict."""
    if isinstance(node, ast.Assign):
        yield from ((last_name(target), node.value) for target in node.targets)
    if isinstance(node, ast.keyword) and node.arg:
        yield node.arg, node.value
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from ((str(k.value), v) for k, v in pairs if isinstance(k, ast.Constant))


def last_name(node: ast.expr) -> str:
    """`c` of `a.b.c`, `c` of `c`, and nothing of anything else."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def types_in(annotation: ast.expr) -> set[str]:
    return set(re.findall(r"\w+", ast.unparse(annotation)))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_run_id_is_no_number_and_a_uid_no_text(path: Path) -> None:
    wrong = [
        f"{name}: {ast.unparse(annotation)}"
        for node in ast.walk(ast.parse(path.read_text()))
        for name, annotation in annotated(node)
        if (TEXT.fullmatch(name) and "int" in types_in(annotation))
        or (NUMBER.fullmatch(name) and "str" in types_in(annotation))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_run_id_is_given_a_uid_nor_the_other_way_round(path: Path) -> None:
    wrong = [
        f"{name} = {ast.unparse(value)}"
        for node in ast.walk(ast.parse(path.read_text()))
        for name, value in given(node)
        if (TEXT.fullmatch(name) and NUMBER.fullmatch(last_name(value)))
        or (NUMBER.fullmatch(name) and TEXT.fullmatch(last_name(value)))
    ]
    assert wrong == []


def references(table: Any) -> list[Any]:
    """The columns of `table` that name a run by the server's number."""
    number = schema.run.c.id
    return [
        column for column in table.c if any(key.column is number for key in column.foreign_keys)
    ]


def test_a_column_that_refers_to_a_run_is_called_run_uid_and_only_the_text_run_id() -> None:
    tables = schema.metadata.tables.values()
    numbers = {f"{table.name}.{column.key}" for table in tables for column in references(table)}
    texts = [
        f"{table.name}.{column.key}"
        for table in tables
        for column in table.c
        if column.key == "run_id"
    ]
    assert len(numbers) == 9 and all(name.endswith(".run_uid") for name in numbers)
    assert texts == ["run.run_id"]


def test_the_database_calls_both_run_id_as_it_did_before() -> None:
    tables = schema.metadata.tables.values()
    assert {column.name for table in tables for column in references(table)} == {"run_id"}
    assert schema.run.c.run_id.name == "run_id"
