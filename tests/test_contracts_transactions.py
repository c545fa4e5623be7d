"""Every write takes a transaction of the writer, every read a connection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[1] / "server" / "lossboard_server"
WRITING = [path for part in ("writing", "background") for path in (SERVER / part).rglob("*.py")]
READING = sorted((SERVER / "queries").rglob("*.py"))
STATEMENTS = ("insert", "update", "delete", "upsert")
# The writer itself opens transactions and hands them out.
WRITER = SERVER / "writing" / "writer.py"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def statements_of(path: Path) -> set[str]:
    """What the file calls the statements that write: names from SQLAlchemy and `dialect.upsert`,
    and the names at its top that hold such a statement."""
    module = ast.parse(path.read_text())
    imported = (n for n in ast.walk(module) if isinstance(n, ast.ImportFrom))
    named = {a.asname or a.name for n in imported for a in n.names if a.name in STATEMENTS}
    made = {
        ast.unparse(node.targets[0])
        for node in module.body
        if isinstance(node, ast.Assign) and calls(node.value) & named
    }
    return named | made | {"dialect.upsert"}


def calls(node: ast.AST) -> set[str]:
    return {ast.unparse(n.func) for n in ast.walk(node) if isinstance(n, ast.Call)}


def uses(function: ast.AST) -> set[str]:
    """The functions that `function` calls, and the names that it uses."""
    return calls(function) | {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}


def types_taken(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The words in the annotations of its parameters, alone: no type of a function it is given."""
    given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    texts = [ast.unparse(one.annotation) for one in given if one.annotation]
    return {word for text in texts if "Callable" not in text for word in re.findall(r"\w+", text)}


def name_of(path: Path) -> str:
    return str(path.relative_to(SERVER))


@pytest.mark.parametrize("path", sorted(set(WRITING) - {WRITER}), ids=name_of)
def test_what_writes_takes_a_transaction_and_no_connection(path: Path) -> None:
    statements = statements_of(path)
    writing = [function for function in functions(path) if uses(function) & statements]
    bare = [one.name for one in writing if "Transaction" not in types_taken(one)]
    assert bare == []
    assert [one.name for one in writing if "Connection" in types_taken(one)] == []


@pytest.mark.parametrize("path", READING, ids=name_of)
def test_what_reads_takes_no_transaction(path: Path) -> None:
    assert [one.name for one in functions(path) if "Transaction" in types_taken(one)] == []


def test_the_writer_alone_makes_transactions() -> None:
    making = [
        path for path in SERVER.rglob("*.py") if "Transaction" in calls(ast.parse(path.read_text()))
    ]
    assert making == [WRITER]
